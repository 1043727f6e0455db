"""Requests that a caller hands to the submit function, without a bucket event."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def submitted(target: Target, *requests: dict[str, object]) -> list[dict[str, Any]]:
    """What became of each request."""
    answers: list[dict[str, Any]] = target.call("SubmitFunctionName", {"requests": list(requests)})[
        "requests"
    ]
    return answers


def test_a_direct_call_has_its_result_and_a_repeat_is_a_duplicate(
    target: Target, s3: "S3Client", downstream: Downstream
) -> None:
    bucket, key = target.outputs["DataBucketName"], f"direct/{uuid.uuid4().hex}.csv"
    location, name = f"s3://{bucket}/inputs/{key}", uuid.uuid4().hex
    s3.put_object(Bucket=bucket, Key=f"inputs/{key}", Body=GOOD)
    downstream.result(location, seconds=15)  # of the upload itself
    request: dict[str, object] = {"input_location": location, "request_id": name}

    first, again = submitted(target, request), submitted(target, request)

    assert [each["status"] for each in (*first, *again)] == ["submitted", "duplicate"]
    request_id = first[0]["request_id"]
    target.eventually(
        lambda: request_id in [each.event["id"] for each in downstream.so_far(location)],
        15,
        "the result of the direct request",
    )
    assert len(downstream.all_results(location)) == 2
    status = target.call("ReconcileFunctionName", {"action": "status", "request_id": name})
    assert (status["request_id"], status["state"]) == (request_id, "completed")


def test_a_resubmission_has_a_result_that_names_the_request_before(
    target: Target, s3: "S3Client", downstream: Downstream
) -> None:
    bucket, key = target.outputs["DataBucketName"], f"again/{uuid.uuid4().hex}.csv"
    location = f"s3://{bucket}/inputs/{key}"
    s3.put_object(Bucket=bucket, Key=f"inputs/{key}", Body=GOOD)
    first = downstream.result(location, seconds=15).event["id"]

    (answer,) = submitted(target, {"resubmission_of": first})
    (repeated,) = submitted(target, {"resubmission_of": first})

    assert (answer["status"], repeated["status"]) == ("submitted", "duplicate")
    message = target.eventually(
        lambda: next(
            (m for m in downstream.so_far(location) if m.event["id"] == answer["request_id"]), None
        ),
        15,
        "the result of the resubmission",
    )
    assert message.event["data"]["resubmission_of"] == first
    assert message.event["data"]["input"]["location"] == location


@pytest.mark.assumption("inline-body")
def test_a_direct_call_with_an_inline_body_has_its_result(
    target: Target, downstream: Downstream
) -> None:
    request: dict[str, object] = {
        "body": GOOD,
        "content_type": "text/csv",
        "custom_attributes": "team=inline",
    }

    (answer,) = submitted(target, request)

    assert answer["status"] == "submitted"
    message = target.eventually(
        lambda: next(
            (m for m in downstream.received() if m.event["id"] == answer["request_id"]), None
        ),
        15,
        "the result of the inline request",
    )
    assert message.event["data"]["outcome"] == "completed", message.event["data"]
    assert message.event["data"]["custom_attributes"] == "team=inline"


def test_a_direct_request_that_sagemaker_could_never_take_is_rejected_with_the_reason(
    target: Target,
) -> None:
    (answer,) = submitted(target, {"input_location": "s3://elsewhere/row.csv", "ttl_seconds": 1})

    assert answer["status"] == "rejected"
    assert "ttl_seconds" in answer["reason"]
