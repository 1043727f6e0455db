import json

from local.chaos.announcements import announced_key
from local.stack.settings import REPOSITORY

_EVENTS = REPOSITORY / "events" / "submit"


def _body(case: str) -> str:
    """What lies in the queue in the recorded event of that name."""
    event = json.loads((_EVENTS / f"{case}.json").read_text())
    body: str = event["Records"][0]["body"]
    return body


def test_the_key_is_the_one_that_was_uploaded_and_not_its_form_encoding() -> None:
    encoded = json.loads(_body("s3-via-sqs-special-characters"))
    encoded["Records"][0]["s3"]["object"]["key"] = "inputs/1%2B1%3D2%2C+row+1.csv"

    assert announced_key(json.dumps(encoded)) == "inputs/1+1=2, row 1.csv"


def test_the_test_event_announces_nothing() -> None:
    assert announced_key(_body("test-event-via-sqs")) is None
