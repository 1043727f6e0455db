"""What happens between calls: deliveries, sweeps, the steps of CloudFormation and of operators."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from tests.support.aws_fake.clock import Clock


class Agenda:
    """One thing after the other, each at its time, or as soon as the one before has ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        due = self._clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, next(self._order), act))

    def step(self) -> None:
        """Do what comes next. AWS's own changes on the way may add to it."""
        while (alone := self._clock.next_due) is not None and alone <= self._due[0][0]:
            self._clock.advance_to(alone)
        due, _, act = heapq.heappop(self._due)
        self._clock.advance_to(due)
        act()
