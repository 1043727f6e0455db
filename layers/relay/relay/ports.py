"""What the use cases need from the world.

The adapters in `relay.aws` fill it in, and so do the fakes in tests.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from relay.errors import RelayError, UnexpectedError
from relay.model import (
    Attempt,
    Closing,
    Delivery,
    Due,
    Holding,
    InferenceRequest,
    OutgoingMessage,
)
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from relay.delivery.report import Report
    from relay.routes.compiled import Routes


class Clock(Protocol):
    """Returns the current time in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Submission:
    """A request on its way to the endpoint, with the attempt that was claimed for it.

    `extension` is the S3OutputPathExtension to ask for; empty for none.
    """

    request: InferenceRequest
    attempt: Attempt
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The endpoint took the request and will write its output here.

    `left_out` are the members of InvokeEndpointAsync that it refused, and took the request without.
    """

    output_location: str | None
    left_out: frozenset[str] = frozenset()


class Endpoint(Protocol):
    """The asynchronous endpoint."""

    def invoke(self, submissions: Sequence[Submission]) -> Mapping[str, Accepted | RelayError]:
        """Submit all of them, several at a time, and return an answer for each, by attempt id.

        A PermanentError means that the request can never work; a TransientError, that it may later.
        After an Unanswered the request may be in inference; after any other error it is not.
        """
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """The answer to a claim. An attempt in neither mapping is now ours.

    An existing item that was not read is in `unavailable`, with an error as of `look_up`.
    """

    existing: Mapping[str, Attempt]
    unavailable: Mapping[str, RelayError]


class AttemptReader(Protocol):
    """Reads attempts."""

    def look_up(self, ids: Collection[str]) -> Mapping[str, Attempt | RelayError]:
        """Return the attempts that exist, read consistently, by id.

        An UnexpectedError stands for an item that cannot be read, a NewerFormat for one that later
        code has written, and any other error for an id that was not looked up.
        """
        ...


class Ledger(AttemptReader, Protocol):
    """Knows every attempt. Writes tell failures for each attempt, by id; the rest succeeded."""

    def claim(self, attempts: Sequence[Attempt]) -> Claims:
        """Insert attempts that are not there yet. Ids must differ."""
        ...

    def renew(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        """Write the claimant, the times and the output location of open attempts again."""
        ...

    def release(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        """Delete attempts that are still open and that no other delivery has claimed."""
        ...

    def close(self, closings: Sequence[Closing]) -> Mapping[str, RelayError]:
        """Give open attempts their terminal state. Closing a closed one again changes nothing."""
        ...

    def hold(self, holdings: Sequence[Holding]) -> Mapping[str, RelayError]:
        """Write into open attempts what has arrived of their results. Closed ones stay closed."""
        ...


# Called with the id of an attempt whose entry in the index cannot be read, and the error.
Unreadable = Callable[[str, UnexpectedError], None]


class DueLedger(AttemptReader, Protocol):
    """The ledger as reconcile sees it: an index of tracked attempts, and a cursor in it.

    The index has closed attempts too. What is written shows in the index a moment later. An entry
    that cannot be read is left out of `due` and `submitted`, which call `unreadable` before they
    yield a later entry.
    """

    def cursor(self) -> Due | None:
        """Return the position up to which everything is done; None before the first run.

        Raises:
            UnexpectedError: the position is not readable.
        """
        ...

    def move_cursor(self, position: Due) -> None: ...

    def due(self, after: Due, end: datetime, unreadable: Unreadable) -> Iterator[Due]:
        """Yield the entries after a position whose time is before `end`, in order.

        The time from the position to `end` is at most a day: each hour takes queries of its own.
        """
        ...

    def postpone(self, entries: Sequence[Due], at: datetime) -> Mapping[str, RelayError]:
        """Move the entries of open attempts to a later time. Return the errors by id.

        An entry that has changed, or whose attempt is closed, stays as it is.
        """
        ...

    def submitted(
        self,
        hour: datetime | None,
        after: Due,
        unreadable: Unreadable,
        location: S3Uri | None = None,
    ) -> Iterator[Due]:
        """Yield the entries after a position of the attempts that were submitted in an hour.

        None stands for the late ones: attempts that were postponed, or whose slack is longer than
        an hour. These are in no hour. With a location, entries that cannot be of this input may be
        left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a bucket. `modified_at` is the time of its last upload.

    `etag` has no quotation marks.
    """

    location: S3Uri
    modified_at: datetime
    size: int
    etag: str = ""


class Storage(Protocol):
    """The data bucket, as far as finding objects goes."""

    def find(self, prefixes: Collection[str]) -> Mapping[str, str | RelayError | None]:
        """Look for objects, several at a time. Return by prefix what was found.

        That is the location of the first object whose location begins so, None where there is no
        such object, or an error.
        """
        ...

    def first(self, prefix: S3Uri) -> StoredObject | None:
        """Return the first object whose location begins so: the object itself where it exists.

        Raises:
            RelayError: the bucket cannot be listed there.
        """
        ...


class Outbox(Protocol):
    """Sends messages to queues, topics and event buses."""

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        """Send in as few calls as possible. Returns the errors of unsent messages, by `key`.

        Destinations are served side by side, within the budget of time: what one of them does not
        take, or does not answer, holds back nothing for the others.
        """
        ...


class Inbox(Protocol):
    """The queue from which deliveries came."""

    def come_back(self, deliveries: Sequence[tuple[Delivery, int]]) -> None:
        """Has each message delivered again after so many seconds.

        It may raise a RelayError; the messages then come back after the visibility timeout.
        """
        ...

    def in_flight(self, deliveries: Sequence[Delivery]) -> frozenset[str]:
        """Return the receipt handles of the deliveries that the queue has made.

        Each of them comes back after six times the function's timeout, counted from now, unless it
        is deleted. It may raise a RelayError.
        """
        ...


class RouteDocuments(Protocol):
    """The versions of the route document. Both raise RelayError if it cannot be read."""

    def latest(self, *, fresh: bool = False) -> str:
        """Return the latest version; unless `fresh`, the one that was the latest a moment ago."""
        ...

    def earlier(self) -> Iterator[tuple[int, str]]:
        """All versions that are kept, with their numbers, the newest first."""
        ...


class RoutesSource(Protocol):
    """The routes that are in force."""

    def current(self, report: "Report") -> "Routes":
        """Return the latest valid document; the same object as before while nothing changed.

        What is wrong with the latest one of all is noted and counted in the report.

        Raises:
            RelayError: there is none.
        """
        ...
