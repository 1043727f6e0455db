"""The schedule of backfills, with a start or another run between any two of its calls."""

from functools import partial

import pytest
from relay.backfill.schedule import DISABLING
from relay.errors import TransientError

from tests.stateful.backfill.world import BackfillWorld, check_each_has_one_result, keys
from tests.stateful.moments import Moments
from tests.support.fakes.ports import Crash


class TestTheSchedule:
    def test_is_not_disabled_after_something_was_started(self, world: BackfillWorld) -> None:
        """A run that found nothing to do is overtaken by a start between any two of its calls."""
        for nth in range(1, 6):
            world = BackfillWorld(faults=Moments())
            world.schedule.enabled = True
            world.listing.put(*keys(3))
            refused: list[TransientError] = []

            def start(
                world: BackfillWorld = world, refused: list[TransientError] = refused
            ) -> None:
                try:
                    world.call("start", name="a")
                except TransientError as error:
                    refused.append(error)

            assert isinstance(world.faults, Moments)
            world.faults.plan_meanwhile(start, nth=nth)
            world.tick()
            if refused:
                world.insist("start", name="a")

            assert world.schedule.enabled, nth
            assert world.run("a")["state"] == "completed"

    def test_may_be_disabled_by_a_run_that_crashed_and_is_enabled_by_a_start(
        self, world: BackfillWorld
    ) -> None:
        world.schedule.enabled = True
        world.faults.plan("schedule.disable", Crash(), after=True)
        world.tick()
        assert not world.schedule.enabled

        with pytest.raises(TransientError, match="repeat the call in a minute"):
            world.call("start", name="a")
        world.advance(DISABLING.total_seconds() + 1)
        world.call("start", name="a")

        assert world.schedule.enabled

    def test_that_runs_twice_at_a_time_sends_nothing_twice(self, world: BackfillWorld) -> None:
        for nth in range(1, 12):
            world = BackfillWorld(faults=Moments())
            world.listing.put(*keys(30))
            world.call("start", name="a")
            assert isinstance(world.faults, Moments)
            world.faults.plan_meanwhile(partial(_tick, world), nth=nth)

            world.run("a")

            check_each_has_one_result(world, keys(30))


def _tick(world: BackfillWorld) -> None:
    world.tick()
