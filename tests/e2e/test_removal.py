"""A stack is deleted and deployed again under its name, as docs/how-to/remove.md says.

The stack is one of its own, from the deployed template, and without an endpoint: uploads wait.
"""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.targets.target import eventually
from tests.e2e.further_stack import FurtherStack, remove_bucket

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_NAME = "relay-again"
_BUCKET = f"{_NAME}-data-000000000000-us-east-1"
_ELSEWHERE = f"{_NAME}-elsewhere"


@pytest.fixture
def again(once: FurtherStack) -> Iterator[FurtherStack]:
    """The stack, deployed once and deleted, and deleted after each test."""
    yield once
    once.delete()


@pytest.fixture(scope="module")
def once(cloudformation: "CloudFormationClient", s3: "S3Client") -> Iterator[FurtherStack]:
    """The stack, deployed once, with an object in its bucket, and deleted."""
    again = FurtherStack(_NAME, cloudformation, s3)
    try:
        assert again.deploy() == "CREATE_COMPLETE", again.reasons()
        s3.put_object(Bucket=_BUCKET, Key="outputs/kept", Body=b"kept")
        again.delete()
        yield again
    finally:
        again.delete()
        for bucket in (_BUCKET, _ELSEWHERE):
            remove_bucket(s3, bucket)


def test_the_bucket_of_a_deleted_stack_is_kept_with_its_objects(
    again: FurtherStack, s3: "S3Client"
) -> None:
    assert s3.get_object(Bucket=_BUCKET, Key="outputs/kept")["Body"].read() == b"kept"
    # It still notifies deleted queues, until another stack or an operator replaces this.
    kept = s3.get_bucket_notification_configuration(Bucket=_BUCKET)
    assert "QueueConfigurations" in kept and "LambdaFunctionConfigurations" in kept


def test_the_next_stack_of_that_name_is_refused_because_the_bucket_exists(
    again: FurtherStack,
) -> None:
    assert again.deploy() == "ROLLBACK_COMPLETE"

    assert f"'{_BUCKET}' already exists" in again.reasons()


def test_the_next_stack_takes_the_bucket_over_by_import(
    again: FurtherStack, s3: "S3Client", sqs: "SQSClient"
) -> None:
    assert again.adopt(_BUCKET) == "IMPORT_COMPLETE"

    assert again.deploy() == "UPDATE_COMPLETE", again.reasons()

    outputs = again.outputs()
    assert outputs["DataBucketName"] == _BUCKET
    assert s3.get_object(Bucket=_BUCKET, Key="outputs/kept")["Body"].read() == b"kept"
    _upload_arrives(s3, sqs, outputs)


def test_the_next_stack_may_have_a_bucket_of_another_name(
    again: FurtherStack, s3: "S3Client", sqs: "SQSClient"
) -> None:
    assert again.deploy(DataBucketName=_ELSEWHERE) == "CREATE_COMPLETE", again.reasons()

    outputs = again.outputs()
    assert outputs["DataBucketName"] == _ELSEWHERE
    _upload_arrives(s3, sqs, outputs)


def test_the_next_stack_creates_the_bucket_again_once_it_was_deleted(
    again: FurtherStack, s3: "S3Client", sqs: "SQSClient"
) -> None:
    remove_bucket(s3, _BUCKET)

    assert again.deploy() == "CREATE_COMPLETE", again.reasons()

    assert "Contents" not in s3.list_objects_v2(Bucket=_BUCKET)
    _upload_arrives(s3, sqs, again.outputs())


def _upload_arrives(s3: "S3Client", sqs: "SQSClient", outputs: dict[str, str]) -> None:
    """Assert that the queue of the stack receives the event of an upload."""
    s3.put_object(
        Bucket=outputs["DataBucketName"], Key=f"inputs/{uuid.uuid4().hex}.csv", Body=b"1,2"
    )

    def waiting() -> bool:
        found = sqs.get_queue_attributes(
            QueueUrl=outputs["SubmitQueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        names = {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}
        return any(int(value) for name, value in found.items() if name in names)

    eventually(waiting, 20, "an upload on the queue of submit")
