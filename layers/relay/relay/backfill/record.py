"""The record of a backfill: what it selects, and how far it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from relay.backfill.selection import Selection


class BackfillState(StrEnum):
    """State of a backfill. Only a running one sends requests."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self in (BackfillState.COMPLETED, BackfillState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reading of the listing is: up to the key `after`, with so many selected objects.

    `done`: up to the end. `bytes` is the size of the objects.
    """

    after: str = ""
    done: bool = False
    objects: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """The ends of the requests, by outcome, in the order of the listing.

    `unknown` are objects that were selected and have no request: those whose message was parked,
    and those that took their place in the listing after it was read.
    """

    completed: int = 0
    failed: int = 0
    expired: int = 0
    rejected: int = 0
    unknown: int = 0

    @property
    def objects(self) -> int:
        return self.completed + self.failed + self.expired + self.rejected + self.unknown

    @property
    def to_repeat(self) -> int:
        """The requests that `retry_failed` resubmits."""
        return self.failed + self.expired + self.rejected


@dataclass(frozen=True, slots=True)
class Marker:
    """The last request of some that were sent together. Its state stands for theirs.

    `sent_at` is the time at which its message was visible on the queue, after its delay.
    """

    id: str
    requests: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of a backfill (see `relay.backfill.pace`).

    `target` is how many requests may wait at a time. `per_minute` is how many ended in a minute
    when the endpoint was last busy, 0 if it never was. `shortest_seconds` is the shortest time from
    a submission to its result. `markers` are requests that had not ended. What was sent suffices
    until `planned_until`.
    """

    target: int
    per_minute: float = 0.0
    shortest_seconds: float | None = None
    markers: tuple[Marker, ...] = ()
    measured_at: datetime | None = None
    planned_until: datetime | None = None

    @property
    def waiting(self) -> int:
        """About how many requests had not ended."""
        return sum(marker.requests for marker in self.markers)


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill as it is stored.

    `repetition` counts the runs of `retry_failed`. `total` counts the selected objects, `sent`
    those whose requests were sent, the last ones at `sent_at`, and `counted` those whose requests
    have ended. `left_out` are the objects that were modified too late. `problem` is why the
    backfill paused itself, or why the last invocation sent nothing.
    """

    name: str
    selection: Selection
    pace: Pace
    started_at: datetime
    state: BackfillState = BackfillState.RUNNING
    repetition: int = 0
    total: Progress = field(default_factory=Progress)
    left_out: int = 0
    sent: Progress = field(default_factory=Progress)
    sent_at: datetime | None = None
    counted: Progress = field(default_factory=Progress)
    ended: Ended = field(default_factory=Ended)
    ended_at: datetime | None = None
    problem: str = ""
    version: int = 0

    @property
    def expected(self) -> int | None:
        """How many requests the run has; None while that is not counted."""
        return self.total.objects if self.total.done else None


@dataclass(frozen=True, slots=True)
class Control:
    """Which backfill runs. `names` are those of all records that are kept, the newest last.

    `disabling_until`: an invocation may be disabling the schedule until then, and none may start.
    """

    active: str = ""
    names: tuple[str, ...] = ()
    disabling_until: datetime | None = None
    version: int = 0
