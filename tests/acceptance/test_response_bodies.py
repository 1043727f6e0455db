"""Results with the model's answer, which the notifications carry where that is asked for."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.pipeline.ends import DeadLetters, Downstream
from tests.acceptance.pipeline.inputs import BAD, GOOD
from tests.acceptance.pipeline.tap import tapped
from tests.acceptance.plugin import Observe
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ANSWERS = "SUCCESS_NOTIFICATION_TOPIC,ERROR_NOTIFICATION_TOPIC"


@pytest.fixture(scope="module")
def including(target: Target) -> Iterator[Target]:
    """A stack whose notifications carry every answer; afterwards those of failures only."""
    assert target.updated(IncludeInferenceResponseIn=ANSWERS) == ("UPDATE_COMPLETE", [])
    yield target
    assert target.updated(IncludeInferenceResponseIn="ERROR_NOTIFICATION_TOPIC") == (
        "UPDATE_COMPLETE",
        [],
    )


@pytest.mark.assumption("response-body-encoding")
def test_a_result_has_the_answer_that_its_notification_carries(
    including: Target,
    s3: "S3Client",
    downstream: Downstream,
    dead_letters: DeadLetters,
    observe: Observe,
) -> None:
    parked = dead_letters.count()

    with tapped(including) as tap:
        good, bad = upload(s3, including, GOOD), upload(s3, including, BAD)
        completed, failed = downstream.result(good, seconds=30), downstream.result(bad, seconds=30)
        ids = [result.event["data"]["inference_id"] for result in (completed, failed)]
        encodings = [tap.about(inference_id).encoding for inference_id in ids]

    detail = f"of a success {encodings[0]}, of a failure {encodings[1]}"
    observe("response-body-encoding", held=encodings[0] == "BASE64", detail=detail)
    assert "body" in completed.event["data"]["output"]
    assert completed.event["data"]["outcome"] == "completed"
    assert "received" in completed.event["data"]["timing"]
    assert "client error (400)" in failed.event["data"]["failure"]["reason"]
    assert "body" in failed.event["data"]["failure"]
    assert len(downstream.all_results(good)) == len(downstream.all_results(bad)) == 1
    assert dead_letters.count() == parked


def upload(s3: "S3Client", target: Target, row: str) -> str:
    bucket, key = target.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=row.encode())
    return f"s3://{bucket}/{key}"
