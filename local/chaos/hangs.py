"""Services and targets that hang: MiniStack takes their requests and never answers."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from local.chaos.agenda import Agenda
from local.chaos.schedule import Window
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


class Hanging:
    """Follows a schedule of windows, in each of which one place hangs; queues reorder all along."""

    def __init__(
        self,
        settings: StackSettings,
        places: Sequence[Place],
        windows: Iterator[Window],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._places = places
        self._agenda = Agenda(windows, now)
        self._now = now
        self._ends: float | None = None
        self.windows = 0
        set_aws_faults(settings, {"reorder": True})

    def strike(self) -> None:
        """Begins or ends a window if its time has come."""
        if self._ends is not None and self._now() >= self._ends:
            self.stop()
        if self._ends is None and (window := self._agenda.due()):
            place = window.choose(self._places)
            hang = {"operations": place.operations, "text": place.text}
            set_aws_faults(self._settings, {"reorder": True, "hangs": [hang]})
            self._ends = self._now() + place.longest * window.length
            self.windows += 1

    def stop(self) -> None:
        """Ends the window, if one is open."""
        if self._ends is not None:
            set_aws_faults(self._settings, {"reorder": True})
            self._ends = None
