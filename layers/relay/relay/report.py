"""What an invocation did, for its function to log, count and answer with."""

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
    """The log level of a note: the name of the logger's method."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the log. `fields` are ids, locations and reasons; never a payload.

    `metric` is the name of a metric that counts it.
    """

    level: Level
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class RequestAnswer:
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
    """The fold of an invocation's dispositions (see `relay.conclude`), and what else it noted.

    `returned` are the deliveries that must be delivered again: batch item failures where a queue
    delivered them, an error of the invocation where not. `minutes_behind` is reconcile's lag.
    """

    counts: Counter[Count] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)
    answers: list[RequestAnswer] = field(default_factory=list)
    returned: dict[str, Delivery] = field(default_factory=dict)
    minutes_behind: int | None = None

    def count(self, what: Count, number: int = 1) -> None:
        if number:
            self.counts[what] += number

    def note(self, level: Level, text: str, **fields: object) -> None:
        kept = tuple((name, str(value)) for name, value in fields.items() if value is not None)
        self.notes.append(Note(level, text, kept))

    def answer(
        self,
        request_id: str,
        status: str,
        output_location: str | None = None,
        reason: str | None = None,
    ) -> None:
        self.answers.append(RequestAnswer(request_id, status, output_location, reason))

    def give_back(self, delivery: Delivery) -> None:
        """Return the delivery, once however often it is given back."""
        if delivery.message_id not in self.returned:
            self.returned[delivery.message_id] = delivery
            self.count(Count.RETURNED)
