"""What a schedule has next, when its time has come."""

import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from local.chaos.schedule import Dose

_Dose = TypeVar("_Dose", bound=Dose)


class Agenda(Generic[_Dose]):
    """Follows an endless schedule; each time counts from the one before."""

    def __init__(self, doses: Iterator[_Dose], now: Callable[[], float] = time.monotonic) -> None:
        self._doses = doses
        self._now = now
        self._next = next(doses)
        self._due_at = now() + self._next.after_seconds

    def due(self) -> _Dose | None:
        """Returns the next one if its time has come."""
        now = self._now()
        if now < self._due_at:
            return None
        dose, self._next = self._next, next(self._doses)
        self._due_at = now + self._next.after_seconds
        return dose
