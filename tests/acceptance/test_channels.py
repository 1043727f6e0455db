"""Results without notifications, and by one topic for both kinds."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.inputs import BAD, GOOD
from tests.acceptance.pipeline import DeadLetters, Downstream
from tests.acceptance.plugin import Observe
from tests.acceptance.tap import tapped
from tests.acceptance.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BOTH = {
    "NotificationTopics": "both",
    "ResultObjectEvents": "false",
    "IncludeInferenceResponseIn": "",
}
ANSWERS = "SUCCESS_NOTIFICATION_TOPIC,ERROR_NOTIFICATION_TOPIC"


@pytest.fixture(scope="module")
def channels(target: Target) -> Iterator[Target]:
    """For tests that change the channels; afterwards they are as they were."""
    yield target
    assert target.updated(**BOTH) == ("UPDATE_COMPLETE", [])


def test_without_topics_s3_tells_of_outputs(
    channels: Target, s3: "S3Client", downstream: Downstream
) -> None:
    changed = channels.updated(NotificationTopics="none", ResultObjectEvents="true")
    assert changed == ("UPDATE_COMPLETE", [])

    subject = upload(s3, channels, GOOD)

    data = downstream.result(subject, seconds=30).event["data"]
    assert (data["outcome"], data["tracked"]) == ("completed", True)
    assert "received" not in data["timing"]
    bucket, _, key = data["output"]["location"].removeprefix("s3://").partition("/")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.mark.assumption("response-body-encoding")
def test_one_topic_tells_of_both_kinds_and_objects_double_nothing(
    channels: Target,
    s3: "S3Client",
    downstream: Downstream,
    dead_letters: DeadLetters,
    observe: Observe,
) -> None:
    changed = channels.updated(
        NotificationTopics="one", ResultObjectEvents="true", IncludeInferenceResponseIn=ANSWERS
    )
    assert changed == ("UPDATE_COMPLETE", [])
    parked = dead_letters.count()

    with tapped(channels) as tap:
        good, bad = upload(s3, channels, GOOD), upload(s3, channels, BAD)
        completed, failed = downstream.result(good, seconds=30), downstream.result(bad, seconds=30)
        ids = [result.event["data"]["inference_id"] for result in (completed, failed)]
        encodings = [tap.about(inference_id).encoding for inference_id in ids]

    detail = f"of a success {encodings[0]}, of a failure {encodings[1]}"
    observe("response-body-encoding", held=encodings[0] == "BASE64", detail=detail)
    assert "body" in completed.event["data"]["output"]
    assert completed.event["data"]["outcome"] == "completed"
    assert "received" in completed.event["data"]["timing"]
    assert "client error (400)" in failed.event["data"]["failure"]["reason"]
    assert len(downstream.all_results(good)) == len(downstream.all_results(bad)) == 1
    assert dead_letters.count() == parked


def upload(s3: "S3Client", target: Target, row: str) -> str:
    bucket, key = target.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=row.encode())
    return f"s3://{bucket}/{key}"
