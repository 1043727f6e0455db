"""Calls on the submit queue, with requests that can be read and others that cannot."""

import json

from relay.delivery.report import Count

from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import (
    NOT_READY,
    put,
)
from tests.support.samples import (
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
    Json,
)


class TestACallInTheQueue:
    """One of its two requests has a body that is no text."""

    CALL: Json = {"requests": [{"body": "1"}, {"body": 5}]}  # noqa: RUF012
    REASON = "requests[1].body must be a string, not a number"

    def parked(self, pipeline: FakePipeline) -> list[tuple[Json, str]]:
        messages = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        return [(json.loads(each.body), dict(each.attributes)["reason"]) for each in messages]

    def test_is_submitted_and_only_the_request_that_cannot_be_read_is_parked(
        self, pipeline: FakePipeline
    ) -> None:
        put(pipeline, self.CALL)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.PARKED: 1}
        assert [each.request.body for each in pipeline.endpoint.invocations] == [b"1"]
        assert self.parked(pipeline) == [({"requests": [{"body": 5}]}, self.REASON)]

    def test_is_parked_once_however_often_its_other_request_waits(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.endpoint.trouble = NOT_READY
        put(pipeline, self.CALL)
        for _ in range(3):
            report = pipeline.deliver_to_submit()
            assert report.counts[Count.PARKED] == 0
            pipeline.clock.advance(900)

        pipeline.endpoint.trouble = None
        pipeline.deliver_to_submit()

        assert len(pipeline.endpoint.invocations) == 1
        assert self.parked(pipeline) == [({"requests": [{"body": 5}]}, self.REASON)]
        assert pipeline.deliver_to_submit().counts == {}

    def test_is_parked_as_a_whole_if_the_other_request_is_given_up(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.endpoint.trouble = NOT_READY
        put(pipeline, self.CALL)
        pipeline.clock.advance(10 * 86_400)

        pipeline.deliver_to_submit()

        ((body, reason),) = self.parked(pipeline)
        assert body == self.CALL
        assert self.REASON in reason
        assert "given up after 10 days" in reason

    def test_keeps_its_length_where_a_part_would_be_longer(self, pipeline: FakePipeline) -> None:
        """JSON escapes of six bytes for characters of three."""
        call = {"requests": [{"body": 5, "accept": "行" * 100}, {"body": "1"}]}
        pipeline.queues.put(SUBMIT_QUEUE, json.dumps(call, ensure_ascii=False))

        pipeline.deliver_to_submit()

        assert [body for body, _ in self.parked(pipeline)] == [call]
