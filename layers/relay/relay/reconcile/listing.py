"""The list of requests: which requests of a range of time are in which state.

The index of the ledger gives the attempts of an hour of submission, so a list reads the attempts
of its hours and no others. Hours follow one another; the requests of an hour are in the order in
which they are overdue. The late attempts, which the index has apart, come last.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Self

from relay.budget import Budget
from relay.model import Attempt, Due, RequestState
from relay.ports import Clock, DueLedger
from relay.reconcile.status import RequestStatus, complete, read_attempts
from relay.s3uri import S3Uri

USUAL_LIMIT = 100
# Attempts that are looked up at a time: a hundred in a call, ten calls side by side.
_CHUNK = 1_000
# What the look-ups of a chunk, and the response, may take.
LIST_SECONDS = 20
_HOUR = timedelta(hours=1)
_LAST_DAY = timedelta(days=1)
# No attempt is in the ledger for longer: 30 days after it is due, which a held result delays by up
# to 14, and some days until DynamoDB deletes it. Hours before that are not looked at.
_KEPT = timedelta(days=50)
_TOKEN = re.compile(r"(late|\d{4}-\d\d-\d\dT\d\d)/([0-9T:.-]+Z)/([0-9a-f]*)")


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a list: after an entry of an hour; None stands for the late attempts."""

    hour: datetime | None
    after: Due

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a position from its text. Raises ValueError."""
        if not (match := _TOKEN.fullmatch(text)):
            raise ValueError("not a position of a list")
        hour = None if match[1] == "late" else datetime.fromisoformat(f"{match[1]}:00Z")
        return cls(hour, Due.of(datetime.fromisoformat(match[2]), match[3]))

    def __str__(self) -> str:
        hour = "late" if self.hour is None else f"{self.hour:%Y-%m-%dT%H}"
        at = self.after.at.replace(tzinfo=None).isoformat(timespec="milliseconds")
        return f"{hour}/{at}Z/{self.after.id}"


_END = Position(None, Due(datetime.max.replace(microsecond=999_000, tzinfo=UTC)))


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Requests whose first attempt was submitted from `since` to before `until`.

    `until` is now by default, and `since` a day before. `prefix` begins the input location as an S3
    URI. `location` is the whole of it: then a sixteenth of the attempts is read. `reason` is a part
    of the reason, in any case. `limit` is the number of requests of a page, and `start` the
    position where it begins.
    """

    since: datetime | None = None
    until: datetime | None = None
    state: RequestState | None = None
    prefix: str = ""
    location: S3Uri | None = None
    reason: str = ""
    limit: int = USUAL_LIMIT
    start: Position | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """Part of a list. `next` is the position of the next part; None at the end of the list."""

    requests: tuple[RequestStatus, ...]
    next: Position | None

    def to_json(self) -> dict[str, object]:
        page: dict[str, object] = {"requests": [_to_json(each) for each in self.requests]}
        return page if self.next is None else {**page, "next": str(self.next)}


def list_page(query: ListQuery, ledger: DueLedger, clock: Clock, budget: Budget) -> ListPage:
    """Return the requests from the query's position on: `limit`, or those found in time.

    Raises:
        RelayError: the ledger cannot be read.
    """
    found: list[RequestStatus] = []
    for position, request in scan(query, ledger, clock.now()):
        if request is not None:
            found.append(request)
        if len(found) >= query.limit or budget.left() <= LIST_SECONDS:
            return ListPage(tuple(found), position)
    return ListPage(tuple(found), None)


def scan(
    query: ListQuery, ledger: DueLedger, now: datetime
) -> Iterator[tuple[Position, RequestStatus | None]]:
    """Yield each position of a list, with the request before it if the query selects it.

    Raises:
        RelayError: the ledger cannot be read.
    """
    end = query.until or now
    since = max(query.since or end - _LAST_DAY, now - _KEPT)
    odd: list[str] = []
    for start in _starts(since, end, query.start):
        odd.clear()
        entries = ledger.submitted(
            start.hour, start.after, lambda key, _: odd.append(key), query.location
        )
        while chunk := list(islice(entries, _CHUNK)):
            requests = _selected([entry.id for entry in chunk], query, since, end, ledger)
            for entry in chunk:
                yield Position(start.hour, entry), requests.get(entry.id)
        # Attempts whose entries cannot be read have no position: they are in the hour's last page.
        after = _END if start.hour is None else Position(start.hour + _HOUR, Due.of(since))
        yield from ((after, each) for each in _selected(odd, query, since, end, ledger).values())
        # Without requests too, so that a reader can stop between two hours.
        if start.hour is not None:
            yield after, None


def _starts(since: datetime, end: datetime, start: Position | None) -> Iterator[Position]:
    """Yield where to begin in each hour, and among the late attempts."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if start is not None:
        if start.hour is None:
            yield start
            return
        if start.hour < end:
            yield start
        hour = start.hour + _HOUR
    while hour < end:
        yield Position(hour, Due.of(since))
        hour += _HOUR
    yield Position(None, Due.of(since))


def _selected(
    ids: Sequence[str], query: ListQuery, since: datetime, end: datetime, ledger: DueLedger
) -> dict[str, RequestStatus]:
    """Return the requests that the query selects, by their ids, which are those of first attempts.

    An attempt that cannot be read stands for a request of its own, of an unknown input.
    """
    known = read_attempts(ids, ledger)
    firsts = (
        attempt
        for attempt in known.values()
        if isinstance(attempt, Attempt)
        and attempt.number == 1
        and since <= attempt.submitted_at < end
        and _location(attempt).startswith(query.prefix)
        and query.location in (None, attempt.location)
    )
    unreadable = [
        RequestStatus(key, (), unreadable=True)
        for key, attempt in known.items()
        if not isinstance(attempt, Attempt) and query.location is None
    ]
    return {
        request.request_id: request
        for request in [*complete(firsts, ledger), *unreadable]
        if query.state in (None, request.state)
        and query.reason.casefold() in (request.reason or "").casefold()
    }


def _location(attempt: Attempt) -> str:
    return "" if attempt.location is None else str(attempt.location)


def _to_json(request: RequestStatus) -> dict[str, object]:
    members: dict[str, object] = {"request_id": request.request_id, "state": request.state.value}
    if request.attempts:
        first, last = request.attempts[0], request.attempts[-1]
        members |= {
            "requested_at": first.requested_at and first.requested_at.isoformat(),
            "submitted_at": first.submitted_at.isoformat(),
            "routed_at": last.routed_at and last.routed_at.isoformat(),
            "attempts": last.number,
            "inference_id": last.id,
            "input_location": _location(first),
            "version_id": first.version_id,
            "etag": first.etag,
            "reason": request.reason,
            "delivered_by": list(last.delivered),
            "resubmission_of": request.resubmission_of,
            "resubmitted_as": request.resubmitted_as,
        }
    return {name: value for name, value in members.items() if value}
