"""A clock that only a test moves, with what AWS does by itself at given times."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count


class Clock:
    """Time passes in calls and between invocations; what is due then happens on the way."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.began = self.time
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()

    def now(self) -> datetime:
        return self.time

    @property
    def seconds(self) -> float:
        """Since the beginning of the run."""
        return (self.time - self.began).total_seconds()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Plan what AWS does in so many seconds. It must make no call through a client."""
        due = self.time + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, next(self._order), act))

    def advance(self, seconds: float) -> None:
        self.advance_to(self.time + timedelta(seconds=seconds))

    def advance_to(self, time: datetime) -> None:
        """Does nothing for a time that has passed."""
        while self._due and self._due[0][0] <= time:
            due, _, act = heapq.heappop(self._due)
            self.time = max(self.time, due)
            act()
        self.time = max(self.time, time)

    @property
    def next_due(self) -> datetime | None:
        """When AWS does something by itself the next time."""
        return self._due[0][0] if self._due else None
