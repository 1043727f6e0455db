"""Results without notifications, and by one topic for both kinds."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.model.data import held_out_rows
from tests.e2e.pipeline import DeadLetters, Downstream
from tests.e2e.updates import updated
from tests.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

GOOD, BAD = held_out_rows()[0].to_csv(), "not,a,number"
BOTH = {"NotificationTopics": "both", "ResultObjectEvents": "false"}


@pytest.fixture(scope="module")
def channels(cloudformation: "CloudFormationClient") -> Iterator["CloudFormationClient"]:
    """For tests that change the channels; afterwards they are as they were."""
    yield cloudformation
    assert updated(cloudformation, **BOTH) == ("UPDATE_COMPLETE", [])


def test_without_topics_s3_tells_of_outputs(
    stack: RunningStack, channels: "CloudFormationClient", s3: "S3Client", downstream: Downstream
) -> None:
    changed = updated(channels, NotificationTopics="none", ResultObjectEvents="true")
    assert changed == ("UPDATE_COMPLETE", [])

    subject = upload(s3, stack, GOOD)

    data = downstream.result(subject, seconds=30).event["data"]
    assert (data["outcome"], data["tracked"]) == ("completed", True)
    assert "received" not in data["timing"]
    bucket, _, key = data["output"]["location"].removeprefix("s3://").partition("/")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_one_topic_tells_of_both_kinds_and_objects_double_nothing(
    stack: RunningStack,
    channels: "CloudFormationClient",
    s3: "S3Client",
    downstream: Downstream,
    dead_letters: DeadLetters,
) -> None:
    changed = updated(channels, NotificationTopics="one", ResultObjectEvents="true")
    assert changed == ("UPDATE_COMPLETE", [])
    parked = dead_letters.count()

    good, bad = upload(s3, stack, GOOD), upload(s3, stack, BAD)

    completed, failed = downstream.result(good, seconds=30), downstream.result(bad, seconds=30)
    assert completed.event["data"]["outcome"] == "completed"
    assert "received" in completed.event["data"]["timing"]
    assert "client error (400)" in failed.event["data"]["failure"]["reason"]
    assert len(downstream.all_results(good)) == len(downstream.all_results(bad)) == 1
    assert dead_letters.count() == parked


def upload(s3: "S3Client", stack: RunningStack, row: str) -> str:
    bucket, key = stack.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=row.encode())
    return f"s3://{bucket}/{key}"
