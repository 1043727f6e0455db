"""Direct calls of the reconcile function, and its schedule.

{"action": "reconcile"}                                    from the cursor to now
{"action": "reconcile", "from": "2026-11-01T00:00Z", "to": "2026-11-02T00:00Z"}
{"action": "status", "request_id": "…"}                    the relay's id, or the caller's own
{"action": "status", "input_location": "s3://bucket/inputs/a.csv", "since": "…", "next": "…"}
{"action": "status", "key": "inputs/a.csv"}                in the bucket of the inputs
{"action": "list", "since": "2026-11-01T00:00Z", "until": "2026-11-02T00:00Z", "state": "failed",
 "prefix": "s3://bucket/inputs/a/", "reason": "…", "limit": 100, "next": "…"}
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from relay.errors import UnreadableMessage
from relay.model import RequestState
from relay.reading import REFUSED_LOCATION, Reader
from relay.reconcile.listing import USUAL_LIMIT, ListQuery, Position
from relay.reconcile.status_of_input import InputQuestion
from relay.s3uri import S3Uri

_LARGEST_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Reconcile from the cursor to now."""


@dataclass(frozen=True, slots=True)
class Range:
    """Reconcile the attempts that were due in a range of time once more."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """Report the state of a request."""

    request_id: str


Question = StatusQuestion | InputQuestion | ListQuery
Action = Scheduled | Range | Question


def read_action(event: object, bucket: str) -> Action:
    """Read an event of the function. Raises UnreadableMessage with every problem.

    `bucket` is the bucket of a key without one.
    """
    reader = Reader(event)
    action = _action(reader, bucket)
    reader.check(UnreadableMessage)
    return action


def _action(reader: Reader, bucket: str) -> Action:
    if reader.optional_text("detail-type") == "Scheduled Event":
        return Scheduled()
    match reader.text("action"):
        case "status":
            return _status_question(reader, bucket)
        case "list":
            return _list_query(reader)
        case "reconcile":
            return _range(reader)
        case action if action:
            reader.refuse("action", f"is {action!r}; known are 'list', 'reconcile' and 'status'")
    return Scheduled()


def _only(reader: Reader, *members: str) -> None:
    """Refuse members that the call does not have: it would answer another question."""
    reader.only(("action", *members), lambda _: f"this call has {', '.join(members)}")


def _range(reader: Reader) -> Scheduled | Range:
    _only(reader, "from", "to")
    start, end = reader.optional_time("from"), reader.optional_time("to")
    if start and end:
        if start >= end:
            reader.refuse("from", "is not before to")
        return Range(start, end)
    if (start or end) and not reader.problems:
        reader.refuse("", "must have both 'from' and 'to', or neither")
    return Scheduled()


def _status_question(reader: Reader, bucket: str) -> Question:
    match [name for name in ("request_id", "input_location", "key") if name in reader]:
        case ["request_id"]:
            _only(reader, "request_id")
            return StatusQuestion(reader.text("request_id"))
        case ["input_location"]:
            return _input_question(reader, "input_location", S3Uri.parse)
        case ["key"]:
            return _input_question(reader, "key", partial(S3Uri, bucket))
    reader.refuse("", "must have one of 'request_id', 'input_location' and 'key'")
    return StatusQuestion("")


def _input_question(reader: Reader, name: str, parse: Callable[[str], S3Uri]) -> InputQuestion:
    _only(reader, name, "since", "next")
    text, location = reader.text(name), REFUSED_LOCATION
    try:
        location = parse(text)
    except ValueError as error:
        if text:
            reader.refuse(name, f"is {error}")
    return InputQuestion(location, reader.optional_time("since"), _start(reader))


def _list_query(reader: Reader) -> ListQuery:
    _only(reader, "since", "until", "state", "prefix", "reason", "limit", "next")
    since, until = reader.optional_time("since"), reader.optional_time("until")
    if since and until and since >= until:
        reader.refuse("since", "is not before until")
    limit = reader.optional_integer("limit")
    if limit is not None and not 1 <= limit <= _LARGEST_PAGE:
        reader.refuse("limit", f"is {limit}; it must be from 1 to {_LARGEST_PAGE:,}")
    return ListQuery(
        since=since,
        until=until,
        state=_state(reader),
        prefix=reader.optional_text("prefix") or "",
        reason=reader.optional_text("reason") or "",
        limit=limit or USUAL_LIMIT,
        start=_start(reader),
    )


def _state(reader: Reader) -> RequestState | None:
    known = [state.value for state in RequestState if state is not RequestState.UNKNOWN]
    state = reader.optional_text("state")
    if state and state not in known:
        reader.refuse("state", f"is {state!r}; known are {', '.join(known)}")
        return None
    return RequestState(state) if state else None


def _start(reader: Reader) -> Position | None:
    text = reader.optional_text("next")
    try:
        return Position.parse(text) if text else None
    except ValueError:
        reader.refuse("next", "is not from an earlier response")
        return None
