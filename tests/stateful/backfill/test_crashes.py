"""Backfills of which any call crashes or has no answer, and those that are killed at random."""

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest
from relay.backfill.record import BackfillState
from relay.errors import TransientError, Unanswered

from tests.stateful.backfill.world import BackfillWorld, check_each_has_one_result, keys
from tests.stateful.moments import Moments
from tests.support.fakes.ports import Crash
from tests.support.parts import Part, first_of

STEPS = (
    "store.read",
    "store.write",
    "listing.page",
    "schedule.enable",
    "schedule.disable",
    "backlog.messages",
    "ledger.look_up",
    "queues.send",
)


def scenario(world: BackfillWorld) -> None:
    """A backfill from its preview to the end of its repetition, by a caller who insists."""
    world.listing.put(*keys(40))
    world.fails = {keys(40)[7]}
    world.insist("preview")
    world.insist("start", name="a")
    world.pass_minutes(2)
    world.insist("pause", name="a")
    world.pass_minutes(1)
    world.insist("resume", name="a")
    assert world.run("a")["ended"]["failed"] == 1
    world.fails.clear()
    world.insist("retry_failed", name="a")
    assert world.run("a")["ended"]["completed"] == 40
    world.pass_minutes(3)


def check_scenario(world: BackfillWorld) -> None:
    assert world.inferred == {**dict.fromkeys(keys(40), 1), keys(40)[7]: 2}
    assert set(world.results.values()) == {1}
    assert len(world.results) == 41
    assert not world.schedule.enabled
    backfill = world.store.load("a")
    assert backfill is not None
    assert backfill.state is BackfillState.COMPLETED


def own_steps(world: BackfillWorld) -> Iterator[tuple[str, int]]:
    """The steps of a scenario, each with its number among those of its name."""
    counts = dict.fromkeys(STEPS, 0)
    for step in world.faults.steps:
        if step in counts:
            counts[step] += 1
            yield step, counts[step]


def test_the_scenario_ends_well_without_faults(world: BackfillWorld) -> None:
    scenario(world)

    check_scenario(world)
    assert len(world.events) == 2


@first_of(4)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_call_loses_and_repeats_nothing(step: str, after: bool, part: Part) -> None:
    plain = BackfillWorld()
    scenario(plain)
    numbers = [number for name, number in own_steps(plain) if name == step]
    # Of many calls of one kind, the first ones and a sample of the others.
    chosen = [*numbers[:8], *islice(numbers, 8, None, 13)]
    for number in part.of(chosen):
        world = BackfillWorld()
        world.faults.plan(step, Crash(), nth=number, after=after)
        scenario(world)
        check_scenario(world)


@first_of(4)
@pytest.mark.parametrize("error", [TransientError("throttled"), Unanswered("no answer")])
@pytest.mark.parametrize("step", STEPS)
def test_a_call_without_an_answer_loses_and_repeats_nothing(
    step: str, error: TransientError, part: Part
) -> None:
    plain = BackfillWorld()
    scenario(plain)
    numbers = [number for name, number in own_steps(plain) if name == step]
    for number in part.of(numbers[:8]):
        world = BackfillWorld()
        world.faults.plan(step, error, nth=number, after=isinstance(error, Unanswered))
        scenario(world)
        check_scenario(world)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_backfill_that_is_killed_at_random_points_gives_each_object_one_result(
    seed: int,
) -> None:
    random = Random(seed)
    world = BackfillWorld(per_minute=40, faults=(moments := Moments()))
    world.listing.put(*keys(400))
    world.fails = set(random.sample(keys(400), 20))
    world.insist("start", name="a")
    while world.insist("status", name="a")["state"] != "completed":
        for _ in range(random.randint(0, 2)):
            after = random.random() < 0.5
            world.faults.plan(random.choice(STEPS), Crash(), nth=random.randint(1, 4), after=after)
            world.tick()
        if random.random() < 0.1:
            world.insist("pause", name="a")
            world.insist("resume", name="a")
        world.pass_minutes(1)

    status = world.call("status", name="a")
    assert moments.fired > 10
    assert (status["ended"]["completed"], status["ended"]["failed"]) == (380, 20)
    check_each_has_one_result(world, keys(400))
