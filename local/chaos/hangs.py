"""Services and targets that hang: MiniStack takes their requests and never answers."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from local.chaos.schedule import Window
from local.stack.faults import set_aws_faults
from local.stack.settings import StackSettings

SENDS = ("SendMessage", "SendMessageBatch")
# Not BatchGetItem: a run of reconcile that it fails has no retry, and is parked by Lambda.
STATEMENTS = ("BatchExecuteStatement",)


@dataclass(frozen=True, slots=True)
class Place:
    """Calls that hang together: of these operations, with this text in their bodies.

    `longest` is the longest window, in seconds.
    """

    operations: tuple[str, ...]
    text: str
    longest: float


def places(outputs: Mapping[str, str], *, with_ledger: bool) -> list[Place]:
    """The stack's targets and Parameter Store, and its ledger.

    A batch that a killed route sent and did not mark comes back after 271 seconds. A ledger that
    hangs then delays its repeat beyond the five minutes in which a FIFO queue recognises it, so
    the ledger hangs only where route is not killed.
    """
    targets = [
        Place(SENDS, outputs[f"{name}Url"], 20) for name in ("CompletedQueue", "FailedQueue")
    ]
    found = [*targets, Place(("GetParameter",), outputs["RoutesParameterName"], 8)]
    return [*found, Place(STATEMENTS, outputs["LedgerTableName"], 5)] if with_ledger else found


class Hanging:
    """Follows a schedule of windows, in each of which one place hangs; queues reorder all along."""

    def __init__(
        self,
        settings: StackSettings,
        places: list[Place],
        windows: Iterator[Window],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._places = places
        self._windows = windows
        self._now = now
        self._window = next(windows)
        self._begins = now() + self._window.after_seconds
        self._ends: float | None = None
        self.windows = 0
        set_aws_faults(settings, {"reorder": True})

    def strike(self) -> None:
        """Begins or ends a window if its time has come."""
        if self._ends is None and self._now() >= self._begins:
            place = self._window.choose(self._places)
            hang = {"operations": place.operations, "text": place.text}
            set_aws_faults(self._settings, {"reorder": True, "hangs": [hang]})
            self._ends = self._now() + place.longest * self._window.length
            self.windows += 1
        elif self._ends is not None and self._now() >= self._ends:
            self.stop()

    def stop(self) -> None:
        """Ends the window, if one is open; the next begins as scheduled."""
        set_aws_faults(self._settings, {"reorder": True})
        self._ends = None
        self._window = next(self._windows)
        self._begins = self._now() + self._window.after_seconds
