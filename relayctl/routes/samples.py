"""Results to try routes on: one of each outcome, and what else routes are likely to ask about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from relay.ids import request_id_of_upload
from relay.model import Attempt, Notification, Outcome
from relay.route.result import Result
from relay.s3uri import S3Uri

_ENDPOINT_ARN: Final = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"
_NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_INPUT: Final = S3Uri("relay-data", "inputs/orders/order-17.csv")
_ID: Final = request_id_of_upload(_INPUT.bucket, _INPUT.key, "", "00A1")

_ATTEMPT: Final = Attempt(
    id=_ID,
    request_id=_ID,
    number=1,
    claimed_by="message",
    endpoint="relay",
    submitted_at=_NOON,
    requested_at=_NOON - timedelta(seconds=3),
    due_at=_NOON + timedelta(hours=7),
    location=_INPUT,
    content_type="text/csv",
    custom_attributes="team=fraud",
    output_location=f"s3://relay-data/outputs/{_ID}.out",
)

_COMPLETED: Final = Notification(
    inference_id=_ID,
    outcome=Outcome.COMPLETED,
    endpoint="relay",
    location=_INPUT,
    content_type="text/csv",
    output_location=_ATTEMPT.output_location,
    output_content_type="application/json",
    received_at=_NOON + timedelta(seconds=3),
    finished_at=_NOON + timedelta(seconds=9),
)

_FAILED: Final = replace(
    _COMPLETED,
    outcome=Outcome.FAILED,
    output_location=None,
    output_content_type=None,
    failure_location=f"s3://relay-data/failures/{_ID}-error.out",
)


def _result(notification: Notification, attempt: Attempt | None = _ATTEMPT) -> Result:
    return Result(_ID, notification, attempt, _ENDPOINT_ARN, _NOON + timedelta(seconds=10))


def _failed(reason: str) -> Notification:
    return replace(_FAILED, failure_reason=reason)


def _own(outcome: Outcome, reason: str) -> Notification:
    """As the relay itself reports what SageMaker says nothing about."""
    return Notification(_ID, outcome, "relay", failure_reason=reason, from_relay=True)


SAMPLES: Final[Mapping[str, Result]] = {
    "completed": _result(_COMPLETED),
    "completed, with the model's answer": _result(
        replace(_COMPLETED, response_body=b'{"score": 0.81, "labels": ["fraud", "new"]}')
    ),
    "failed, refused by the model": _result(
        _failed("ClientError: Received client error (400) from model.")
    ),
    "failed, three times": _result(
        _failed("InternalServerError: Received server error (500) from model."),
        replace(_ATTEMPT, number=3),
    ),
    "completed, after a failure, by a resubmission": _result(
        _COMPLETED, replace(_ATTEMPT, resubmission_of="8f14e45fceea167a5a36dedd4bea2543")
    ),
    "rejected": _result(
        _own(Outcome.REJECTED, "input has 1,610,612,736 bytes and SageMaker accepts at most 1 GB")
    ),
    "expired": _result(
        _own(Outcome.EXPIRED, "attempt 1 had no notification, output or failure object")
    ),
    "submitted by another application": _result(_COMPLETED, None),
    "without an uploaded input": _result(
        replace(_COMPLETED, location=None, content_type=None),
        replace(_ATTEMPT, location=None, content_type=None, custom_attributes=None),
    ),
}
