"""Further attempts of inferences whose failure may pass."""

import pytest
from relay.delivery.report import Count
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState, Outcome

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.notifying import ID, documents, notify, report_by_relay, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import BUCKET, SERVER_ERROR, SUBMIT_QUEUE


class TestAFailureThatMayPass:
    def test_is_tried_again_after_a_while(self, pipeline: FakePipeline) -> None:
        submitted(pipeline, resubmission_of="c" * 32)
        notify(pipeline, samples.failed(ID, SERVER_ERROR))

        report = pipeline.deliver_to_route()

        assert pipeline.results() == []
        assert report.counts == {Count.RETRIED: 1}
        assert pipeline.ledger.states == {ID: AttemptState.RETRIED}
        (call,) = pipeline.queues.delivered(SUBMIT_QUEUE)
        assert call.delay_seconds == 30

        pipeline.clock.advance(30)
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}
        attempt = pipeline.ledger.items[attempt_id(ID, 2)]
        first = pipeline.ledger.items[ID]
        assert (attempt.request_id, attempt.number) == (ID, 2)
        for member in (
            "location",
            "version_id",
            "etag",
            "content_type",
            "accept",
            "custom_attributes",
            "ttl_seconds",
            "timeout_seconds",
            "requested_at",
            "resubmission_of",
        ):
            assert getattr(attempt, member) == getattr(first, member) is not None

    def test_is_tried_as_often_as_the_deployment_says(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit({"input_location": f"s3://{BUCKET}/inputs/a.csv", "request_id": "1"})
        first = request_id_of_caller("1")
        delays = []
        while not pipeline.results():
            notify(pipeline, samples.failed(pipeline.endpoint.invoked[-1], SERVER_ERROR))
            pipeline.deliver_to_route()
            delays += [pipeline.queues.delivered(SUBMIT_QUEUE)[-1].delay_seconds]
            pipeline.clock.advance(900)
            pipeline.deliver_to_submit()

        assert pipeline.endpoint.invoked == [first, attempt_id(first, 2), attempt_id(first, 3)]
        assert delays[:2] == [30, 60]
        (document,) = documents(pipeline)
        assert (document["id"], document["data"]["attempts"]) == (first, 3)
        # From the call to the last attempt, those before it included.
        assert document["data"]["timing"]["queued_ms"] == 1_800_000
        assert sorted(pipeline.ledger.states.values()) == ["FAILED", "RETRIED", "RETRIED"]

    def test_is_tried_again_when_it_expired(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        report_by_relay(pipeline, Outcome.EXPIRED)

        assert pipeline.deliver_to_route().counts == {Count.RETRIED: 1}

    def test_is_never_tried_again_when_it_was_rejected(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        report_by_relay(pipeline, Outcome.REJECTED)

        assert pipeline.deliver_to_route().counts == {Count.REJECTED: 1}

    def test_is_not_tried_again_when_its_body_was_inline(self, pipeline: FakePipeline) -> None:
        submitted(pipeline, location=None)
        notify(pipeline, samples.failed(ID, SERVER_ERROR))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.FAILED: 1}
        assert pipeline.queues.delivered(SUBMIT_QUEUE) == []

    def test_is_not_tried_again_when_the_relay_did_not_submit_it(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.failed(ID, SERVER_ERROR))

        assert pipeline.deliver_to_route().counts == {Count.FAILED: 1}

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("step", ["queues.send", "ledger.close"])
    def test_is_tried_again_once_whatever_crashes(
        self, pipeline: FakePipeline, step: str, after: bool
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.failed(ID, SERVER_ERROR))
        pipeline.faults.plan(step, Crash(), after=after)
        with pytest.raises(Crash):
            pipeline.deliver_to_route()
        pipeline.clock.advance(270)

        pipeline.deliver_to_route()
        pipeline.clock.advance(900)
        pipeline.deliver_to_submit()

        assert pipeline.endpoint.invoked == [attempt_id(ID, 2)]
        assert pipeline.ledger.states[ID] is AttemptState.RETRIED
