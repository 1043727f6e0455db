"""Backfills on a slow endpoint, for which a run sends for some minutes ahead."""

import json
from datetime import timedelta
from random import Random

import pytest
from relay.backfill.pace import MOST_MINUTES_AHEAD
from relay.backfill.record import Backfill

from tests.stateful.backfill.world import BackfillWorld, check_each_has_one_result, keys
from tests.stateful.moments import Moments
from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.parts import Part, first_of
from tests.support.samples import SUBMIT_QUEUE

PER_MINUTE = 48
# What may be on its way when the endpoint changes: what was sent ahead, and the target.
MOST_WAITING = (MOST_MINUTES_AHEAD + 1) * PER_MINUTE


@pytest.fixture
def world() -> BackfillWorld:
    return steady_world()


def steady_world(objects: int = 600, faults: Moments | None = None) -> BackfillWorld:
    """A backfill of which a run has just sent for several minutes."""
    world = BackfillWorld(PER_MINUTE, faults)
    world.listing.put(*keys(objects))
    world.call("start", name="a")
    for _ in range(20):
        world.pass_minutes(1)
        if record(world).pace.planned_until is not None:
            return world
    raise AssertionError("the backfill never sent ahead")


def record(world: BackfillWorld) -> Backfill:
    found = world.store.load("a")
    assert found is not None
    return found


def has_ended(world: BackfillWorld, key: str) -> bool:
    attempts = [each.attempt for each in world.endpoint.invocations]
    found = [each for each in attempts if each.location and each.location.key == key]
    return bool(found) and found[0] not in world.running


class TestAPaceThatIsSteady:
    def test_needs_a_run_every_few_minutes(self) -> None:
        world = steady_world(2_000)
        ticks, writes, pages = world.ticks, world.store.writes, world.listing.pages

        world.pass_minutes(30)

        assert world.ticks - ticks == 30
        assert world.store.writes - writes <= 12
        assert world.listing.pages - pages <= 16

    def test_keeps_the_endpoint_busy(self) -> None:
        world = steady_world(2_000)
        before = len(world.results)

        world.pass_minutes(30)

        assert len(world.results) - before >= 0.97 * 30 * PER_MINUTE
        assert world.most_running < 2 * PER_MINUTE
        assert world.oldest < timedelta(minutes=2)

    def test_ends_with_one_result_for_each_object(self, world: BackfillWorld) -> None:
        assert world.run("a")["ended"]["completed"] == 600

        check_each_has_one_result(world, keys(600))


class TestAChangeOfThePace:
    @pytest.mark.parametrize("per_minute", [24, 6])
    def test_to_a_slower_one_lets_no_more_wait_than_was_sent_ahead(
        self, world: BackfillWorld, per_minute: float
    ) -> None:
        world.per_minute = per_minute

        assert world.run("a")["ended"]["completed"] == 600
        assert world.most_running < MOST_WAITING
        assert world.oldest < timedelta(minutes=MOST_WAITING / per_minute)
        check_each_has_one_result(world, keys(600))

    def test_to_a_faster_one_is_followed(self) -> None:
        world = steady_world(4_000)
        world.per_minute = 4 * PER_MINUTE

        # 83 minutes at the pace before.
        assert world.run("a", minutes=35)["ended"]["completed"] == 4_000
        check_each_has_one_result(world, keys(4_000))

    def test_to_none_sends_nothing_more_and_nothing_expires(self, world: BackfillWorld) -> None:
        world.per_minute = 0

        world.pass_minutes(MOST_MINUTES_AHEAD + 1)
        sent = record(world).sent.objects
        world.pass_minutes(45)

        assert record(world).sent.objects == sent
        assert len(world.running) < MOST_WAITING
        world.per_minute = PER_MINUTE
        assert world.run("a")["ended"]["completed"] == 600
        check_each_has_one_result(world, keys(600))

    def test_that_varies_leaves_no_object_out(self) -> None:
        world, random = steady_world(1_500), Random(1)

        while world.insist("status", name="a")["state"] == "running":
            world.per_minute = PER_MINUTE * random.choice([0.2, 0.8, 1, 1, 1.2, 3])
            world.pass_minutes(random.randint(1, 6))

        assert record(world).ended.completed == 1_500
        check_each_has_one_result(world, keys(1_500))


class TestACall:
    @pytest.mark.parametrize("verb", ["pause", "cancel"])
    def test_that_stops_a_backfill_lets_what_was_sent_ahead_end(
        self, world: BackfillWorld, verb: str
    ) -> None:
        sent = world.call(verb)["sent"]

        world.pass_minutes(MOST_MINUTES_AHEAD + 2)

        assert len(world.inferred) == len(world.results) == sent
        assert not world.schedule.enabled
        assert not world.running

    def test_disables_the_schedule_within_a_minute(self, world: BackfillWorld) -> None:
        world.call("cancel")

        world.pass_minutes(1)

        assert not world.schedule.enabled

    def test_that_resumes_takes_effect_in_the_next_minute(self, world: BackfillWorld) -> None:
        world.call("pause")
        resumed_at = world.clock.now()

        world.call("resume")
        world.pass_minutes(1.1)

        measured_at = record(world).pace.measured_at
        assert measured_at is not None
        assert measured_at >= resumed_at
        assert world.run("a")["ended"]["completed"] == 600
        check_each_has_one_result(world, keys(600))


def test_uploads_go_before_what_was_sent_ahead(world: BackfillWorld) -> None:
    waits = []
    for number in range(20):
        key = f"inputs/live-{number}.csv"
        world.queues.put(SUBMIT_QUEUE, json.dumps(samples.upload(key)))
        begun = world.clock.now()
        while not has_ended(world, key):
            world.pass_minutes(1 / 12)
        waits.append(world.clock.now() - begun)

    # Behind the requests that keep the endpoint busy, and not behind those of some minutes.
    assert max(waits) <= timedelta(seconds=60)
    assert sorted(waits)[10] <= timedelta(seconds=30)


@first_of(3)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "step",
    [
        "store.read",
        "store.write",
        "listing.page",
        "backlog.messages",
        "ledger.look_up",
        "queues.send",
    ],
)
def test_a_crash_while_a_run_sends_ahead_repeats_nothing(
    step: str, after: bool, part: Part
) -> None:
    for nth in part.of(range(1, 4)):
        world = steady_world(400, moments := Moments())
        world.faults.plan(step, Crash(), nth=nth, after=after)

        assert world.run("a")["ended"]["completed"] == 400
        assert moments.fired, nth
        check_each_has_one_result(world, keys(400))
