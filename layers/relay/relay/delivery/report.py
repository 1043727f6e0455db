"""The report of an invocation: what its function logs, counts and answers."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from relay.errors import RelayError, bounded
from relay.model import Delivery


class Count(StrEnum):
    """Metrics by name. The comments are the texts of docs/reference/metrics.md."""

    SUBMITTED = "Submitted"  # attempts that SageMaker accepted
    COMPLETED = "CompletedRouted"  # results with outcome completed
    FAILED = "FailedRouted"  # results with outcome failed
    EXPIRED = "ExpiredRouted"  # results with outcome expired
    REJECTED = "RejectedRouted"  # results with outcome rejected
    RETRIED = "Retried"  # failed attempts that are followed by another one
    REFUSED = "Refused"  # requests that SageMaker does not accept
    INVALID = "Invalid"  # requests of direct calls that cannot be read
    DUPLICATE = "Duplicate"  # requests and notifications that were processed before
    IGNORED = "Ignored"  # events that need no action, such as a TestNotification
    BROKEN = "Broken"  # records with an unexpected error, and records that later code has written
    PARKED = "Parked"  # messages sent to a dead-letter queue
    RETURNED = "Returned"  # messages that are received again
    OLDEST_RETURNED = "OldestReturnedSeconds"  # age in seconds of the oldest returned message
    HELD = "Held"  # results that did not arrive at every target
    RECOVERED = "Recovered"  # overdue attempts whose object was found
    OVERDUE = "Overdue"  # overdue attempts without an object
    POSTPONED = "Postponed"  # overdue attempts that cannot be examined now
    ACCESS_DENIED = "AccessDenied"  # calls without a permission
    OPTION_REFUSED = "OptionRefused"  # options that SageMaker does not accept
    ROUTES_UNUSABLE = "RoutesUnusable"  # route documents that are not valid
    ROUTE_NOT_EVALUATED = "RouteNotEvaluated"  # routes whose expression failed
    MINUTES_BEHIND = "MinutesBehind"  # minutes by which reconcile's search is late


class Level(StrEnum):
    """The log level of a note: the name of the logger's method."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the log. `fields` are ids, locations and reasons; never a payload.

    Each text has at most `relay.errors.LONGEST_TEXT` characters.
    """

    level: Level
    text: str
    fields: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", bounded(self.text))
        fields = tuple((bounded(name), bounded(value)) for name, value in self.fields)
        object.__setattr__(self, "fields", fields)


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """Status of one request of a direct call.

    `number` is its place in the call. `request_id` is None for one that cannot be read. `state` is
    that of the attempt that the ledger has of a duplicate. `due_at` is the time after which
    reconcile ends the attempt, if it is open and has no result.
    """

    request_id: str | None
    status: str
    number: int | None = None
    output_location: str | None = None
    reason: str | None = None
    state: str | None = None
    due_at: str | None = None

    def to_json(self) -> dict[str, str | int]:
        members = {
            "number": self.number,
            "request_id": self.request_id,
            "status": self.status,
            "output_location": self.output_location,
            "reason": self.reason,
            "state": self.state,
            "due_at": self.due_at,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass
class Report:
    """The fold of an invocation's dispositions (see `relay.delivery.conclude`), with further notes.

    `returned` are the deliveries to deliver again: batch item failures of a queue, an error of a
    direct invocation. `minutes_behind` is the lag of reconcile, `oldest_returned_seconds` the age
    of the oldest message among `returned`, and `failure` the error for which the invocation of
    reconcile fails at the end.
    """

    counts: Counter[Count] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)
    answers: list[RequestAnswer] = field(default_factory=list)
    returned: dict[str, Delivery] = field(default_factory=dict)
    minutes_behind: int | None = None
    oldest_returned_seconds: int | None = None
    failure: RelayError | None = None

    def count(self, what: Count, number: int = 1) -> None:
        if number:
            self.counts[what] += number

    def note(self, level: Level, text: str, **fields: object) -> None:
        kept = tuple((name, str(value)) for name, value in fields.items() if value is not None)
        self.notes.append(Note(level, text, kept))

    def answer(
        self, request_id: str | None, status: str, number: int | None, **members: str | None
    ) -> None:
        self.answers.append(RequestAnswer(request_id, status, number, **members))

    def give_back(self, delivery: Delivery) -> None:
        """Return the delivery; a second call for the same delivery does nothing.

        For an item failure without a message id Lambda would deliver the whole batch again.
        """
        if not delivery.identified:
            self.count(Count.BROKEN)
            text = "a message without an id cannot be returned"
            self.note(Level.ERROR, text, message_id=delivery.message_id)
        elif delivery.message_id not in self.returned:
            self.returned[delivery.message_id] = delivery
            self.count(Count.RETURNED)
