"""An instance keeps its slots and its watch, whatever requests and containers do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from async_endpoint_emulator.deployments.instances import Instance
from async_endpoint_emulator.inference.hosts import Host
from async_endpoint_emulator.inference.queue import Request, RequestQueue
from async_endpoint_emulator.inference.s3_location import S3Location


class FakeHost:
    """Breaks once, and refuses the first attempts to replace it."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.breaks = bool(problems)
        self.restarts = 0

    async def broken(self) -> None:
        if not self.breaks:
            await asyncio.Event().wait()
        self.breaks = False

    async def restart(self) -> None:
        self.restarts += 1
        if self.problems:
            raise self.problems.pop()

    async def stop(self, grace_seconds: float | None = None) -> None:
        pass


def request(key: str) -> Request:
    where = S3Location("outbox", key)
    return Request(key, key, "demo", where, None, ttl_seconds=60, timeout_seconds=5, body=b"{}")


def play(
    host: FakeHost,
    process: Callable[[Request, Host], Awaitable[None]],
    scene: Callable[[RequestQueue], Awaitable[None]],
) -> None:
    async def run() -> None:
        queue = RequestQueue(lambda request: None)
        line = queue.line()
        instance = Instance("demo/1", cast(Host, host), line, process, slots=1, pause=0.01)
        line.share = 1
        instance.serve()
        try:
            await asyncio.wait_for(scene(queue), 10)
        finally:
            await instance.stop()

    asyncio.run(run())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def test_a_request_that_raises_frees_its_slot() -> None:
    seen: list[str] = []

    async def process(given: Request, host: Host) -> None:
        seen.append(given.key)
        if given.key != "good":
            raise UnicodeEncodeError("utf-8", "\udcfc", 0, 1, "surrogates not allowed")

    async def scene(queue: RequestQueue) -> None:
        for key in ("bad", "worse", "good"):
            queue.put_nowait(request(key))
        await until(lambda: seen == ["bad", "worse", "good"] and not queue.in_process)

    play(FakeHost(), process, scene)


def test_a_broken_host_is_replaced_whatever_its_replacement_raises_first() -> None:
    seen: list[str] = []

    async def process(given: Request, host: Host) -> None:
        seen.append(given.key)

    host = FakeHost(ValueError("of the emulator"), AttributeError("of the emulator"))

    async def scene(queue: RequestQueue) -> None:
        await until(lambda: host.restarts == 3)
        queue.put_nowait(request("served"))
        await until(lambda: seen == ["served"])

    play(host, process, scene)
