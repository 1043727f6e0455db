"""A second stack beside the first: they share nothing; it is deleted and deployed again."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.pipeline.ends import Downstream, results_on
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.plugin import Observe
from tests.acceptance.targets.target import Target
from tests.support.bucket_import import import_bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_OBJECTS = 2  # of an upload: its input and its output


@pytest.fixture
def name(target: Target) -> Iterator[str]:
    """Of a stack that is not there, and is not left behind either."""
    name = f"{target.stack_name}-second"
    yield name
    try:
        target.delete(name)
    except ClientError as error:
        assert "does not exist" in str(error)


@pytest.mark.assumption("retained-bucket-blocks", "retained-bucket-imported")
def test_a_second_stack_shares_nothing_with_the_first_and_is_deployed_again(
    target: Target, s3: "S3Client", name: str, downstream: Downstream, observe: Observe, key: str
) -> None:
    target.deploy(name, {})
    assert target.outputs_of(name)["EndpointName"] == name
    kept = target.outputs_of(name)["DataBucketName"]
    assert inferred(target, s3, name) == "completed"
    mine = f"s3://{target.outputs['DataBucketName']}/{key}"
    s3.put_object(Bucket=target.outputs["DataBucketName"], Key=key, Body=GOOD)
    assert len(downstream.all_results(mine)) == 1
    assert results_of(target, name) == []
    assert not [each for each in downstream.received() if kept in each.event["subject"]]

    target.delete(name)
    s3.put_object(Bucket=target.outputs["DataBucketName"], Key=f"{key}.later", Body=GOOD)
    assert downstream.result(f"{mine}.later").event["data"]["outcome"] == "completed"
    before = s3.list_objects_v2(Bucket=kept)["KeyCount"]
    refused = refusal(target, name)
    observe("retained-bucket-blocks", held=bool(refused), detail=refused[:300])
    if refused:
        target.delete(name)
        cloudformation = target.client("cloudformation")
        import_bucket(cloudformation, name, kept)
        cloudformation.get_waiter("stack_import_complete").wait(StackName=name)
        target.deploy(name, {})

    assert inferred(target, s3, name) == "completed"
    assert target.outputs_of(name)["DataBucketName"] == kept
    assert s3.list_objects_v2(Bucket=kept)["KeyCount"] == before + _OBJECTS


def refusal(target: Target, name: str) -> str:
    """Why the stack cannot be deployed beside the bucket that is left."""
    try:
        target.deploy(name, {})
    except RuntimeError as error:
        return str(error)
    return ""


def results_of(target: Target, name: str) -> list[dict[str, Any]]:
    """Takes the results that are on the queues of the stack of that name."""
    outputs, sqs = target.outputs_of(name), target.client("sqs")
    urls = (outputs["CompletedQueueUrl"], outputs["FailedQueueUrl"])
    return [event for url in urls for event in results_on(sqs, url)]


def inferred(target: Target, s3: "S3Client", name: str) -> str:
    """The outcome of an upload to the stack of that name."""
    outputs = target.outputs_of(name)
    bucket, key = outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)

    def outcome() -> str | None:
        for event in results_of(target, name):
            if event["subject"] == f"s3://{bucket}/{key}":
                return str(event["data"]["outcome"])
        return None

    return target.eventually(outcome, 20, f"a result of {name}")
