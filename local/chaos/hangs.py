"""What hangs for a while: services and targets behind MiniStack, and calls to the endpoint."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, Protocol, TypeVar

from local.chaos.agenda import Agenda
from local.chaos.schedule import Schedule, Window
from local.stack.emulator import set_faults
from local.stack.faults import set_aws_faults
from local.stack.settings import StackSettings

_SENDS = ("SendMessage", "SendMessageBatch")


@dataclass(frozen=True, slots=True)
class Place:
    """Calls that hang together: of these operations, with this text in their bodies.

    `longest` is the longest window, in seconds.
    """

    operations: tuple[str, ...]
    text: str
    longest: float


@dataclass(frozen=True, slots=True)
class Silence:
    """A fault of the emulator by which some calls of InvokeEndpointAsync get no answer."""

    fault: str
    share: float
    longest: float = 15


class _Lasting(Protocol):
    @property
    def longest(self) -> float: ...


_Trouble = TypeVar("_Trouble", bound=_Lasting)


class Windows(Generic[_Trouble]):
    """Follows a schedule of windows, in each of which one trouble is in force."""

    def __init__(
        self,
        enforce: Callable[[_Trouble | None], None],
        troubles: Sequence[_Trouble],
        windows: Iterator[Window],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`enforce` puts a trouble in force, or none."""
        self._enforce = enforce
        self._troubles = troubles
        self._agenda = Agenda(windows, now)
        self._now = now
        self._ends: float | None = None
        self.windows = 0
        enforce(None)

    def strike(self) -> None:
        """Begins or ends a window if its time has come."""
        if self._ends is not None and self._now() >= self._ends:
            self.stop()
        if self._ends is None and (window := self._agenda.due()):
            trouble = window.choose(self._troubles)
            self._enforce(trouble)
            self._ends = self._now() + trouble.longest * window.length
            self.windows += 1

    def stop(self) -> None:
        """Ends the window, if one is open."""
        if self._ends is not None:
            self._enforce(None)
            self._ends = None


def hanging_places(outputs: Mapping[str, str]) -> list[Place]:
    """The stack's targets, Parameter Store, and the ledger. `outputs` are the stack's.

    Look-ups do not hang: a run of reconcile that they fail has no retry, and is parked.
    """
    return [
        Place(_SENDS, outputs["CompletedQueueUrl"], 20),
        Place(_SENDS, outputs["FailedQueueUrl"], 20),
        Place(("GetParameter",), outputs["RoutesParameterName"], 8),
        Place(("BatchExecuteStatement",), outputs["LedgerTableName"], 5),
    ]


def hang(settings: StackSettings, place: Place | None) -> None:
    """Has MiniStack never answer the calls of a place; queues reorder all along."""
    hangs = [] if place is None else [{"operations": place.operations, "text": place.text}]
    set_aws_faults(settings, {"reorder": True, "hangs": hangs})


def silences(schedule: Schedule) -> list[Silence]:
    """Calls that the endpoint does not take, and calls that it takes, both without an answer."""
    return [Silence("hang", schedule.hang), Silence("lose_answer", schedule.lose_answer)]


def silencer(settings: StackSettings, schedule: Schedule) -> Callable[[Silence | None], None]:
    """Return what puts a silence in force beside the other faults of the endpoint.

    New faults begin new random numbers, so each time has a seed of its own.
    """
    seeds = count(schedule.seed)

    def silence(trouble: Silence | None) -> None:
        extra = {} if trouble is None else {trouble.fault: trouble.share}
        set_faults(settings, {**schedule.faults(), **extra, "seed": next(seeds)})

    return silence
