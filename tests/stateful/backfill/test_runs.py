"""Backfills from start to end, with submit, the endpoint, route and time around them."""

import json
from datetime import timedelta

from relay.errors import TransientError

from tests.stateful.backfill.world import BackfillWorld, check_each_has_one_result, keys
from tests.support import samples
from tests.support.fakes.backfill import LONG_AGO

ODD_KEYS = [
    "inputs/a b+c%2Bd.csv",
    "inputs/größe/大.csv",
    "inputs/\U0001f600.csv",
    "inputs/\uffee.csv",
    "inputs/x/../y.csv",
    "inputs/control\x01.csv",
    "inputs/" + "k" * 1_017,
]


class TestARun:
    def test_gives_each_object_one_result_and_ends(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(2_000))
        world.call("start", name="a")

        status = world.run("a")

        assert status["state"] == "completed"
        assert status["percent"] == 100
        assert (status["objects"], status["bytes"], status["sent"]) == (2_000, 24_000, 2_000)
        assert status["ended"]["completed"] == 2_000
        check_each_has_one_result(world, keys(2_000))

    def test_publishes_one_event_at_its_end(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(30))
        world.call("start", name="a")
        world.pass_minutes(1)
        assert world.events == []

        world.run("a")
        world.pass_minutes(5)

        (event,) = map(json.loads, world.events)
        assert (event["stack"], event["name"], event["state"]) == ("relay", "a", "completed")
        assert event["ended"]["completed"] == 30

    def test_disables_the_schedule_at_its_end(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(5))
        world.call("start", name="a")
        assert world.schedule.enabled

        world.run("a")
        world.pass_minutes(2)

        assert not world.schedule.enabled

    def test_of_no_object_ends_at_once(self, world: BackfillWorld) -> None:
        world.call("start", name="a")

        status = world.run("a")

        assert (status["state"], status["objects"], world.ticks) == ("completed", 0, 1)

    def test_sends_no_more_than_the_endpoint_ends_in_about_a_minute(self) -> None:
        world = BackfillWorld(per_minute=60)
        world.listing.put(*keys(600))
        world.call("start", name="a")

        world.run("a")

        assert world.most_running <= 60
        assert world.oldest < timedelta(minutes=2)

    def test_sends_nothing_while_the_endpoint_is_away(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(600))
        world.endpoint.trouble = TransientError("the endpoint is being created")
        world.call("start", name="a")

        world.pass_minutes(120)

        status = world.call("status", name="a")
        assert status["sent"] == 10
        assert "have not ended" in status["problem"]
        world.endpoint.trouble = None
        assert world.run("a")["ended"]["completed"] == 600
        check_each_has_one_result(world, keys(600))

    def test_takes_odd_keys(self, world: BackfillWorld) -> None:
        world.listing.put(*ODD_KEYS, "inputs/folder/")
        world.listing.put("inputs/empty/", size=0)
        world.call("start", name="a")

        status = world.run("a")

        # A key with a ".." segment, with a control character or with 1,024 bytes is rejected.
        assert status["ended"] == {
            "completed": 5,
            "failed": 0,
            "expired": 0,
            "rejected": 3,
            "unknown": 0,
        }
        assert set(world.results.values()) == {1}
        assert len(world.results) == 8

    def test_takes_what_its_selection_names(self, world: BackfillWorld) -> None:
        world.listing.put("inputs/a/1.csv", "inputs/a/2.json", "inputs/b/1.csv", size=100)
        world.listing.put("inputs/a/large.csv", size=1_001)
        world.listing.put("inputs/a/old.csv", modified_at=LONG_AGO - timedelta(days=1), size=100)

        world.call(
            "start",
            name="a",
            prefix="inputs/a/",
            suffix=".csv",
            max_bytes=1_000,
            modified_from=LONG_AGO.isoformat(),
        )
        world.run("a")

        assert list(world.inferred) == ["inputs/a/1.csv"]

    def test_applies_the_defaults_of_prefixes(self) -> None:
        world = BackfillWorld()
        world.listing.put("inputs/a.csv")
        defaults = {"INPUT_DEFAULTS": '{"inputs/": {"content_type": "text/x"}}'}
        settings = samples.backfill_settings(**defaults)
        world.backfilling._sending._inputs = settings.inputs
        world.call("start", name="a")

        world.run("a")

        (submission,) = world.endpoint.invocations
        assert submission.request.content_type == "text/x"

    def test_of_a_further_bucket_takes_all_of_it(self, world: BackfillWorld) -> None:
        world.submit._settings = samples.submit_settings(
            BACKFILL_BUCKET_ARNS="arn:aws:s3:::archive"
        )
        world.listing.put("2019/a.csv", bucket="archive")
        world.call("start", name="a", bucket="archive")

        status = world.run("a")

        assert status["ended"]["completed"] == 1
        assert set(world.results.values()) == {1}
