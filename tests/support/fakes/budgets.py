"""Budgets of time for tests of adapters."""

from datetime import timedelta

from relay.budget import Budget

from tests.support.fakes.ports import FakeClock


def ample() -> Budget:
    """The budget of an invocation that has just begun, on a clock that stands still."""
    clock = FakeClock()
    budget = Budget(clock)
    budget.begin(clock.now() + timedelta(seconds=42))
    return budget
