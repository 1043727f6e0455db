"""What is written into the ledger is read back as it was."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.aws.dynamodb.attempt_items import read_item, to_attempt, to_item
from relay.errors import UnexpectedError
from relay.model import Attempt, Held, Incoming, InferenceRequest, Job, Outcome
from relay.s3uri import S3Uri
from relay.submit.jobs import jobs
from relay.submit.output_locations import OutputLocations

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.samples import INPUT_FOLDERS, NOON, OUTPUTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=2_100)
BUCKETS = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]", fullmatch=True)
# At most 1,024 bytes of UTF-8.
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
NUMBERS = st.integers(-(2**53), 2**53)
TIMES = st.datetimes(timezones=st.just(NOON.tzinfo))
REQUESTS = st.builds(
    InferenceRequest,
    id=st.from_regex("[0-9a-f]{32}", fullmatch=True),
    location=st.none() | st.builds(S3Uri, BUCKETS, KEYS),
    version_id=st.none() | TEXTS,
    content_type=st.none() | TEXTS,
    accept=st.none() | TEXTS,
    custom_attributes=st.none() | TEXTS,
    ttl_seconds=st.none() | NUMBERS,
    timeout_seconds=st.none() | NUMBERS,
    requested_at=st.none() | TIMES,
    attempt=st.integers(1, 2**53),
    resubmission_of=st.none() | st.from_regex("[0-9a-f]{32}", fullmatch=True),
)


def read_back(attempt: Attempt) -> Attempt:
    return to_attempt(cast("Mapping[str, AttributeValueTypeDef]", to_item(attempt)))


@given(request=REQUESTS, mirror=st.booleans())
def test_the_attempt_of_any_request_is_read_back(request: InferenceRequest, mirror: bool) -> None:
    locations = OutputLocations(OUTPUTS, INPUT_FOLDERS, mirror=mirror)
    incoming = Incoming(samples.delivery(), (request,))

    (job,) = jobs([incoming], samples.submit_settings(), NOON, locations)

    assert isinstance(job, Job)
    assert read_back(job.attempt) == job.attempt


@given(
    outcome=st.sampled_from(Outcome),
    delivered=st.lists(TEXTS, max_size=3).map(tuple),
    missing=st.lists(TEXTS, max_size=3).map(tuple),
    routed_at=st.none() | TIMES,
)
def test_what_has_arrived_is_read_back(
    outcome: Outcome,
    delivered: tuple[str, ...],
    missing: tuple[str, ...],
    routed_at: datetime | None,
) -> None:
    held = Held(outcome, delivered, missing)
    attempt = samples.attempt(held=held, routed_at=routed_at, state=outcome.state)

    assert read_back(attempt) == attempt


@pytest.mark.parametrize(
    "attempt",
    [
        samples.attempt(custom_attributes="\ud800"),
        samples.attempt(ttl_seconds=(1, 2)),
    ],
)
def test_what_would_not_be_read_back_or_not_be_sent_is_not_written(attempt: Attempt) -> None:
    with pytest.raises(ValueError, match=r"not .*"):
        to_item(attempt)


def test_an_item_that_cannot_be_read_is_an_error_with_its_id_and_without_its_content() -> None:
    item = read_item(unreadable_item("f" * 32, request={"S": '{"secret'}))

    assert isinstance(item, UnexpectedError)
    assert str(item).startswith(f"item {'f' * 32} of the ledger cannot be read: JSONDecodeError at")
    assert "secret" not in str(item)


NO_TEXT: list[object] = [None, 7, True, [], {}]
NO_TIME: list[object] = [*NO_TEXT, "", "2026-11-20T12:00:00", "9999-12-31T23:59:59-14:00"]
ODD: dict[str, dict[str, list[object]]] = {
    "request": {
        "request_id": [*NO_TEXT, ""],
        "attempt": [None, "1", 1.0, True],
        "tracked": [None, "true", 1],
        "endpoint": NO_TEXT,
        "input_location": [7, "", "https://bucket/key"],
        "content_type": [7, {}],
        "resubmission_of": [7, {}],
        "ttl_seconds": ["60", 60.0],
        "requested_at": [7, "2026-11-20"],
    },
    "claim": {
        "claimed_by": NO_TEXT,
        "submitted_at": NO_TIME,
        "due_at": NO_TIME,
        "output_location": [7, []],
    },
    "held": {
        "outcome": [None, "open"],
        "delivered": [None, "team", [7]],
        "missing": [{"team": 1}],
    },
}


@pytest.mark.parametrize(
    ("attribute", "member", "value"),
    [
        (attribute, member, value)
        for attribute, members in ODD.items()
        for member, values in members.items()
        for value in values
    ],
)
def test_an_item_with_a_member_of_another_type_cannot_be_read(
    attribute: str, member: str, value: object
) -> None:
    item: dict[str, Any] = dict(to_item(samples.attempt(held=Held(Outcome.FAILED))))
    assert isinstance(read_item(item), Attempt)
    item[attribute] = {"S": json.dumps({**json.loads(item[attribute]["S"]), member: value})}

    assert isinstance(read_item(item), UnexpectedError)
