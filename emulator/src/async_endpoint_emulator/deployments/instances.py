"""One instance behind an endpoint: a host, and slots that take requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from async_endpoint_emulator.inference.hosts import Host
from async_endpoint_emulator.inference.queue import Line, Request

log = logging.getLogger("sagemaker")

Process = Callable[[Request, Host], Awaitable[None]]


@dataclass(eq=False)
class Instance:
    """Serves, is watched and replaced, and retires.

    `pause`: seconds before a broken host that cannot be replaced is tried again.
    """

    label: str
    host: Host
    line: Line
    process: Process
    slots: int
    pause: float
    _watch: asyncio.Task[None] | None = None
    _workers: set[asyncio.Task[None]] = field(default_factory=set)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)
    _open: bool = False

    async def start(self) -> None:
        """Brings the host up; raises DeploymentFailed. It takes no requests yet."""
        await self.host.start()

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
        await self.host.stop(grace_seconds)

    async def _watch_over(self) -> None:
        while True:
            await self.host.broken()
            log.warning("instance %s: the model server is gone; replacing it", self.label)
            self._close_slots()
            while True:
                try:
                    await self.host.restart()
                except Exception as exc:  # of any kind: without this task nothing is replaced
                    log.error("instance %s: %r", self.label, exc)
                    await asyncio.sleep(self.pause)
                else:
                    break
            self._open_slots()

    def _open_slots(self) -> None:
        self._open = True
        self.line.enter()
        remaining = sum(not worker.cancelling() for worker in self._workers)
        for _ in range(self.slots - remaining):
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
        self.line.leave()

    async def _work(self) -> None:
        this = asyncio.current_task()
        assert this is not None  # noqa: S101 - runs as a task only
        while self._open:
            request = await self.line.get()
            self._busy.add(this)
            try:
                await self.process(request, self.host)
            except Exception:  # no request takes the slot with it
                log.exception("instance %s: request %s", self.label, request.inference_id)
            finally:
                self.line.done()
                self._busy.discard(this)
