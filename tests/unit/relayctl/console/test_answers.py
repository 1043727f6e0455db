"""Answers are asked for once at a time, kept for a moment, and never kept if they are a bug."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from relayctl.console.answers import Answers, Part
from relayctl.errors import RelayctlError


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def answers(clock: Clock) -> Iterator[Answers]:
    made = Answers(clock)
    yield made
    made.close()


def test_callers_at_the_same_time_share_a_question(answers: Answers) -> None:
    asked: list[int] = []
    go = threading.Event()

    def ask() -> int:
        asked.append(1)
        assert go.wait(10)
        return 7

    async def ten() -> list[Part[int]]:
        waiting = [asyncio.create_task(answers.get(("a",), 1, ask)) for _ in range(10)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        go.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        return [each for each in found if isinstance(each, Part)]

    assert asyncio.run(ten()) == [Part(7)] * 9
    assert asked == [1]


def test_an_answer_is_kept_for_its_time_and_ten_times_what_it_took(
    answers: Answers, clock: Clock
) -> None:
    asked: list[float] = []

    def ask() -> int:
        asked.append(clock.now)
        clock.now += 3
        return 1

    async def at(*times: float) -> None:
        for clock.now in times:
            await answers.get(("a",), 2, ask)

    asyncio.run(at(0, 4, 32, 34))

    assert asked == [0, 34]


def test_what_a_change_made_old_is_asked_anew(answers: Answers) -> None:
    numbers = iter(range(9))

    async def around() -> list[int | None]:
        first = await answers.get(("a", 1), 60, lambda: next(numbers))
        answers.forget("b")
        second = await answers.get(("a", 1), 60, lambda: next(numbers))
        answers.forget("a")
        third = await answers.get(("a", 1), 60, lambda: next(numbers))
        return [first.value, second.value, third.value]

    assert asyncio.run(around()) == [0, 0, 1]


def test_what_is_asked_anew_waits_for_the_answer_in_progress(answers: Answers) -> None:
    running: list[int] = []
    most: list[int] = []
    go = threading.Event()
    numbers = iter(range(9))

    def ask() -> int:
        running.append(1)
        most.append(len(running))
        assert go.wait(10)
        running.pop()
        return next(numbers)

    async def anew() -> list[int | None]:
        first = asyncio.create_task(answers.get(("a",), 60, ask))
        await asyncio.sleep(0)
        answers.forget("a")
        second = asyncio.create_task(answers.get(("a",), 60, ask))
        await asyncio.sleep(0.05)
        go.set()
        found = [await first, await second, await answers.get(("a",), 60, ask)]
        return [each.value for each in found]

    assert asyncio.run(anew()) == [0, 1, 1]
    assert most == [1, 1]


def test_a_problem_is_kept_and_a_bug_is_not(answers: Answers) -> None:
    async def ask(error: Exception) -> int:
        asked: list[int] = []

        def fail() -> None:
            asked.append(1)
            raise error

        for _ in range(2):
            try:
                part = await answers.get((str(error),), 60, fail)
                assert part.problem
            except KeyError:
                continue
        return len(asked)

    assert asyncio.run(ask(RelayctlError("known"))) == 1
    assert asyncio.run(ask(KeyError("bug"))) == 2


def test_few_answers_are_kept(answers: Answers) -> None:
    async def many() -> None:
        for number in range(300):
            await answers.get(("a", number), 60, lambda: 1)

    asyncio.run(many())

    assert len(answers._kept) == 200
