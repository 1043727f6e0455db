"""A second stack beside the first: deployed, deleted, and deployed again under its name."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.inputs import GOOD
from tests.acceptance.pipeline import results_on
from tests.acceptance.plugin import Observe
from tests.acceptance.target import Target
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
def test_a_deleted_stack_is_deployed_again(
    target: Target, s3: "S3Client", name: str, observe: Observe
) -> None:
    target.deploy(name, {})
    kept = target.outputs_of(name)["DataBucketName"]
    assert inferred(target, s3, name) == "completed"

    target.delete(name)
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


def inferred(target: Target, s3: "S3Client", name: str) -> str:
    """The outcome of an upload to the stack of that name."""
    outputs = target.outputs_of(name)
    bucket, key = outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)

    def outcome() -> str | None:
        for event in results_on(target.client("sqs"), outputs["CompletedQueueUrl"]):
            if event["subject"] == f"s3://{bucket}/{key}":
                return str(event["data"]["outcome"])
        return None

    return target.eventually(outcome, 20, f"a result of {name}")
