"""One result of each outcome, as `docs/reference/result.md` shows them."""

import json
from datetime import timedelta
from typing import Any

from relay.events.sagemaker import own_notification, read_notification
from relay.ids import attempt_id, request_id_of_upload
from relay.model import Attempt, Notification, Outcome
from relay.route.result import Result
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, FAILURES, NOON, OUTPUTS, SERVER_ERROR, Json


def _tracked(key: str, number: int = 1, **changes: Any) -> Attempt:
    request_id = request_id_of_upload(BUCKET, key, "", "00A1")
    members = {
        "request_id": request_id,
        "number": number,
        "location": S3Uri(BUCKET, key),
        "version_id": None,
        "etag": "9b2cf535f27731c974343645a3985328",
        "custom_attributes": None,
        "output_location": f"{OUTPUTS}{attempt_id(request_id, number)}.out",
    }
    return samples.attempt(attempt_id(request_id, number), **{**members, **changes})


def _result(attempt: Attempt, notification: object, seconds: float) -> Json:
    """The result that is routed so many seconds after the attempt was submitted."""
    read = read_notification(notification, None)
    assert isinstance(read, Notification)
    routed_at = attempt.submitted_at + timedelta(seconds=seconds)
    arn = samples.route_settings().endpoint_arn
    document = Result(attempt.request_id, read, attempt, arn, routed_at).document()
    content: Json = json.loads(json.dumps(document))
    return content


def completed() -> Json:
    attempt = _tracked("inputs/orders/order-17.csv", custom_attributes="team=fraud")
    notification = samples.completed(
        attempt.id,
        requestParameters={"endpointName": "relay", "contentType": "text/csv"},
        responseParameters={
            "contentType": "application/json",
            "outputLocation": attempt.output_location,
        },
        responseBody={"content": "eyJzY29yZSI6MC44MX0=", "encoding": "BASE64"},
    )
    return _result(attempt, notification, 9.71)


def failed() -> Json:
    submitted_at = NOON + timedelta(minutes=2)
    attempt = _tracked("inputs/orders/order-18.csv", number=3, submitted_at=submitted_at)
    notification = samples.failed(
        attempt.id,
        SERVER_ERROR,
        receivedTime="2026-11-20T12:02:00.131Z",
        eventTime="2026-11-20T12:02:31.77Z",
        responseParameters={"failureLocation": f"{FAILURES}{attempt.id}-error.out"},
        responseBody={"content": "MemoryError: 4,096 rows do not fit"},
    )
    return _result(attempt, notification, 32.02)


def rejected() -> Json:
    attempt = _tracked("inputs/orders/order-19.parquet")
    reason = "input has 1,610,612,736 bytes and SageMaker accepts at most 1 GB"
    return _result(attempt, _own(attempt, Outcome.REJECTED, reason), 0.44)


def expired() -> Json:
    submitted_at = NOON + timedelta(hours=14, minutes=20)
    attempt = _tracked("inputs/orders/order-20.csv", number=3, submitted_at=submitted_at)
    reason = (
        "attempt 3 had no notification, output or failure object by 2026-11-21 09:20 UTC; check "
        "whether the endpoint had instances"
    )
    return _result(attempt, _own(attempt, Outcome.EXPIRED, reason), 25_385)


def _own(attempt: Attempt, outcome: Outcome, reason: str) -> object:
    return json.loads(own_notification(attempt.id, outcome, "relay", reason))
