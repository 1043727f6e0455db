"""`sam` deploys, updates and deletes a stack with the policies of docs/how-to/deploy.md alone.

MiniStack asks for the permissions of each call of `sam`. Its CloudFormation makes resources without
asking; tests/template/deployer/test_deployer.py looks at what AWS's would ask for.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.stack.deployment import ARTIFACT_BUCKET
from local.stack.settings import REGION, STACK_NAME
from tests.acceptance.targets.local_target import LocalTarget
from tests.acceptance.targets.sam import Sam
from tests.acceptance.targets.target import eventually
from tests.e2e.further_stack import remove_bucket
from tests.support.stack import RunningStack
from tests.template.deployer.policy import document, replaced

_NAME, _ACCOUNT = "relay-deployed", "000000000000"
_BUCKET = f"{_NAME}-data-{_ACCOUNT}-{REGION}"
_WORDS = {
    "PARTITION": "aws",
    "REGION": REGION,
    "ACCOUNT": _ACCOUNT,
    "DATA-BUCKET": _BUCKET,
    "ARTIFACT-BUCKET": ARTIFACT_BUCKET,
    "STACK": _NAME,
}
_SECONDS = 180


class Deployer:
    """A user with the two policies, who runs `sam`."""

    def __init__(self, stack: RunningStack, target: LocalTarget) -> None:
        self._stack, self._iam = stack, target.client("iam")
        self._iam.create_user(UserName="deployer")
        for part in ("data", "functions"):
            policy = replaced(document(part), _WORDS)
            made = self._iam.create_policy(
                PolicyName=f"deployer-{part}", PolicyDocument=json.dumps(policy)
            )
            self._iam.attach_user_policy(UserName="deployer", PolicyArn=made["Policy"]["Arn"])
        key = self._iam.create_access_key(UserName="deployer")["AccessKey"]
        self._own = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        with stack.variables():
            self._environment = {**os.environ, **self._own}

    def client(self, service: str) -> Any:
        with self._stack.variables():
            key, secret = self._own.values()
            session = boto3.Session(key, secret, region_name=REGION)
            return session.client(service)  # type: ignore[call-overload]

    def deploy(self, name: str, **parameters: str) -> None:
        sam = Sam(self._stack.directory / name, self._environment, ("--region", REGION))
        template = self._stack.settings.sam_directory / "build" / "template.yaml"
        given = {"EndpointMode": "none", "EndpointName": "absent", **parameters}
        sam.deploy(template, name, ARTIFACT_BUCKET, given, _SECONDS)


@pytest.fixture(scope="module")
def deployer(stack: RunningStack, local_target: LocalTarget) -> Iterator[Deployer]:
    try:
        yield Deployer(stack, local_target)
    finally:
        local_target.client("cloudformation").delete_stack(StackName=_NAME)
        remove_bucket(local_target.client("s3"), _BUCKET)


def status(deployer: Deployer) -> str:
    try:
        found = deployer.client("cloudformation").describe_stacks(StackName=_NAME)["Stacks"]
    except ClientError as error:
        assert "does not exist" in str(error)
        return "gone"
    return str(found[0]["StackStatus"])


def test_a_stack_is_created_updated_and_deleted(deployer: Deployer) -> None:
    deployer.deploy(_NAME)
    assert status(deployer) == "CREATE_COMPLETE"

    deployer.deploy(_NAME, CreateTopicKey="false")
    assert status(deployer) == "UPDATE_COMPLETE"

    deployer.client("cloudformation").delete_stack(StackName=_NAME)
    eventually(
        lambda: status(deployer) in ("gone", "DELETE_COMPLETE"), _SECONDS, "the end of the stack"
    )


def test_another_stack_is_neither_changed_nor_read(deployer: Deployer) -> None:
    cloudformation = deployer.client("cloudformation")

    with pytest.raises(RuntimeError, match="not authorized to perform: cloudformation:"):
        deployer.deploy(f"another-{_NAME}")
    for call in cloudformation.describe_stacks, cloudformation.delete_stack:
        with pytest.raises(ClientError, match="not authorized"):
            call(StackName=STACK_NAME)
    with pytest.raises(ClientError, match=r"Forbidden|AccessDenied|not authorized"):
        deployer.client("s3").list_objects_v2(Bucket=ARTIFACT_BUCKET)
