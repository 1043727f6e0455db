"""The endpoint's life on a fake AWS, with faults at its calls, and with two invocations at a time.

`RELAY_FAULTS=all` tries every fault at every call, where CloudFormation and SageMaker answer
promptly, and larger samples of the rest. Other runs try a sample, which a seed fixes.
"""

import os
from collections.abc import Iterable
from random import Random

import pytest

from tests.endpoint_faults.matrix import (
    Run,
    broken_by,
    overlaps,
    second_faults,
    single_faults,
    without_faults,
)
from tests.endpoint_faults.scenarios import SCENARIOS
from tests.endpoint_faults.simulation import SURROUNDINGS

ALL = os.environ.get("RELAY_FAULTS") == "all"
# How many of each test's runs are tried, without and with `RELAY_FAULTS=all`.
SINGLES, FIRSTS, SECONDS, OVERLAPS = (6, 150), (4, 30), (2, 6), (12, 200)
SHOWN = 12
REPEAT = "PYTHONPATH=layers/relay .venv/bin/python -m tests.endpoint_faults"
RUNS = [(scenario, around) for scenario in SCENARIOS for around in SURROUNDINGS]

pytestmark = pytest.mark.timeout(2 * 3600 if ALL else 120)


def sampled(runs: Iterable[Run], number: int, seed: str) -> list[Run]:
    found = list(runs)
    return Random(seed).sample(found, min(number, len(found)))


def require_unbroken(runs: Iterable[Run]) -> None:
    tried, first, found = 0, "", list[str]()
    for run in runs:
        tried += 1
        if ended := broken_by(run):
            first = first or ended.log
            found.append(str(ended))
    if found:
        fail(found, tried, first)


def fail(found: list[str], tried: int, log: str) -> None:
    """Print what to run again, and the calls of the first of them."""
    again = [f"{REPEAT} {each}" for each in found[:SHOWN]]
    head = f"{len(found)} of {tried} runs break an invariant:"
    pytest.fail("\n".join([head, *again, "", log]), pytrace=False)


@pytest.mark.parametrize(("scenario", "surroundings"), RUNS)
def test_a_scenario_ends_well(scenario: str, surroundings: str) -> None:
    ended = without_faults(scenario, surroundings)

    if ended.broken:
        fail([str(ended)], 1, ended.log)


@pytest.mark.parametrize(("scenario", "surroundings"), RUNS)
def test_one_fault_breaks_nothing(scenario: str, surroundings: str) -> None:
    runs = list(single_faults(scenario, surroundings))
    every = ALL and surroundings == "prompt"
    seed = f"{scenario} {surroundings}"

    require_unbroken(runs if every else sampled(runs, SINGLES[ALL], seed))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_faults_break_nothing(scenario: str) -> None:
    firsts = sampled(single_faults(scenario, "prompt"), FIRSTS[ALL], scenario)
    good = [run for run in firsts if broken_by(run) is None]

    require_unbroken(
        second for run in good for second in sampled(second_faults(run), SECONDS[ALL], str(run))
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_invocations_at_a_time_break_nothing(scenario: str) -> None:
    runs = overlaps(scenario, "prompt")

    require_unbroken(sampled(runs, OVERLAPS[ALL], scenario))
