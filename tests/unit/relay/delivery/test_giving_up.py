"""A message that waits for a target or for the endpoint: for how long, and what becomes of it."""

import json
from collections.abc import Callable
from datetime import timedelta

from relay.delivery.report import Count, Report
from relay.errors import EndpointNotReady, TransientError
from relay.model import AttemptState, OutgoingMessage

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import upload
from tests.support.samples import (
    COMPLETED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
)

ID = "a" * 32
DAY = 86_400
# maxReceiveCount of both queues in template.yaml.
MAX_RECEIVES = 1_000
DOWN = TransientError(f"send to {COMPLETED_QUEUE}: QueueDoesNotExist")
ABSENT = EndpointNotReady("invoke endpoint relay: endpoint relay was not found")


def wait(pipeline: FakePipeline, days: float, deliver: Callable[[], Report]) -> int:
    """Deliver whenever a message is visible again. Return the number of receives."""
    until = pipeline.clock.now() + timedelta(days=days)
    receives = 0
    while pipeline.clock.now() < until:
        report = deliver()
        receives += report.counts[Count.RETURNED] + report.counts[Count.PARKED]
        delays = pipeline.notification_inbox.delays + pipeline.inbox.delays
        pipeline.clock.advance(delays[-1][1] if report.returned else 900)
    return receives


def parked(pipeline: FakePipeline, queue: str) -> list[OutgoingMessage]:
    return pipeline.queues.delivered(queue)


class TestATarget:
    def down(self, pipeline: FakePipeline, days: float) -> int:
        pipeline.ledger.items[ID] = samples.attempt(ID)
        notification = samples.sns_envelope(samples.completed(ID))
        pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(notification))
        pipeline.queues.trouble[COMPLETED_QUEUE] = DOWN
        return wait(pipeline, days, pipeline.deliver_to_route)

    def test_that_is_down_for_nine_days_gets_every_result_once(
        self, pipeline: FakePipeline
    ) -> None:
        receives = self.down(pipeline, days=9)
        del pipeline.queues.trouble[COMPLETED_QUEUE]
        wait(pipeline, 0.1, pipeline.deliver_to_route)

        assert [json.loads(each.body)["id"] for each in pipeline.results()] == [ID]
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert parked(pipeline, NOTIFICATION_DEAD_LETTERS) == []
        assert receives < MAX_RECEIVES

    def test_that_is_down_for_eleven_days_has_its_result_parked_once(
        self, pipeline: FakePipeline
    ) -> None:
        receives = self.down(pipeline, days=11)

        (message,) = parked(pipeline, NOTIFICATION_DEAD_LETTERS)
        assert dict(message.attributes)["reason"] == (
            f"given up after 10 days: route completed: send to {COMPLETED_QUEUE}: QueueDoesNotExist"
        )
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}
        assert receives < MAX_RECEIVES

    def test_that_is_back_gets_the_result_when_it_is_moved_back(
        self, pipeline: FakePipeline
    ) -> None:
        self.down(pipeline, days=0.01)
        pipeline.clock.advance(10 * DAY)
        pipeline.deliver_to_route()
        del pipeline.queues.trouble[COMPLETED_QUEUE]
        (message,) = parked(pipeline, NOTIFICATION_DEAD_LETTERS)

        pipeline.queues.put(NOTIFICATION_QUEUE, message.body)
        pipeline.deliver_to_route()

        assert [json.loads(each.body)["id"] for each in pipeline.results()] == [ID]
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}

    def test_whose_result_cannot_be_parked_keeps_it(self, pipeline: FakePipeline) -> None:
        pipeline.queues.trouble[NOTIFICATION_DEAD_LETTERS] = DOWN
        self.down(pipeline, days=0.01)
        pipeline.clock.advance(10 * DAY)
        pipeline.deliver_to_route()
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 1

        del pipeline.queues.trouble[NOTIFICATION_DEAD_LETTERS]
        wait(pipeline, 0.05, pipeline.deliver_to_route)

        assert len(parked(pipeline, NOTIFICATION_DEAD_LETTERS)) == 1


class TestTheEndpoint:
    def absent(self, pipeline: FakePipeline, days: float) -> int:
        upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.trouble = ABSENT
        return wait(pipeline, days, pipeline.deliver_to_submit)

    def test_that_is_absent_for_nine_days_gets_the_request_once(
        self, pipeline: FakePipeline
    ) -> None:
        receives = self.absent(pipeline, days=9)
        pipeline.endpoint.trouble = None
        wait(pipeline, 0.1, pipeline.deliver_to_submit)

        assert len(pipeline.endpoint.invocations) == 1
        assert parked(pipeline, SUBMIT_DEAD_LETTERS) == []
        assert receives < MAX_RECEIVES

    def test_that_is_absent_for_eleven_days_has_the_request_parked_once(
        self, pipeline: FakePipeline
    ) -> None:
        receives = self.absent(pipeline, days=11)

        (message,) = parked(pipeline, SUBMIT_DEAD_LETTERS)
        assert dict(message.attributes)["reason"] == f"given up after 10 days: {ABSENT}"
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0
        assert pipeline.ledger.items == {}
        assert receives < MAX_RECEIVES

    def test_that_is_back_gets_the_request_when_it_is_moved_back(
        self, pipeline: FakePipeline
    ) -> None:
        self.absent(pipeline, days=0.01)
        pipeline.clock.advance(10 * DAY)
        pipeline.deliver_to_submit()
        pipeline.endpoint.trouble = None
        (message,) = parked(pipeline, SUBMIT_DEAD_LETTERS)

        pipeline.queues.put(SUBMIT_QUEUE, message.body)
        pipeline.deliver_to_submit()

        assert len(pipeline.endpoint.invocations) == 1


def test_a_message_with_several_requests_is_parked_once_with_every_reason(
    pipeline: FakePipeline,
) -> None:
    event = samples.upload("inputs/a.csv")
    event["Records"] += samples.upload("inputs/b.csv")["Records"]
    pipeline.queues.put(SUBMIT_QUEUE, json.dumps(event))
    pipeline.faults.plan("endpoint.invoke", TransientError("throttled"), nth=1)
    pipeline.faults.plan("endpoint.invoke", TransientError("not found"), nth=2)
    pipeline.clock.advance(10 * DAY)

    report = pipeline.deliver_to_submit()

    (message,) = parked(pipeline, SUBMIT_DEAD_LETTERS)
    assert dict(message.attributes)["reason"] == "given up after 10 days: throttled; not found"
    assert report.counts == {Count.PARKED: 1}


def test_what_was_never_tried_is_not_given_up_until_sqs_is_about_to_delete_it(
    pipeline: FakePipeline,
) -> None:
    upload(pipeline, "inputs/a.csv")
    pipeline.clock.advance(10 * DAY + 3_600)

    early = pipeline.deliver_to_submit(seconds=-1)
    pipeline.clock.advance(DAY)
    late = pipeline.deliver_to_submit(seconds=-1)

    assert (early.counts, late.counts) == ({Count.RETURNED: 1}, {Count.PARKED: 1})
    (message,) = parked(pipeline, SUBMIT_DEAD_LETTERS)
    assert dict(message.attributes)["reason"] == (
        "given up after 11 days: no invocation had time to try it"
    )


def test_a_direct_call_is_never_parked(pipeline: FakePipeline) -> None:
    pipeline.faults.plan("ledger.claim", TransientError("throttled"))

    report = pipeline.call_submit({"body": "1"})

    assert list(report.returned) == ["invocation-1"]
    assert parked(pipeline, SUBMIT_DEAD_LETTERS) == []
