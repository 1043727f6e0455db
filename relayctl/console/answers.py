"""Answers of AWS, asked for in threads, and kept for a moment: ten tabs cost as much as one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from relayctl.console.problems import EXPECTED, Problem, problem

T = TypeVar("T")

_THREADS: Final = 8
_MOST_KEPT: Final = 200
# An answer that takes long is asked for less often: at most this part of the time.
_SHARE_OF_TIME: Final = 0.1
_FORGOTTEN: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What a part of a page shows: a value, or the problem that it has."""

    value: T | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class _Kept:
    answer: "asyncio.Future[Part[Any]]"
    until: float = float("inf")


class Answers:
    """Asks each question once at a time, and answers from memory for some seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="console")
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()

    def close(self) -> None:
        """End the threads, without waiting for answers."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def get(
        self,
        key: tuple[object, ...],
        seconds: float,
        ask: Callable[[], T],
        needs: Sequence[str] = (),
    ) -> Part[T]:
        """Return the answer to a question, not older than `seconds`, or ten times what it took.

        Args:
            key: what is asked. Its first member is the name by which `forget` knows it.
            ask: runs in a thread.
            needs: the actions of IAM that `ask` needs.
        """
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock():
            before = kept.answer if kept else None
            kept = _Kept(asyncio.ensure_future(self._after(before, ask, needs)))
            self._kept[key] = kept
            kept.answer.add_done_callback(_settled(kept, self._clock, self._clock(), seconds))
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        # A browser that goes away must not take the answer from the others.
        return await asyncio.shield(kept.answer)

    async def fresh(self, ask: Callable[[], T], needs: Sequence[str] = ()) -> Part[T]:
        """Ask without looking at what is kept, and without keeping: for changes."""

        def asked() -> Part[T]:
            try:
                return Part(ask())
            except EXPECTED as error:
                return Part(problem=problem(error, needs))

        return await asyncio.get_running_loop().run_in_executor(self._threads, asked)

    async def _after(
        self,
        before: "asyncio.Future[Part[Any]] | None",
        ask: Callable[[], T],
        needs: Sequence[str],
    ) -> Part[T]:
        """Ask once the answer before, which a change has made old, is there.

        Two reads of a queue at the same time hide its messages from each other.
        """
        if before is not None:
            await asyncio.wait([before])
        return await self.fresh(ask, needs)

    def forget(self, *names: str) -> None:
        """Ask anew for what a change has made old."""
        for key, kept in self._kept.items():
            if key[0] in names:
                kept.until = _FORGOTTEN


def _settled(
    kept: _Kept, clock: Callable[[], float], begun: float, seconds: float
) -> Callable[["asyncio.Future[Part[Any]]"], None]:
    def settle(answer: "asyncio.Future[Part[Any]]") -> None:
        now = clock()
        failed = answer.cancelled() or answer.exception() is not None
        if kept.until != _FORGOTTEN:
            kept.until = now if failed else now + max(seconds, (now - begun) / _SHARE_OF_TIME)

    return settle
