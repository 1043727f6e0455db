"""Every fault at every port call of each scenario, and pairs of faults.

`make proof` runs all pairs. Other runs try a sample, which a seed fixes.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from random import Random

import pytest

from tests.faults.faults import Kind
from tests.faults.matrix import Broken, Plan, faults, run
from tests.faults.scenarios import SCENARIOS
from tests.support.parts import Part, first_of

ALL = os.environ.get("RELAY_FAULTS") == "all"
RUNS = [(name, order) for name, each in SCENARIOS.items() for order in range(each.orders)]
# Parts of a proof run side by side.
PARTS = range(16 if ALL else 1)
SAMPLED_FIRST, SAMPLED_SECOND = 10, 5

Found = list[tuple[int, Kind]]


def broken(scenario: str, order: int, plans: Iterable[Plan]) -> list[str]:
    """What does not hold after the faults of each plan."""
    found = []
    for plan in plans:
        try:
            run(scenario, plan, order)
        except Broken as error:
            found.append(str(error))
    return found


def pairs(
    scenario: str,
    order: int,
    firsts: Callable[[Found], Found],
    seconds: Callable[[Found], Found],
) -> Iterator[Plan]:
    """Plans of two faults. The second fault is at a later step of the run with the first one."""
    for number, kind in firsts(list(faults(run(scenario, {}, order)))):
        try:
            steps = run(scenario, {number: kind}, order)
        except Broken:
            continue  # a failure of the test of single faults
        for second in seconds(list(faults(steps, number))):
            yield {number: kind, second[0]: second[1]}


@first_of(3)
@pytest.mark.parametrize(("scenario", "order"), RUNS)
def test_one_fault_breaks_nothing(scenario: str, order: int, part: Part) -> None:
    plans: list[Plan] = [{number: kind} for number, kind in faults(run(scenario, {}, order))]

    assert broken(scenario, order, part.of(plans)) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(3 * 3600 if ALL else 120)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("scenario", "order"), RUNS)
def test_two_faults_break_nothing(scenario: str, order: int, part: int) -> None:
    random = Random(f"{scenario} {order}")

    def firsts(found: Found) -> Found:
        return found[part :: len(PARTS)] if ALL else sample(found, SAMPLED_FIRST)

    def seconds(found: Found) -> Found:
        return found if ALL else sample(found, SAMPLED_SECOND)

    def sample(found: Found, number: int) -> Found:
        return random.sample(found, min(number, len(found)))

    assert broken(scenario, order, pairs(scenario, order, firsts, seconds)) == []


def test_a_request_whose_claim_may_exist_is_not_handed_to_the_queue() -> None:
    """The first invocation crashed with its claims, and the second one has no time for all."""
    scenario = "a large direct call"
    last = max(n for n, step in enumerate(run(scenario, {})) if step.name == "endpoint.invoke")

    steps = run(scenario, {last: Kind.CRASH_BEFORE})

    again = next(n for n, step in enumerate(steps) if n > last and step.name == "ledger.claim")
    run(scenario, {last: Kind.CRASH_BEFORE, again: Kind.SLOW})


def test_a_relay_that_crashes_at_every_step_is_found() -> None:
    with pytest.raises(Broken, match="work is left"):
        run("a direct call", dict.fromkeys(range(10_000), Kind.CRASH_BEFORE))
