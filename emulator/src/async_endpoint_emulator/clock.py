"""A clock that can be moved ahead, so that a test need not wait."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta


class Timer:
    """A callback that is due at a time of the clock."""

    def __init__(self, clock: "Clock", due: float, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._due = due
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None
        clock.timers.add(self)
        self.set()

    def set(self) -> None:
        """Waits for as long as is left now."""
        if self._handle is not None:
            self._handle.cancel()
        left = self._due - self._clock.time()  # below zero, so that they run in their order
        self._handle = asyncio.get_running_loop().call_later(left, self._run)

    def cancel(self) -> None:
        """The callback is not called. Nothing happens when it has been."""
        self._clock.timers.discard(self)
        if self._handle is not None:
            self._handle.cancel()

    def _run(self) -> None:
        self._clock.timers.discard(self)
        self._callback()


class Clock:
    """The time of the event loop, and by how much it was moved ahead. It never goes back."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self.timers: set[Timer] = set()

    def time(self) -> float:
        """Seconds since an arbitrary moment."""
        return asyncio.get_running_loop().time() + self._ahead

    def now(self) -> datetime:
        """The time of day, by this clock."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def advance(self, seconds: float) -> None:
        """Moves the clock ahead. What becomes due runs when the event loop is next free."""
        self._ahead += seconds
        for timer in list(self.timers):
            timer.set()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return Timer(self, self.time() + seconds, callback)

    async def sleep(self, seconds: float) -> None:
        over = asyncio.Event()
        timer = self.call_later(seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    @asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncIterator[None]:
        """As `asyncio.timeout`: raises TimeoutError where the block takes longer."""
        async with asyncio.timeout(None) as limit:
            loop = asyncio.get_running_loop()

            def end() -> None:
                with suppress(RuntimeError):  # the block is over
                    limit.reschedule(loop.time())

            timer = None if seconds is None else self.call_later(seconds, end)
            try:
                yield
            finally:
                if timer is not None:
                    timer.cancel()
