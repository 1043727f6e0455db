"""What a use case did, for its function to log, count and answer with."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from relay.model import Delivery


class Count(StrEnum):
    """What is counted: the names of the metrics."""

    SUBMITTED = "Submitted"
    COMPLETED = "CompletedRouted"
    FAILED = "FailedRouted"
    EXPIRED = "ExpiredRouted"
    REJECTED = "RejectedRouted"
    RETRIED = "Retried"
    REFUSED = "Refused"
    DUPLICATE = "Duplicate"
    IGNORED = "Ignored"
    PARKED = "Parked"
    RETURNED = "Returned"
    HELD = "Held"
    RECOVERED = "Recovered"
    OVERDUE = "Overdue"
    ACCESS_DENIED = "AccessDenied"
    OPTION_REFUSED = "OptionRefused"
    ROUTES_UNUSABLE = "RoutesUnusable"
    ROUTE_NOT_EVALUATED = "RouteNotEvaluated"


class Level(StrEnum):
    """How loudly a note is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the log. `fields` are ids, locations and reasons; never a payload."""

    level: Level
    text: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request of a direct call."""

    request_id: str
    status: str
    output_location: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, str]:
        members = {
            "request_id": self.request_id,
            "status": self.status,
            "output_location": self.output_location,
            "reason": self.reason,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass
class Report:
    """Collects while a batch is worked on.

    `returned` are the deliveries that must be delivered again: batch item failures where a queue
    delivered them, an error of the invocation where not. `minutes_behind` is reconcile's lag.
    """

    counts: Counter[Count] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    returned: dict[str, Delivery] = field(default_factory=dict)
    minutes_behind: int | None = None

    def count(self, what: Count, number: int = 1) -> None:
        if number:
            self.counts[what] += number

    def note(self, level: Level, text: str, **fields: str | None) -> None:
        kept = tuple((name, value) for name, value in fields.items() if value is not None)
        self.notes.append(Note(level, text, kept))

    def give_back(self, delivery: Delivery) -> None:
        """Has the delivery come again. Doing so twice is doing so once."""
        if delivery.message_id not in self.returned:
            self.returned[delivery.message_id] = delivery
            self.count(Count.RETURNED)
