"""The budget of time of an invocation, shared by the use case and the adapters of a function."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from relay.ports import Clock


class Budget:
    """The seconds that are left to an invocation, or to its present phase.

    An adapter begins no call that can take longer than what is left. A use case that reserves time
    for the phases that follow therefore reaches them, whatever hangs before. The page
    docs/reference/time-budget.md lists the limits of the calls and the phases.

    `invocation` numbers the invocations of an execution environment.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_at: datetime | None = None
        self._reserved = 0.0
        self.invocation = 0

    def begin(self, ends_at: datetime) -> None:
        """Begin an invocation, which must be done by `ends_at`."""
        self._ends_at = ends_at
        self._reserved = 0.0
        self.invocation += 1

    def left(self) -> float:
        """Return the seconds that are left, without the reserved ones; 0 before `begin`."""
        if self._ends_at is None:
            return 0.0
        left = (self._ends_at - self._clock.now()).total_seconds() - self._reserved
        return max(0.0, left)

    @contextmanager
    def reserving(self, seconds: float) -> Iterator[None]:
        """Reserve seconds for what follows the block; an inner block replaces the outer value."""
        before, self._reserved = self._reserved, seconds
        try:
            yield
        finally:
            self._reserved = before
