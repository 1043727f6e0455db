"""Direct calls about backfills."""

import pytest
from relay.errors import PermanentError

from tests.stateful.backfill.world import BackfillWorld, check_each_has_one_result, keys
from tests.support.fakes.backfill import DEPLOYED_AT


class TestACall:
    def test_starts_one_backfill_however_often_it_is_repeated(self, world: BackfillWorld) -> None:
        first = world.call("start", name="a", prefix="inputs/x/")

        assert world.call("start", name="a", prefix="inputs/x/") == first
        with pytest.raises(PermanentError, match="'a' exists and is running"):
            world.call("start", name="a", prefix="inputs/y/")
        with pytest.raises(PermanentError, match="'a' runs, and one runs at a time"):
            world.call("start", name="b")

    def test_without_a_name_starts_one_that_is_named_after_the_time(
        self, world: BackfillWorld
    ) -> None:
        assert world.call("start")["name"] == "20261120-120000"

    def test_pauses_and_resumes(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(100))
        world.call("start", name="a")
        world.pass_minutes(1)

        paused = world.call("pause")
        world.pass_minutes(5)

        assert (paused["state"], world.call("pause")["state"]) == ("paused", "paused")
        assert not world.schedule.enabled
        assert world.call("status")["sent"] == 10
        world.call("start", name="b", prefix="inputs/none/")
        world.run("b")
        world.call("resume", name="a")
        assert world.run("a")["ended"]["completed"] == 100
        check_each_has_one_result(world, keys(100))

    def test_cancels_for_good(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(100))
        world.call("start", name="a")
        world.pass_minutes(1)

        world.call("cancel")
        world.pass_minutes(5)

        assert world.call("cancel")["state"] == "cancelled"
        assert len(world.inferred) == 10
        assert (world.events, world.schedule.enabled) == ([], False)
        for verb, done in (("pause", "paused"), ("resume", "resumed")):
            with pytest.raises(PermanentError, match=f"is cancelled and cannot be {done}"):
                world.call(verb)
        with pytest.raises(PermanentError, match="never completes; resubmit its failed requests"):
            world.call("retry_failed")

    def test_lists_the_newest_first(self, world: BackfillWorld) -> None:
        for name in ("a", "b"):
            world.call("start", name=name)
            world.run(name)

        assert [each["name"] for each in world.call("list")["backfills"]] == ["b", "a"]
        assert world.call("status")["name"] == "b"

    def test_refuses_names_that_no_backfill_has(self, world: BackfillWorld) -> None:
        with pytest.raises(PermanentError, match="there is no backfill; start one"):
            world.call("status")
        world.call("start", name="a")
        with pytest.raises(PermanentError, match="there is no backfill 'b'; known are: a"):
            world.call("pause", name="b")

    def test_refuses_times_that_select_nothing_or_too_much(self, world: BackfillWorld) -> None:
        with pytest.raises(PermanentError, match="modified_to is in the future"):
            world.call("start", modified_to="2099-01-01")
        with pytest.raises(PermanentError, match="modified_from is not before"):
            world.call("start", modified_from=DEPLOYED_AT.isoformat())

    def test_previews_in_parts_that_add_up(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(2_500))
        world.listing.seconds = 14  # of the 42 that an invocation has

        speed = {
            "seconds_per_inference": 6,
            "concurrent_invocations": 4,
            "instance_dollars_per_hour": 0.115,
        }
        part = world.call("preview", **speed)
        whole = world.call("preview", **speed, next=part["next"])

        assert (part["complete"], part["objects"]) == (False, 2_000)
        assert (whole["complete"], whole["objects"], "next" in whole) == (True, 2_500, False)
        # 2,500 of 6 s, four at a time, are 62.5 minutes of one instance at $0.115 an hour.
        assert whole["hours"] == 1.04
        assert whole["dollars"] == {"requests": 0.02, "instances": 0.12, "total": 0.14}
        assert whole["within_ttl"] == 40 * 60 * 6
        assert "an inference takes 6 s, and 1 instance infers 4 at a time" in whole["assumed"]

    def test_previews_with_the_speed_of_the_last_backfill(self) -> None:
        world = BackfillWorld(per_minute=60)
        world.listing.put(*keys(300))
        world.call("start", name="a")
        world.run("a")

        preview = world.call("preview")

        assert preview["hours"] == pytest.approx(300 / 60 / 60, abs=0.02)
        assert any("as it did last time" in text for text in preview["assumed"])
