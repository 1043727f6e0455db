"""Runs of scenarios with faults or overlaps, and which of them there are."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from tests.endpoint_faults.invariants import check, watch
from tests.endpoint_faults.overlaps import Overlap
from tests.endpoint_faults.scenarios import SCENARIOS
from tests.endpoint_faults.simulation import SURROUNDINGS, Simulation
from tests.support.aws_fake.faults import Kind

Plan = Mapping[int, Kind]

# Faults after which a call is repeated, and nothing else is different.
_REPEATABLE: Final = frozenset(Kind) - {Kind.DENIED, Kind.DENIED_LONG, Kind.SCALED_IN}

COMPANIONS: Final = ("sweep", "again", "event", "deploy")
# Calls that the second invocation makes before the first one goes on.
_MOST_CALLS_BESIDE: Final = 6
# Calls of invocations that find nothing to do, behind the last one that does.
_LOOKS: Final = 6
_SEEDS: Final = range(2)


@dataclass(frozen=True)
class Run:
    """What is run. Its text is what `python -m tests.endpoint_faults` takes."""

    scenario: str
    surroundings: str = "prompt"
    plan: Plan = field(default_factory=dict)
    overlap: Overlap | None = None

    def __str__(self) -> str:
        faults = [f"{number}={kind}" for number, kind in sorted(self.plan.items())]
        beside = [str(self.overlap)] if self.overlap else []
        return " ".join([f'"{self.scenario}" {self.surroundings}', *faults, *beside])


@dataclass(frozen=True)
class Ended:
    """`broken` are the invariants that do not hold."""

    run: Run
    sim: Simulation
    broken: tuple[str, ...]

    def __str__(self) -> str:
        made = self.sim.account.calls.made
        hit = [
            f"{made[number].operation} {made[number].subject}"
            for number in sorted(self.run.plan)
            if number < len(made)
        ]
        where = f" ({', '.join(hit)})" if hit else ""
        return f"{self.run}{where}: {'; '.join(self.broken)}"

    @property
    def log(self) -> str:
        return "\n".join(self.sim.account.calls.log)


def play(run: Run) -> Ended:
    """Run a scenario until nothing more happens, and check the invariants."""
    scenario = SCENARIOS[run.scenario]
    sim = Simulation(run.plan, SURROUNDINGS[run.surroundings], run.overlap)
    sim.beside = scenario.beside
    broken = watch(sim, scenario)
    try:
        sim.run(scenario.play(sim))
    except AssertionError as error:
        broken.append(str(error))
    broken += check(sim, scenario, list(run.plan.values()))
    return Ended(run, sim, tuple(dict.fromkeys(broken)))


@cache
def without_faults(scenario: str, surroundings: str) -> Ended:
    return play(Run(scenario, surroundings))


def compared(run: Run) -> Ended:
    """The run, also with what differs from the run without its faults and must not."""
    ended, before = play(run), without_faults(run.scenario, run.surroundings)
    if run.overlap or not _REPEATABLE.issuperset(run.plan.values()):
        return ended
    updates, once = (Counter(each.sim.account.sagemaker.updates) for each in (ended, before))
    again = tuple(
        f"the update to {config} began {times} times"
        for config, times in updates.items()
        if times > max(1, once[config])
    )
    return replace(ended, broken=ended.broken + again)


def broken_by(run: Run) -> Ended | None:
    """The run, where it breaks what holds without its faults."""
    ended = compared(run)
    before = without_faults(run.scenario, run.surroundings).broken
    return ended if set(ended.broken) - set(before) else None


def single_faults(scenario: str, surroundings: str) -> Iterator[Run]:
    """Every kind of fault at every call."""
    sim = without_faults(scenario, surroundings).sim
    for number in range(sim.first, _end(sim)):
        for kind in _kinds(sim):
            yield Run(scenario, surroundings, {number: kind})


def second_faults(first: Run) -> Iterator[Run]:
    """Every kind of fault at every call after the first fault."""
    sim = play(first).sim
    for number in range(max(first.plan) + 1, _end(sim)):
        for kind in _kinds(sim):
            yield Run(first.scenario, first.surroundings, {**first.plan, number: kind})


def _kinds(sim: Simulation) -> list[Kind]:
    return [
        each for each in Kind if each is not Kind.SCALED_IN or sim.account.autoscaling.ever_scaled
    ]


def _end(sim: Simulation) -> int:
    """Behind the last call that changed something, and a few that only look."""
    changing = [call.number for call in sim.account.calls.made if call.changes]
    return min(len(sim.account.calls.made), max(changing, default=0) + _LOOKS)


def overlaps(scenario: str, surroundings: str) -> Iterator[Run]:
    """A second invocation beside every one that does more than look, with every handover."""
    sim = without_faults(scenario, surroundings).sim
    for number in sim.function.active:
        if number < sim.first_invocation:
            continue
        turns: list[tuple[int, ...]] = [()]
        for mine in range(sim.function.calls_of[number] + 1):
            turns.append((mine,))
            turns += [(mine, beside) for beside in range(1, _MOST_CALLS_BESIDE + 1)]
        for companion in COMPANIONS:
            ways = [Overlap(number, companion, each) for each in turns]
            ways += [Overlap(number, companion, seed=seed) for seed in _SEEDS]
            yield from (Run(scenario, surroundings, {}, each) for each in ways)
