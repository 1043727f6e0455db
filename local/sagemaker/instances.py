"""One instance behind an endpoint: a host, and slots that take requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from local.sagemaker.errors import DeploymentFailed
from local.sagemaker.hosts import Host
from local.sagemaker.queueing import Line, Request

log = logging.getLogger("sagemaker")

Process = Callable[[Request, Host], Awaitable[None]]


class Instance:
    """Serves, is watched and replaced, and retires."""

    def __init__(
        self, label: str, host: Host, line: Line, process: Process, slots: int, pause: float
    ) -> None:
        """`pause`: seconds before a broken host that cannot be replaced is tried again."""
        self._label = label
        self._host = host
        self._line = line
        self._process = process
        self._slots = slots
        self._pause = pause
        self._watch: asyncio.Task[None] | None = None
        self._workers: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._open = False

    async def start(self) -> None:
        """Brings the host up; raises DeploymentFailed. It takes no requests yet."""
        await self._host.start()

    def serve(self) -> None:
        """Takes requests from now on."""
        self._watch = asyncio.create_task(self._watch_over())
        self._open_slots()

    async def retire(self) -> None:
        """Takes no more requests, finishes those it has, and stops."""
        if self._watch is not None:
            self._watch.cancel()  # nothing is replaced any more
        self._close_slots()
        try:
            if self._busy:
                await asyncio.wait(set(self._busy))
        finally:  # also when the emulator stops meanwhile
            await self.stop()

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Stops at once; requests in flight are lost, as on an instance that is taken away."""
        self._close_slots()
        tasks = [task for task in (self._watch, *self._workers) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._host.stop(grace_seconds)

    async def _watch_over(self) -> None:
        while True:
            await self._host.broken()
            log.warning("instance %s: the model server is gone; replacing it", self._label)
            self._close_slots()
            while True:
                try:
                    await self._host.restart()
                except DeploymentFailed as exc:
                    log.error("instance %s: %s", self._label, exc)
                    await asyncio.sleep(self._pause)
                else:
                    break
            self._open_slots()

    def _open_slots(self) -> None:
        self._open = True
        self._line.enter()
        remaining = sum(not worker.cancelling() for worker in self._workers)
        for _ in range(self._slots - remaining):
            task = asyncio.create_task(self._work())
            self._workers.add(task)
            task.add_done_callback(self._workers.discard)

    def _close_slots(self) -> None:
        """Idle slots end now, busy ones after their request."""
        if not self._open:
            return
        self._open = False
        for task in self._workers - self._busy:
            task.cancel()
        self._line.leave()

    async def _work(self) -> None:
        this = asyncio.current_task()
        assert this is not None  # noqa: S101 - runs as a task only
        while self._open:
            request = await self._line.get()
            self._busy.add(this)
            try:
                await self._process(request, self._host)
            finally:
                self._line.done()
                self._busy.discard(this)
