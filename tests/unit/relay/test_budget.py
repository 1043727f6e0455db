"""The budget of time of an invocation."""

from datetime import timedelta

import pytest
from relay.budget import Budget

from tests.support.fakes.ports import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budget(clock: FakeClock) -> Budget:
    budget = Budget(clock)
    budget.begin(clock.now() + timedelta(seconds=42))
    return budget


def test_what_is_left_shrinks_to_nothing(budget: Budget, clock: FakeClock) -> None:
    assert budget.left() == 42
    clock.advance(40.5)
    assert budget.left() == 1.5
    clock.advance(60)
    assert budget.left() == 0


def test_an_invocation_that_was_not_begun_has_no_time(clock: FakeClock) -> None:
    assert Budget(clock).left() == 0


def test_the_next_invocation_has_its_own_time(budget: Budget, clock: FakeClock) -> None:
    first = budget.invocation
    clock.advance(100)

    budget.begin(clock.now() + timedelta(seconds=10))

    assert budget.left() == 10
    assert budget.invocation != first


def test_a_phase_cannot_use_the_time_of_those_that_follow(budget: Budget) -> None:
    with budget.reserving(15):
        assert budget.left() == 27
        with budget.reserving(5):
            assert budget.left() == 37
        assert budget.left() == 27
    assert budget.left() == 42


def test_a_phase_that_fails_leaves_its_reserve_to_the_others(budget: Budget) -> None:
    with pytest.raises(ValueError, match="x"), budget.reserving(15):
        raise ValueError("x")

    assert budget.left() == 42
