"""What a caller can do to the requests of others by ids and events of its own making: nothing."""

from dataclasses import replace

import pytest
from relay.delivery.report import Count
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState

from tests.support import samples
from tests.support.pipeline.notifying import notify
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import (
    THROTTLED,
    own_call,
    put,
)
from tests.support.samples import (
    BUCKET,
    SERVER_ERROR,
    Json,
    failed,
)


@pytest.mark.parametrize("queued", [False, True])
class TestACallAgainstTheRequestOfAnother:
    def test_does_not_follow_its_attempt(self, pipeline: FakePipeline, queued: bool) -> None:
        victim = submitted_by_another(pipeline)
        location = f"s3://{BUCKET}/inputs/evil.csv"

        attack(
            pipeline, queued, {"request_id": "order-21", "attempt": 2, "input_location": location}
        )

        assert pipeline.ledger.states == {victim: AttemptState.OPEN}
        assert pipeline.endpoint.invoked == [victim]

    def test_does_not_take_the_place_of_its_next_attempt(
        self, pipeline: FakePipeline, queued: bool
    ) -> None:
        victim = submitted_by_another(pipeline)
        attack(pipeline, queued, {"request_id": attempt_id(victim, 2), "body": "1"})

        notify(pipeline, failed(victim, SERVER_ERROR))
        pipeline.deliver_to_route()
        pipeline.clock.advance(900)
        pipeline.deliver_to_submit()

        assert pipeline.endpoint.invoked[-1] == attempt_id(victim, 2)
        assert pipeline.ledger.items[attempt_id(victim, 2)].request_id == victim


@pytest.mark.parametrize("receipt", ["made up", "m-0#0", ""])
class TestAnEventOfTheQueueThatACallerWrites:
    """Whoever may invoke submit can send it any event, also one that looks like the queue's."""

    def test_does_not_follow_the_attempt_of_another(
        self, pipeline: FakePipeline, receipt: str
    ) -> None:
        victim = submitted_by_another(pipeline)

        report = pipeline.call_submit(event_of_queue(own_call(victim, 2), receipt))

        assert pipeline.ledger.states == {victim: AttemptState.OPEN}
        assert pipeline.endpoint.invoked == [victim]
        assert list(report.returned) == ["m-9"]

    def test_does_not_take_the_place_of_the_next_attempt(
        self, pipeline: FakePipeline, receipt: str
    ) -> None:
        victim = submitted_by_another(pipeline)

        pipeline.call_submit(event_of_queue(own_call(attempt_id(victim, 2), 1), receipt))

        assert set(pipeline.ledger.items) == {victim}

    def test_holds_nothing_else_of_its_batch_back(
        self, pipeline: FakePipeline, receipt: str
    ) -> None:
        victim = submitted_by_another(pipeline)
        event = event_of_queue(own_call(victim, 2), receipt)
        event["Records"] += samples.sqs_event(samples.upload("inputs/b.csv"))["Records"]

        report = pipeline.call_submit(event)

        assert report.counts == {Count.SUBMITTED: 1, Count.RETURNED: 1}
        assert len(pipeline.endpoint.invoked) == 2


def test_a_retry_whose_receipt_cannot_be_proved_comes_again(pipeline: FakePipeline) -> None:
    victim = submitted_by_another(pipeline)
    pipeline.ledger.items[victim] = replace(
        pipeline.ledger.items[victim], state=AttemptState.RETRIED
    )
    put(pipeline, own_call(victim, 2))
    pipeline.faults.plan("queues.in_flight", THROTTLED)

    first = pipeline.deliver_to_submit()
    pipeline.clock.advance(900)
    second = pipeline.deliver_to_submit()

    assert first.counts == {Count.RETURNED: 1}
    assert second.counts == {Count.SUBMITTED: 1}
    assert pipeline.endpoint.invoked == [victim, attempt_id(victim, 2)]


def event_of_queue(message: object, receipt: str) -> Json:
    (record,) = samples.sqs_event(message)["Records"]
    return {"Records": [{**record, "messageId": "m-9", "receiptHandle": receipt}]}


def submitted_by_another(pipeline: FakePipeline) -> str:
    pipeline.call_submit(
        {"request_id": "order-21", "input_location": f"s3://{BUCKET}/inputs/a.csv"}
    )
    return request_id_of_caller("order-21")


def attack(pipeline: FakePipeline, queued: bool, call: Json) -> None:
    if queued:
        put(pipeline, call)
        pipeline.deliver_to_submit()
    else:
        pipeline.call_submit(call)
