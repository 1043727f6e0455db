"""Backfills whose requests fail, and those that cannot go on."""

import json

import pytest
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.model import AttemptState
from relay.reconcile.status import status

from tests.stateful.backfill.world import BackfillWorld, check_each_has_one_result, keys
from tests.stateful.world import ARCHIVE, Call

FAILED = AttemptState.FAILED


class TestFailures:
    def test_of_the_model_are_counted_and_run_again(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(50))
        world.fails = set(keys(50)[10:20])
        world.call("start", name="a")
        assert world.run("a")["ended"]["failed"] == 10
        world.fails = set(keys(50)[10:12])

        assert world.call("retry_failed", name="a")["repetition"] == 1
        status = world.run("a")

        assert status["ended"] == {
            "completed": 48,
            "failed": 2,
            "expired": 0,
            "rejected": 0,
            "unknown": 0,
        }
        assert (status["sent"], status["objects"]) == (10, 50)
        assert {key: number for key, number in world.inferred.items() if number > 1} == (
            dict.fromkeys(keys(50)[10:20], 2)
        )
        assert len(world.events) == 2
        world.fails = set()
        world.call("retry_failed", name="a")
        assert world.run("a")["ended"]["completed"] == 50
        assert world.inferred.total() == 50 + 10 + 2
        with pytest.raises(PermanentError, match="'a' has no failed request"):
            world.call("retry_failed", name="a")

    def test_end_in_resubmissions_that_name_the_request_before(self, world: BackfillWorld) -> None:
        (key,) = keys(1)
        world.listing.put(key)
        world.fails = {key}
        world.call("start", name="a")
        world.run("a")
        world.call("retry_failed", name="a")
        world.run("a")
        world.fails.clear()
        world.call("retry_failed", name="a")

        world.run("a")

        results = world.queues.delivered(ARCHIVE)
        first, second, third = (json.loads(result.body)["data"] for result in results)
        assert [each["outcome"] for each in (first, second, third)] == [
            "failed",
            "failed",
            "completed",
        ]
        assert "resubmission_of" not in first
        assert second["resubmission_of"] == first["request_id"]
        assert third["resubmission_of"] == second["request_id"]
        assert status(first["request_id"], world.ledger).resubmitted_as == second["request_id"]

    def test_that_a_person_has_resubmitted_are_not_run_again(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(3))
        world.fails = set(keys(2))
        world.call("start", name="a")
        world.run("a")
        world.fails.clear()
        failed = [name for name, state in world.ledger.states.items() if state is FAILED]
        world.call_submit(Call({"resubmission_of": failed[0]}, "by-hand"))
        world.pass_minutes(1)

        world.call("retry_failed", name="a")

        assert world.run("a")["ended"]["completed"] == 3
        assert world.inferred == {keys(3)[0]: 2, keys(3)[1]: 2, keys(3)[2]: 1}
        assert set(world.results.values()) == {1}

    def test_that_pass_are_tried_again_in_the_next_minute(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(20))
        world.call("start", name="a")
        world.faults.plan("listing.page", TransientError("SlowDown"))

        report = world.tick()

        assert isinstance(report.failure, TransientError)
        assert world.run("a")["ended"]["completed"] == 20

    def test_that_do_not_pass_pause_the_backfill_and_say_why(self, world: BackfillWorld) -> None:
        world.listing.put(*keys(20))
        world.call("start", name="a")
        world.listing.trouble = AccessDenied("list s3://b/inputs/: AccessDenied: not authorized")

        report = world.tick()

        assert report.failure is world.listing.trouble
        status = world.call("status", name="a")
        assert (status["state"], "not authorized" in status["problem"]) == ("paused", True)
        assert "resume" in status["next_step"]
        world.listing.trouble = None
        world.call("resume", name="a")
        assert world.run("a")["ended"]["completed"] == 20

    def test_a_message_that_is_not_taken_ends_the_page_before_it(
        self, world: BackfillWorld
    ) -> None:
        world.listing.put(*keys(20))
        world.call("start", name="a")
        world.faults.plan("queues.send", TransientError("RequestThrottled"), nth=4)

        report = world.tick()

        assert isinstance(report.failure, TransientError)
        assert world.call("status")["sent"] == 3
        world.run("a")
        check_each_has_one_result(world, keys(20))
