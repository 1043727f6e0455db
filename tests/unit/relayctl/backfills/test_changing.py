"""`relayctl backfill pause`, `resume`, `cancel` and `retry-failed`."""

import pytest

from tests.stateful.backfill.world import keys
from tests.support.relayctl.backfills import CalledBackfills
from tests.support.relayctl.commands import Commands, words

pytestmark = pytest.mark.usefixtures("started")


def state(world: CalledBackfills) -> object:
    return world.call("status", name="a")["state"]


def test_a_pause_lasts_until_resume(world: CalledBackfills, relayctl: Commands) -> None:
    ended = relayctl("backfill", "pause")

    assert (ended.exit, state(world)) == (0, "paused")
    assert "a is paused. Next: relayctl backfill resume a" in words(ended.out)

    ended = relayctl("backfill", "resume", "a", "--json")

    assert (ended.exit, ended.document["state"], state(world)) == (0, "running", "running")
    assert world.members("resume") == [{"name": "a"}]


def test_a_refusal_is_an_error(world: CalledBackfills, relayctl: Commands) -> None:
    world.call("cancel")

    ended = relayctl("backfill", "resume")

    assert ended.exit == 3
    assert "backfill 'a' is cancelled and cannot be resumed" in words(ended.err)


class TestCancel:
    def test_asks_with_the_name_and_what_was_sent(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        ended = relayctl("backfill", "cancel")

        assert (ended.exit, state(world)) == (2, "running")
        assert "Cancel a for good, after 10 of 100 requests?" in words(ended.err)

    def test_cancels_the_one_that_was_asked_about(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        ended = relayctl("backfill", "cancel", "--yes", "--json")

        assert (ended.exit, ended.document["state"], state(world)) == (0, "cancelled", "cancelled")
        assert world.members("cancel") == [{"name": "a"}]

    def test_asks_nothing_about_what_is_cancelled(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        world.call("cancel")

        assert relayctl("backfill", "cancel").exit == 0


class TestRetryFailed:
    def test_asks_with_the_number(self, world: CalledBackfills, relayctl: Commands) -> None:
        world.fails.update(keys(100)[-3:])
        world.run("a")

        ended = relayctl("backfill", "retry-failed")

        assert (ended.exit, world.members("retry_failed")) == (2, [])
        assert "Resubmit 3 requests of a?" in words(ended.err)

    def test_resubmits_what_failed(self, world: CalledBackfills, relayctl: Commands) -> None:
        world.fails.update(keys(100)[-3:])
        world.run("a")
        world.fails.clear()

        ended = relayctl("backfill", "retry-failed", "--yes", "--json")

        assert (ended.exit, ended.document["repetition"]) == (0, 1)
        assert world.run("a")["ended"]["completed"] == 100
        assert sum(world.inferred.values()) == 103

    def test_is_refused_before_the_end(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "retry-failed")

        assert ended.exit == 3
        assert "can be resubmitted when it is completed" in words(ended.err)
