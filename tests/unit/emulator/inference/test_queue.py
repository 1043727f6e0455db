"""The queue of an endpoint: order, expiry, and workers that come and go."""

import asyncio
from typing import Any

from async_endpoint_emulator.inference.queue import Line, Request, RequestQueue
from async_endpoint_emulator.inference.s3_location import S3Location


def request(key: str, ttl: float = 60) -> Request:
    return Request(
        key=key,
        inference_id=key,
        endpoint_name="demo",
        output=S3Location("b", key),
        failure=None,
        ttl_seconds=ttl,  # type: ignore[arg-type]
        timeout_seconds=1,
        body=b"x",
    )


def open_line(queue: RequestQueue, share: float = 1) -> Line:
    line = queue.line()
    line.share = share
    line.enter()
    return line


def run(scenario: Any) -> list[Request]:
    expired: list[Request] = []
    problems: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: problems.append(context))
        async with asyncio.timeout(5):
            queue = RequestQueue(expired.append)
            await scenario(queue, open_line(queue), expired)

    asyncio.run(main())
    assert problems == []
    return expired


def test_requests_leave_in_the_order_in_which_they_came() -> None:
    async def scenario(queue: RequestQueue, line: Line, _: Any) -> None:
        for key in "abc":
            queue.put_nowait(request(key))
        assert [(await line.get()).key for _ in "abc"] == ["a", "b", "c"]

    assert run(scenario) == []


def test_a_request_that_waits_too_long_expires_and_the_others_stay() -> None:
    async def scenario(queue: RequestQueue, line: Line, expired: list[Request]) -> None:
        queue.put_nowait(request("late", ttl=0.01))
        queue.put_nowait(request("patient"))
        while not expired:
            await asyncio.sleep(0.005)
        assert queue.qsize() == 1
        assert (await line.get()).key == "patient"

    assert [each.key for each in run(scenario)] == ["late"]


def test_a_request_that_was_taken_cannot_expire() -> None:
    async def scenario(queue: RequestQueue, line: Line, _: Any) -> None:
        queue.put_nowait(request("taken", ttl=0.01))
        await line.get()
        await asyncio.sleep(0.05)

    assert run(scenario) == []


def test_a_worker_that_is_cancelled_while_it_waits_takes_nothing_with_it() -> None:
    async def scenario(queue: RequestQueue, line: Line, _: Any) -> None:
        worker = asyncio.create_task(line.get())
        await asyncio.sleep(0)
        queue.put_nowait(request("a"))
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        assert (await line.get()).key == "a"

    assert run(scenario) == []


def test_a_cleared_queue_expires_nothing() -> None:
    async def scenario(queue: RequestQueue, line: Line, _: Any) -> None:
        queue.put_nowait(request("a", ttl=0.01))
        assert queue.clear() == 1
        await asyncio.sleep(0.05)
        assert queue.qsize() == 0

    assert run(scenario) == []
