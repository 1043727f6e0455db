"""The clock that is moved ahead."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from async_endpoint_emulator.clock import Clock

HOUR = 3600.0


def play(scenario: Callable[[Clock], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(5):
            clock = Clock()
            await scenario(clock)
            assert not clock.timers

    asyncio.run(run())


def test_a_sleep_ends_when_the_clock_has_passed_its_end() -> None:
    async def scenario(clock: Clock) -> None:
        begun = clock.time()
        sleep = asyncio.create_task(clock.sleep(2 * HOUR))
        await asyncio.sleep(0)

        clock.advance(HOUR)
        await asyncio.sleep(0.01)
        assert not sleep.done()
        clock.advance(HOUR)
        await sleep

        assert 2 * HOUR <= clock.time() - begun < 2 * HOUR + 5

    play(scenario)


def test_a_sleep_also_ends_by_itself() -> None:
    async def scenario(clock: Clock) -> None:
        await clock.sleep(0.01)

    play(scenario)


def test_callbacks_that_become_due_together_run_in_the_order_of_their_times() -> None:
    async def scenario(clock: Clock) -> None:
        called: list[str] = []
        clock.call_later(2 * HOUR, lambda: called.append("second"))
        clock.call_later(HOUR, lambda: called.append("first"))
        clock.call_later(HOUR, lambda: called.append("never")).cancel()

        clock.advance(3 * HOUR)
        await asyncio.sleep(0.01)

        assert called == ["first", "second"]

    play(scenario)


def test_a_block_that_takes_too_long_by_the_clock_times_out() -> None:
    async def scenario(clock: Clock) -> None:
        async def work() -> None:
            async with clock.timeout(HOUR):
                await asyncio.sleep(60)

        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        clock.advance(HOUR)

        with pytest.raises(TimeoutError):
            await working

    play(scenario)


@pytest.mark.parametrize("limit", [None, HOUR])
def test_a_block_that_ends_in_time_is_left_alone(limit: float | None) -> None:
    async def scenario(clock: Clock) -> None:
        async with clock.timeout(limit):
            await asyncio.sleep(0)
        clock.advance(2 * HOUR)
        await asyncio.sleep(0)

    play(scenario)
