"""Claims: whose a request is, and what becomes of the claim when something fails."""

from typing import Any

import pytest
from relay.delivery.report import Count, Level
from relay.errors import (
    PermanentError,
)
from relay.ids import attempt_id, request_id_of_caller
from relay.model import Attempt, AttemptState

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import DENIED, THROTTLED, logged, own_call, put, upload
from tests.support.samples import SUBMIT_QUEUE


class TestADuplicate:
    def test_in_another_message_is_acknowledged(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.deliver_to_submit()
        upload(pipeline, "inputs/a.csv")

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.DUPLICATE: 1}
        assert len(pipeline.endpoint.invocations) == 1
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0

    def test_in_the_same_batch_is_acknowledged(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv", "inputs/a.csv")

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.DUPLICATE: 1}
        assert len(pipeline.endpoint.invocations) == 1

    def test_in_the_same_batch_waits_in_the_first_message(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv", "inputs/a.csv")
        pipeline.endpoint.trouble = THROTTLED
        pipeline.deliver_to_submit()
        pipeline.endpoint.trouble = None
        pipeline.clock.advance(60)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1}

    def test_of_something_that_ended_long_ago_is_acknowledged(self, pipeline: FakePipeline) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        ended = samples.attempt(
            request_id, state=AttemptState.FAILED, claimed_by="relay-SubmitQueue-1"
        )
        pipeline.ledger.items[request_id] = ended

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.DUPLICATE: 1}
        assert pipeline.ledger.items[request_id] == ended

    def test_is_left_alone_while_the_first_message_waits(self, pipeline: FakePipeline) -> None:
        """The first message crashed: it comes back, and nothing else may take its claim over."""
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("endpoint.invoke", Crash())
        with pytest.raises(Crash):
            pipeline.deliver_to_submit()
        upload(pipeline, "inputs/a.csv")

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.DUPLICATE: 1}
        assert pipeline.endpoint.invoked == []


class TestTwoMessagesOfOneRequest:
    """SQS orders nothing, so after a crash the claimant can come second."""

    @pytest.mark.parametrize("between", [0, 30])
    def test_are_inferred_once_when_the_claimant_comes_second(
        self, pipeline: FakePipeline, between: int
    ) -> None:
        first = claimed_by_the_second_message(pipeline, between)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1 + between, Count.DUPLICATE: 1}
        assert pipeline.endpoint.invoked.count(first) == 1
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0

    @pytest.mark.parametrize("between", [0, 30])
    @pytest.mark.parametrize("after", [False, True])
    def test_both_come_again_when_the_ledger_does_not_tell_whose_claim_it_is(
        self, pipeline: FakePipeline, between: int, after: bool
    ) -> None:
        first = claimed_by_the_second_message(pipeline, between)
        pipeline.faults.plan("ledger.claim", THROTTLED, after=after)

        pipeline.deliver_to_submit()
        pipeline.clock.advance(900)
        pipeline.deliver_to_submit()

        assert pipeline.endpoint.invoked.count(first) == 1
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0

    def test_both_come_again_when_time_runs_out_before_they_are_started(
        self, pipeline: FakePipeline
    ) -> None:
        first = claimed_by_the_second_message(pipeline, 0)

        late = pipeline.deliver_to_submit(seconds=-1)
        pipeline.clock.advance(900)
        pipeline.deliver_to_submit()

        assert late.counts == {Count.RETURNED: 2}
        assert pipeline.endpoint.invoked == [first]

    def test_of_a_further_attempt_are_inferred_once(self, pipeline: FakePipeline) -> None:
        retry = own_call("a" * 32, 2)
        put(pipeline, retry)
        put(pipeline, retry)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.DUPLICATE: 1}


def claimed_by_the_second_message(pipeline: FakePipeline, between: int) -> str:
    """Two messages of one upload, with others between; submit crashed with the second's claim."""
    (request_id, *_) = upload(
        pipeline, "inputs/a.csv", *(f"inputs/{number}.csv" for number in range(between))
    )
    upload(pipeline, "inputs/a.csv")
    claimant = f"relay-SubmitQueue-{between + 2}"
    pipeline.ledger.items[request_id] = samples.attempt(request_id, claimed_by=claimant)
    return request_id


class TestACrash:
    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("step", ["ledger.claim", "endpoint.invoke"])
    def test_anywhere_is_taken_over_by_the_redelivery(
        self, pipeline: FakePipeline, step: str, after: bool
    ) -> None:
        requests = upload(pipeline, "inputs/a.csv", "inputs/b.csv", "inputs/c.csv")
        pipeline.faults.plan(step, Crash(), nth=2, after=after)
        with pytest.raises(Crash):
            pipeline.deliver_to_submit()
        pipeline.clock.advance(270)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 3}
        assert set(pipeline.endpoint.invoked) == set(requests)
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0

    def test_gives_the_attempt_its_full_time_again(self, pipeline: FakePipeline) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("endpoint.invoke", Crash())
        with pytest.raises(Crash):
            pipeline.deliver_to_submit()
        before = pipeline.ledger.items[request_id].due_at
        pipeline.clock.advance(270)

        pipeline.deliver_to_submit()

        assert (pipeline.ledger.items[request_id].due_at - before).total_seconds() == 270

    def test_whose_attempt_cannot_be_taken_over_yet_comes_back(
        self, pipeline: FakePipeline
    ) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("endpoint.invoke", Crash())
        with pytest.raises(Crash):
            pipeline.deliver_to_submit()
        pipeline.clock.advance(270)
        pipeline.faults.plan("ledger.renew", THROTTLED)

        first = pipeline.deliver_to_submit()
        pipeline.clock.advance(270)
        second = pipeline.deliver_to_submit()

        assert first.counts == {Count.RETURNED: 1}
        assert second.counts == {Count.SUBMITTED: 1}
        assert len(pipeline.endpoint.invocations) == 1


class TestTheLedger:
    @pytest.mark.parametrize("after", [False, True])
    def test_that_fails_to_answer_a_claim_has_the_message_come_again(
        self, pipeline: FakePipeline, after: bool
    ) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("ledger.claim", THROTTLED, after=after)

        first = pipeline.deliver_to_submit()
        pipeline.clock.advance(60)
        second = pipeline.deliver_to_submit()

        assert first.counts == {Count.RETURNED: 1}
        assert second.counts == {Count.SUBMITTED: 1}
        assert pipeline.endpoint.invoked == [request_id]

    @pytest.mark.parametrize("after", [False, True])
    def test_that_fails_to_release_a_claim_has_it_taken_over(
        self, pipeline: FakePipeline, after: bool
    ) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.trouble = THROTTLED
        pipeline.faults.plan("ledger.release", THROTTLED, after=after)
        pipeline.deliver_to_submit()
        pipeline.endpoint.trouble = None
        pipeline.clock.advance(60)

        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}

    def test_that_does_not_exist_is_logged_as_an_error(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("ledger.claim", PermanentError("ResourceNotFoundException: no table"))

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 1}
        assert logged(report, Level.ERROR) == ["deferred"]

    def test_that_denies_access_is_logged_as_an_error(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.faults.plan("ledger.claim", DENIED)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 1, Count.ACCESS_DENIED: 1}

    def test_that_does_not_read_a_claim_has_its_message_come_again_and_no_other(
        self, pipeline: FakePipeline
    ) -> None:
        first, second = upload(pipeline, "inputs/a.csv", "inputs/b.csv")
        pipeline.faults.plan("endpoint.invoke", Crash())
        with pytest.raises(Crash):
            pipeline.deliver_to_submit()
        pipeline.clock.advance(270)
        pipeline.ledger.unread.add(first)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.RETURNED: 1}
        assert pipeline.endpoint.invoked == [second]
        pipeline.ledger.unread.clear()
        pipeline.clock.advance(900)
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}

    def test_that_does_not_read_a_last_attempt_has_its_retry_come_again_and_no_other(
        self, pipeline: FakePipeline
    ) -> None:
        first, second = (request_id_of_caller(name) for name in ("order-1", "order-2"))
        for request_id in (first, second):
            pipeline.ledger.items[request_id] = samples.attempt(request_id)
            put(pipeline, own_call(request_id, 2))
        pipeline.ledger.unread.add(first)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.RETURNED: 1}
        assert pipeline.endpoint.invoked == [attempt_id(second, 2)]
        assert pipeline.ledger.states[first] is AttemptState.OPEN


def test_a_further_attempt_is_claimed_under_its_own_id(pipeline: FakePipeline) -> None:
    first = request_id_of_caller("order-1")
    put(pipeline, own_call(first, 2))

    pipeline.deliver_to_submit()

    (attempt,) = pipeline.ledger.items.values()
    assert (attempt.id, attempt.request_id, attempt.number) == (attempt_id(first, 2), first, 2)


def test_a_claim_that_another_message_took_over_meanwhile_is_not_renewed(
    pipeline: FakePipeline,
) -> None:
    """Its notification came between the read of the claim and its renewal."""
    (request_id,) = upload(pipeline, "inputs/a.csv")
    pipeline.faults.plan("endpoint.invoke", Crash())
    with pytest.raises(Crash):
        pipeline.deliver_to_submit()
    pipeline.clock.advance(270)
    _close_before_renewal(pipeline, request_id)

    first = pipeline.deliver_to_submit()
    pipeline.clock.advance(900)
    second = pipeline.deliver_to_submit()

    assert first.counts == {Count.RETURNED: 1}
    assert second.counts == {Count.DUPLICATE: 1}
    assert pipeline.ledger.states == {request_id: AttemptState.COMPLETED}


def _close_before_renewal(pipeline: FakePipeline, request_id: str) -> None:
    renew = pipeline.ledger.renew

    def late(attempts: Any) -> Any:
        item: Attempt = pipeline.ledger.items[request_id]
        closed = samples.attempt(
            request_id, claimed_by=item.claimed_by, state=AttemptState.COMPLETED
        )
        pipeline.ledger.items[request_id] = closed
        return renew(attempts)

    pipeline.ledger.renew = late  # type: ignore[method-assign]
