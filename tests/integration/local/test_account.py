"""The template's resources on the local stack, with and without what an account asks for.

The functions' code and the custom resources are left out, so that the stack deploys in seconds.
"""

import copy
import json
from typing import Any

import boto3

from tests.support.emulator.stack import eventually
from tests.template.template import transformed

GIVEN = {
    "DataBucketVersioning": "Enabled",
    "AccessLogBucketName": "access-logs",
    "SubnetIds": "subnet-0a1b,subnet-0c1d",
    "SecurityGroupIds": "sg-0a1b",
    "LedgerDeletionProtection": "true",
    "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess",
}


def without_code() -> dict[str, Any]:
    template = copy.deepcopy(transformed())
    kinds = ("Custom::", "AWS::Lambda::LayerVersion", "AWS::CloudWatch::Alarm")
    left_out = {n for n, each in template["Resources"].items() if each["Type"].startswith(kinds)}
    kept = {n: each for n, each in template["Resources"].items() if n not in left_out}
    for each in kept.values():
        waits_for = each.pop("DependsOn", [])
        waits_for = [waits_for] if isinstance(waits_for, str) else waits_for
        each["DependsOn"] = [name for name in waits_for if name not in left_out]
        if each["Type"] == "AWS::Lambda::Function":
            del each["Properties"]["Layers"]
            each["Properties"]["Code"] = {"ZipFile": "def handler(*_): pass"}
    return {"Resources": kept, **{n: template[n] for n in ("Parameters", "Conditions")}}


class Stack:
    def __init__(self, session: tuple[boto3.Session, str], name: str) -> None:
        self._session = session
        self.name = name

    def client(self, service: str) -> Any:
        boto, url = self._session
        return boto.client(service, endpoint_url=url)  # type: ignore[call-overload]

    def deploy(self, **parameters: str) -> dict[str, str]:
        """The physical ids of the stack's resources, once it is created."""
        cloudformation, s3 = self.client("cloudformation"), self.client("s3")
        # Too long for a call.
        s3.create_bucket(Bucket="templates")
        s3.put_object(
            Bucket="templates", Key="template.json", Body=json.dumps(without_code()).encode()
        )
        cloudformation.create_stack(
            StackName=self.name,
            TemplateURL="https://s3.us-east-1.amazonaws.com/templates/template.json",
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )

        def status() -> str:
            found = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
            return "" if found.endswith("_IN_PROGRESS") else str(found)

        ended = eventually(status, f"{self.name} comes to rest", 60)
        assert ended == "CREATE_COMPLETE", [
            (each["LogicalResourceId"], each.get("ResourceStatusReason"))
            for each in cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
            if "FAILED" in each["ResourceStatus"]
        ]
        found = cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


def test_a_stack_deploys_with_all_that_an_account_asks_for(
    session: tuple[boto3.Session, str],
) -> None:
    stack = Stack(session, "constrained")
    stack.client("s3").create_bucket(Bucket="access-logs")
    key = stack.client("kms").create_key()["KeyMetadata"]["Arn"]

    found = seen(stack, stack.deploy(KmsKeyArn=key, **GIVEN))

    (policy,) = found.pop("policies")
    assert "FunctionPolicy" in policy["PolicyName"]
    assert found == {
        "queue": (key, None),
        "logs": key,
        "versions": "Enabled",
        "protected": True,
    }


def test_a_stack_deploys_with_none_of_it(session: tuple[boto3.Session, str]) -> None:
    stack = Stack(session, "plain")

    found = seen(stack, stack.deploy())

    assert found == {
        "queue": (None, "true"),
        "logs": None,
        "versions": None,
        "protected": False,
        "policies": [],
    }


def seen(stack: Stack, ids: dict[str, str]) -> dict[str, Any]:
    """As far as the local stack's CloudFormation passes properties on."""
    queue = stack.client("sqs").get_queue_attributes(
        QueueUrl=ids["SubmitQueue"], AttributeNames=["All"]
    )["Attributes"]
    table = stack.client("dynamodb").describe_table(TableName=ids["LedgerTable"])["Table"]
    group = stack.client("logs").describe_log_groups(logGroupNamePrefix=ids["SubmitLogGroup"])
    attached = stack.client("iam").list_attached_role_policies(RoleName=ids["SubmitRole"])
    versioning = stack.client("s3").get_bucket_versioning(Bucket=ids["DataBucket"])
    return {
        "queue": (queue.get("KmsMasterKeyId"), queue.get("SqsManagedSseEnabled")),
        "logs": group["logGroups"][0].get("kmsKeyId"),
        "versions": versioning.get("Status"),
        "protected": table["DeletionProtectionEnabled"],
        "policies": attached["AttachedPolicies"],
    }
