"""Backfills beside uploads, and of buckets that change."""

import json

from tests.stateful.backfill.world import BackfillWorld, keys
from tests.support import samples
from tests.support.fakes.backfill import DEPLOYED_AT
from tests.support.samples import SUBMIT_QUEUE


class TestUploads:
    def test_since_the_deployment_have_their_own_requests(self, world: BackfillWorld) -> None:
        world.listing.put("inputs/old.csv")
        world.listing.put("inputs/new.csv", modified_at=DEPLOYED_AT)

        preview = world.call("preview")
        world.call("start", name="a")
        status = world.run("a")

        assert (preview["objects"], preview["left_out"], status["left_out"]) == (1, 1, 1)
        assert list(world.inferred) == ["inputs/old.csv"]

    def test_are_taken_too_where_the_call_says_so(self, world: BackfillWorld) -> None:
        world.listing.put("inputs/new.csv", modified_at=DEPLOYED_AT)

        world.call("start", name="a", modified_to=world.clock.now().isoformat())
        world.run("a")

        assert list(world.inferred) == ["inputs/new.csv"]

    def test_go_before_the_messages_of_a_backfill(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(1_000))
        world.call("start", name="a", seconds_per_inference=0.05)
        world.tick()
        world.queues.put(SUBMIT_QUEUE, json.dumps(samples.upload("inputs/live.csv")))
        world.clock.advance(46)  # all delays are over

        world.deliver_to_submit()

        invoked = [each.request.location for each in world.endpoint.invocations]
        assert invoked[0] is not None
        assert invoked[0].key == "inputs/live.csv"

    def test_that_wait_in_the_queue_go_first(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(10))
        world.backlog.others = 1_001
        world.call("start", name="a")

        world.pass_minutes(2)

        assert not world.inferred
        assert "SubmitQueue has 1,001 messages" in world.call("status")["problem"]


class TestChangesOfTheBucket:
    def test_an_object_that_is_deleted_after_it_was_sent_is_in_no_count(
        self, world: BackfillWorld
    ) -> None:
        world.listing.put(*keys(5))
        world.call("start", name="a")
        world.pass_minutes(1)
        world.listing.delete(keys(5)[2])

        status = world.run("a")

        assert (status["sent"], status["ended"]["completed"]) == (5, 4)
        assert set(world.results.values()) == {1}

    def test_an_object_that_was_not_listed_in_time_is_unknown_at_the_end(
        self, world: BackfillWorld
    ) -> None:
        world.listing.put(*keys(5))
        world.call("start", name="a")
        world.pass_minutes(1)
        world.listing.put("inputs/00000-before.csv")

        status = world.run("a")

        assert (status["sent"], status["ended"]["unknown"]) == (5, 1)

    def test_another_backfill_of_the_same_versions_infers_nothing(
        self, world: BackfillWorld
    ) -> None:
        world.listing.put(*keys(5))
        world.call("start", name="a")
        world.run("a")
        world.listing.put(keys(5)[0], etag="e2")

        world.call("start", name="b")
        status = world.run("b")

        assert status["ended"]["completed"] == 5
        assert world.inferred == {**dict.fromkeys(keys(5), 1), keys(5)[0]: 2}
