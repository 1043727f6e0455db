"""Two invocations at a time, which hand over to each other at every call; a seed says how."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from threading import Semaphore, Thread, current_thread
from typing import Any, Self

from tests.support.aws_fake.calls import Calls

Work = Callable[[], Any]


@dataclass(frozen=True)
class Overlap:
    """A second invocation beside the one of this number.

    `companion`: what invokes it (`sweep`, `again`, `event`, `deploy`). `turns`: how many calls each
    makes before it hands over, the first, the second, the first and so on; then each goes on to its
    end. `seed` instead draws at each call who goes on.
    """

    invocation: int
    companion: str
    turns: tuple[int, ...] = ()
    seed: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sweep@12:3,2`, or with a seed `sweep@12:seed4`."""
        companion, rest = text.split("@")
        number, how = rest.split(":")
        if how.startswith("seed"):
            return cls(int(number), companion, seed=int(how.removeprefix("seed")))
        return cls(int(number), companion, tuple(int(each) for each in how.split(",") if each))

    def __str__(self) -> str:
        how = ",".join(map(str, self.turns)) if self.seed is None else f"seed{self.seed}"
        return f"{self.companion}@{self.invocation}:{how}"


class _Turns:
    """One of two threads runs at a time."""

    def __init__(self, overlap: Overlap) -> None:
        self._random = Random(overlap.seed) if overlap.seed is not None else None
        self._left = list(overlap.turns)
        self._mine = 0  # calls of this turn
        self._gates: dict[str, Semaphore] = {"0": Semaphore(0), "1": Semaphore(0)}
        self._ended: set[str] = set()
        self.results: dict[str, Any] = {}

    def run(self, works: tuple[Work, Work]) -> None:
        threads = [
            Thread(target=self._work, args=(str(n), work), name=str(n))
            for n, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        self._gates["0"].release()
        for thread in threads:
            thread.join()

    def hand_over(self) -> None:
        """Called by the thread that runs, ahead of each of its calls."""
        me = current_thread().name
        other = "1" if me == "0" else "0"
        if other in self._ended or not self._is_over():
            return
        self._gates[other].release()
        self._gates[me].acquire()

    def _is_over(self) -> bool:
        if self._random is not None:
            return self._random.random() < 0.5
        if not self._left:
            return False
        self._mine += 1
        if self._mine <= self._left[0]:
            return False
        del self._left[0]
        self._mine = 0
        return True

    def _work(self, me: str, work: Work) -> None:
        self._gates[me].acquire()
        try:
            self.results[me] = work()
        finally:
            self._ended.add(me)
            self._gates["1" if me == "0" else "0"].release()


def side_by_side(calls: Calls, overlap: Overlap, first: Work, second: Work) -> tuple[Any, Any]:
    """Run both; their results, in this order."""
    turns = _Turns(overlap)
    calls.hand_over = turns.hand_over
    try:
        turns.run((first, second))
    finally:
        calls.hand_over = lambda: None
    return turns.results.get("0"), turns.results.get("1")
