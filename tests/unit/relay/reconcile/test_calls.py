"""What reconcile can be asked to do, and what it says of other events."""

from datetime import UTC, datetime

import pytest
from relay.errors import UnreadableMessage
from relay.model import RequestState
from relay.reconcile.calls import Range, Scheduled, StatusQuestion, read_action
from relay.reconcile.listing import ListQuery, Position
from relay.reconcile.status_of_input import InputQuestion
from relay.s3uri import S3Uri

from tests.support.samples import BUCKET, Json


@pytest.mark.parametrize("event", [{"detail-type": "Scheduled Event"}, {"action": "reconcile"}])
def test_the_schedule_and_a_call_reconcile_from_the_cursor(event: object) -> None:
    assert read_action(event, BUCKET) == Scheduled()


def test_a_call_may_name_a_range() -> None:
    call = {"action": "reconcile", "from": "2026-11-01T00:00Z", "to": "2026-11-02T00:00:00+01:00"}

    assert read_action(call, BUCKET) == Range(
        datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, 23, tzinfo=UTC)
    )


def test_a_call_may_ask_for_the_state_of_a_request() -> None:
    call = {"action": "status", "request_id": "order-17"}

    assert read_action(call, BUCKET) == StatusQuestion("order-17")


@pytest.mark.parametrize(
    "place", [{"key": "inputs/a b.csv"}, {"input_location": f"s3://{BUCKET}/inputs/a b.csv"}]
)
def test_a_call_may_ask_for_the_state_of_an_input(place: Json) -> None:
    location = S3Uri(BUCKET, "inputs/a b.csv")
    more = {"since": "2026-11-20T12:00Z", "next": "late/2026-11-20T19:00:00.000Z/aa"}

    assert read_action({"action": "status", **place}, BUCKET) == InputQuestion(location)
    assert read_action({"action": "status", **place, **more}, BUCKET) == InputQuestion(
        location,
        since=datetime(2026, 11, 20, 12, tzinfo=UTC),
        start=Position.parse("late/2026-11-20T19:00:00.000Z/aa"),
    )


def test_a_call_may_list_requests() -> None:
    everything = {
        "action": "list",
        "since": "2026-11-20T12:00Z",
        "until": "2026-11-20T13:00Z",
        "state": "failed",
        "prefix": "s3://bucket/inputs/",
        "reason": "timeout",
        "limit": 1000,
        "next": "2026-11-20T12/2026-11-20T19:00:00.000Z/aa",
    }

    assert read_action({"action": "list"}, BUCKET) == ListQuery()
    assert read_action(everything, BUCKET) == ListQuery(
        since=datetime(2026, 11, 20, 12, tzinfo=UTC),
        until=datetime(2026, 11, 20, 13, tzinfo=UTC),
        state=RequestState.FAILED,
        prefix="s3://bucket/inputs/",
        reason="timeout",
        limit=1000,
        start=Position.parse("2026-11-20T12/2026-11-20T19:00:00.000Z/aa"),
    )


@pytest.mark.parametrize(
    ("event", "problems"),
    [
        ([], "the message must be a JSON object, not a list; action is missing"),
        ({}, "action is missing"),
        ({"action": "explode"}, "action is 'explode'; known are 'list', 'reconcile' and 'status'"),
        (
            {"action": "status"},
            "the message must have one of 'request_id', 'input_location' and 'key'",
        ),
        (
            {"action": "status", "key": "a", "request_id": "a"},
            "the message must have one of 'request_id', 'input_location' and 'key'",
        ),
        ({"action": "status", "key": 5}, "key must be a string, not a number"),
        ({"action": "status", "key": ""}, "key is missing"),
        ({"action": "status", "input_location": ""}, "input_location is missing"),
        ({"action": "status", "input_location": None}, "input_location is missing"),
        (
            {"action": "status", "request_id": "a", "since": "2026-11-20"},
            "since is not known; this call has request_id",
        ),
        (
            {"action": "status", "key": "a", "until": "2026-11-20", "state": "failed"},
            "until is not known; this call has key, since, next; "
            "state is not known; this call has key, since, next",
        ),
        (
            {"action": "status", "input_location": f"s3://{BUCKET}/a", "limit": 5},
            "limit is not known; this call has input_location, since, next",
        ),
        (
            {"action": "list", "from": "2026-11-20"},
            "from is not known; this call has since, until, state, prefix, reason, limit, next",
        ),
        (
            {"action": "reconcile", "since": "2026-11-20"},
            "since is not known; this call has from, to",
        ),
        (
            {"action": "status", "key": "x" * 1_025},
            "key is not an S3 location: its key has 1,025 bytes; S3 accepts at most 1,024",
        ),
        (
            {"action": "status", "input_location": "inputs/a.csv", "next": "2"},
            "input_location is not an S3 location: 'inputs/a.csv'; "
            "next is not from an earlier response",
        ),
        ({"action": "status", "request_id": 5}, "request_id must be a string, not a number"),
        (
            {"action": "reconcile", "from": "2026-11-01"},
            "the message must have both 'from' and 'to', or neither",
        ),
        (
            {"action": "reconcile", "from": "yesterday", "to": "2026-11-01"},
            "from must be a time in ISO 8601",
        ),
        (
            {"action": "reconcile", "from": "yesterday", "to": 5},
            "from must be a time in ISO 8601; to must be a string, not a number",
        ),
        *(
            ({"action": "reconcile", "from": "2026-11-02", "to": to}, "from is not before to")
            for to in ("2026-11-01", "2026-11-02")
        ),
        (
            {"action": "list", "since": "2026-11-02", "until": "2026-11-01", "limit": 0},
            "since is not before until; limit is 0; it must be from 1 to 1,000",
        ),
        (
            {"action": "list", "limit": 1001, "state": "lost", "next": "page 2"},
            "limit is 1001; it must be from 1 to 1,000; state is 'lost'; known are unreadable, "
            "submitted, retrying, held, completed, failed, expired, rejected; "
            "next is not from an earlier response",
        ),
    ],
)
def test_every_problem_of_a_call_is_in_one_error(event: object, problems: str) -> None:
    with pytest.raises(UnreadableMessage) as raised:
        read_action(event, BUCKET)

    assert str(raised.value) == problems
