"""docs/result.md shows what the code makes, and explains all of it."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from relay.ids import attempt_id, request_id_of_upload
from relay.model import Attempt, Notification, Outcome
from relay.notifications import own_notification, read_notification
from relay.result import Result
from relay.s3uri import S3Uri

from tests import result_schema, samples
from tests.samples import BUCKET, FAILURES, NOON, OUTPUTS, SERVER_ERROR, Json

DOCUMENT = Path(__file__).parents[3] / "docs" / "result.md"
TEXT = DOCUMENT.read_text()
EXAMPLES: dict[str, Json] = {
    name: json.loads(example)
    for name, example in re.findall(r"^<!-- (\w+) -->\n```json\n(.*?)```$", TEXT, re.M | re.S)
}

MEMBERS = result_schema.members_of_schema()


def tracked(key: str, number: int = 1, **changes: Any) -> Attempt:
    request_id = request_id_of_upload(BUCKET, key, "", "00A1")
    members = {
        "request_id": request_id,
        "number": number,
        "location": S3Uri(BUCKET, key),
        "version_id": None,
        "custom_attributes": None,
        "output_location": f"{OUTPUTS}orders/{attempt_id(request_id, number)}.out",
    }
    return samples.attempt(attempt_id(request_id, number), **{**members, **changes})


def result(attempt: Attempt, notification: object, seconds: float) -> Json:
    """The result that is routed so many seconds after the attempt was submitted."""
    read = read_notification(notification, None)
    assert isinstance(read, Notification)
    routed_at = attempt.submitted_at + timedelta(seconds=seconds)
    arn = samples.route_settings().endpoint_arn
    document = Result(attempt.request_id, read, attempt, arn, routed_at).document()
    content: Json = json.loads(json.dumps(document))
    return content


def completed() -> Json:
    attempt = tracked("inputs/orders/order-17.csv", custom_attributes="team=fraud")
    notification = samples.completed(
        attempt.id,
        requestParameters={"endpointName": "relay", "contentType": "text/csv"},
        responseParameters={
            "contentType": "application/json",
            "outputLocation": attempt.output_location,
        },
        responseBody={"content": "eyJzY29yZSI6MC44MX0=", "encoding": "BASE64"},
    )
    return result(attempt, notification, 9.71)


def failed() -> Json:
    submitted_at = NOON + timedelta(minutes=2)
    attempt = tracked("inputs/orders/order-18.csv", number=3, submitted_at=submitted_at)
    notification = samples.failed(
        attempt.id,
        SERVER_ERROR,
        receivedTime="2026-11-20T12:02:00.131Z",
        eventTime="2026-11-20T12:02:31.77Z",
        responseParameters={"failureLocation": f"{FAILURES}{attempt.id}-error.out"},
        responseBody={"content": "ValueError: the model has 30 features, the input 7"},
    )
    return result(attempt, notification, 32.02)


def rejected() -> Json:
    attempt = tracked("inputs/orders/order-19.parquet")
    reason = "its input has 1,610,612,736 bytes and SageMaker takes at most 1 GB"
    return result(attempt, own(attempt, Outcome.REJECTED, reason), 0.44)


def expired() -> Json:
    submitted_at = NOON + timedelta(hours=14, minutes=20)
    attempt = tracked("inputs/orders/order-20.csv", number=3, submitted_at=submitted_at)
    reason = (
        "nothing was heard of attempt 3 by 2026-11-21 09:20 UTC and it left neither output nor "
        "failure object; see whether the endpoint had instances"
    )
    return result(attempt, own(attempt, Outcome.EXPIRED, reason), 25_385)


def own(attempt: Attempt, outcome: Outcome, reason: str) -> object:
    return json.loads(own_notification(attempt.id, outcome, "relay", reason))


@pytest.mark.parametrize("outcome", Outcome)
def test_the_example_of_an_outcome_is_what_the_code_makes(outcome: Outcome) -> None:
    made = {make.__name__: make for make in (completed, failed, rejected, expired)}[outcome]()

    assert EXAMPLES[outcome] == made, json.dumps(made, indent=2)
    assert made["data"]["outcome"] == outcome.value
    assert result_schema.problems(made) == []


def test_every_member_has_its_line() -> None:
    section = TEXT.partition("## Every member")[2].partition("## What you may rely on")[0]
    lines = set(re.findall(r"^\| `([a-z_.]+)` \|", section, re.M))

    # Both bodies are told as one; an object that has members is told by them.
    told = {line.removeprefix("data.").replace("failure.body", "output.body") for line in MEMBERS}
    objects = {line for line in told if any(other.startswith(f"{line}.") for other in told)}
    assert lines <= told
    assert told - objects - {"data"} <= lines


def test_it_names_the_version_of_the_contract() -> None:
    assert result_schema.published()["$id"] in TEXT
