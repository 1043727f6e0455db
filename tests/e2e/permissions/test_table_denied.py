"""A stack is created while the provision function may not use the ledger table."""

import copy
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.targets.target import Target, eventually
from tests.e2e.further_stack import FurtherStack, remove_bucket

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

_SECONDS = 120.0
_NAME = "relay-denied"
_SID = "ReadAndWriteRecords"
_SWEEP = json.dumps({"detail-type": "Scheduled Event"})


@pytest.fixture
def further(
    target: Target, cloudformation: "CloudFormationClient", s3: "S3Client"
) -> Iterator[FurtherStack]:
    further = FurtherStack(_NAME, cloudformation, s3)
    try:
        yield further
    finally:
        further.delete()
        remove_bucket(s3, f"{_NAME}-data-000000000000-us-east-1")
    assert _NAME not in endpoints(target)


def test_the_stack_is_created_when_the_permission_comes_after_all_tries_of_lambda(
    further: FurtherStack, target: Target
) -> None:
    template, statement = without_the_table(further.template)
    further.start(template, EndpointMode="create", EndpointName=_NAME)
    eventually(lambda: waiting(target), _SECONDS, "CloudFormation's request in the queue")
    assert further.status() == "CREATE_IN_PROGRESS"
    assert _NAME not in endpoints(target)

    grant(target, statement)

    function = further.function("Provision")
    invoke = target.client("lambda").invoke

    def ended() -> bool:
        invoke(FunctionName=function, Payload=_SWEEP)
        return further.status() != "CREATE_IN_PROGRESS"

    eventually(ended, _SECONDS, "the end of the creation", 1)
    assert further.status() == "CREATE_COMPLETE", further.reasons()
    assert _NAME in endpoints(target)


def without_the_table(template: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The template without the statement, and the statement."""
    changed = copy.deepcopy(template)
    policy = changed["Resources"]["ProvisionRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    (statement,) = (each for each in policy["Statement"] if each["Sid"] == _SID)
    policy["Statement"].remove(statement)
    return changed, statement


def grant(target: Target, statement: dict[str, Any]) -> None:
    table = f"arn:aws:dynamodb:us-east-1:000000000000:table/{resource(target, 'LedgerTable')}"
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": table}]}
    target.client("iam").put_role_policy(
        RoleName=resource(target, "ProvisionRole"),
        PolicyName="records",
        PolicyDocument=json.dumps(document),
    )


def waiting(target: Target) -> bool:
    """Whether Lambda has given the request up."""
    sqs = target.client("sqs")
    found = sqs.list_queues(QueueNamePrefix=f"{_NAME}-ProvisionDeadLetterQueue")
    if "QueueUrls" not in found:
        return False
    url, name = found["QueueUrls"][0], "ApproximateNumberOfMessages"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    return int(attributes[name]) > 0


def resource(target: Target, name: str) -> str:
    found = target.client("cloudformation").describe_stack_resource(
        StackName=_NAME, LogicalResourceId=name
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def endpoints(target: Target) -> list[str]:
    found = target.client("sagemaker").list_endpoints()["Endpoints"]
    return [each["EndpointName"] for each in found]
