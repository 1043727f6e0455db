"""Notifications that are not about a request of the relay, or say what the ledger contradicts."""

import base64
import json
from typing import Any

import pytest
from relay.delivery.report import Count
from relay.ids import request_id_of_caller
from relay.model import AttemptState

from tests.support import samples
from tests.support.pipeline.notifying import ID, THROTTLED, documents, notify, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import (
    COMPLETED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    Json,
)


class TestAnUntrackedInference:
    def test_is_routed_and_says_that_the_relay_did_not_submit_it(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.completed("0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7"))

        report = pipeline.deliver_to_route()

        (document,) = documents(pipeline)
        assert document["data"]["tracked"] is False
        assert document["data"]["inference_id"] == "0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7"
        assert document["id"] in pipeline.ledger.states
        assert report.counts == {Count.COMPLETED: 1}

    def test_is_recorded_so_that_it_is_routed_once(self, pipeline: FakePipeline) -> None:
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        pipeline.clock.advance(3600)
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.DUPLICATE: 1}
        assert pipeline.ledger.states == {documents(pipeline)[0]["id"]: AttemptState.COMPLETED}
        assert ID not in pipeline.ledger.states
        assert len(pipeline.results()) == 1

    def test_with_the_id_of_a_later_request_does_not_take_its_place(
        self, pipeline: FakePipeline
    ) -> None:
        """Ids of requests can be computed before the requests exist."""
        call = {"input_location": f"s3://{samples.BUCKET}/inputs/a.csv", "request_id": "order-17"}
        future = request_id_of_caller("order-17")
        notify(pipeline, samples.completed(future))
        pipeline.deliver_to_route()

        report = pipeline.call_submit(call)
        notify(pipeline, samples.completed(future))
        pipeline.deliver_to_route()

        assert report.counts == {Count.SUBMITTED: 1}
        assert [
            (document["id"] == future, document["data"]["tracked"])
            for document in documents(pipeline)
        ] == [(False, False), (True, True)]

    def test_does_not_change_an_attempt_whose_own_id_it_takes(self, pipeline: FakePipeline) -> None:
        """A caller of the endpoint may choose any inference id, such as a caller's own id."""
        pipeline.call_submit(
            {"input_location": f"s3://{samples.BUCKET}/inputs/a.csv", "request_id": "order-17"}
        )
        notify(pipeline, samples.completed("order-17"))

        pipeline.deliver_to_route()

        assert pipeline.ledger.states[request_id_of_caller("order-17")] is AttemptState.OPEN

    def test_can_have_the_id_of_an_earlier_result(self, pipeline: FakePipeline) -> None:
        """Another caller names the inference that follows after the result of the one before."""
        notify(pipeline, samples.completed("order-17"))
        pipeline.deliver_to_route()
        earlier = documents(pipeline)[0]["id"]
        notify(pipeline, samples.completed(earlier), samples.completed(earlier))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}
        assert [each["data"]["inference_id"] for each in documents(pipeline)] == [
            "order-17",
            earlier,
        ]

    @pytest.mark.parametrize("number", [1, 2])
    def test_is_not_lost_with_another_of_its_batch_that_has_the_same_id(
        self, pipeline: FakePipeline, number: int
    ) -> None:
        """One of them is not sent, and the other one only without the model's response."""
        pipeline.queues.most_bytes[COMPLETED_QUEUE] = 10_000
        large = base64.b64encode(b"x" * 20_000).decode()
        answers = [{"content": large, "encoding": "BASE64"}, None]
        for second, answer in enumerate(answers):
            times = {"receivedTime": f"2026-11-20T12:00:0{second}Z"}
            notify(pipeline, samples.completed("order-17", responseBody=answer, **times))
        pipeline.faults.plan("queues.send", THROTTLED, nth=number)

        reports = [pipeline.deliver_to_route()]
        pipeline.clock.advance(900)
        reports.append(pipeline.deliver_to_route())

        first = {Count.COMPLETED: 1, Count.RETURNED: 1, Count.HELD: 1}
        assert [report.counts for report in reports] == [first, {Count.COMPLETED: 1}]
        assert len(documents(pipeline)) == len({each["id"] for each in documents(pipeline)}) == 2


class TestAnOutputThatIsNotTheAttempts:
    OTHER = f"{samples.OUTPUTS}another-result.out"

    def test_is_parked_with_its_reason_and_leaves_the_attempt_open(
        self, pipeline: FakePipeline
    ) -> None:
        submitted(pipeline)
        notify(pipeline, self._forged())

        reports = []
        for _ in range(5):
            reports.append(pipeline.deliver_to_route())
            pipeline.clock.advance(900)

        (parked,) = pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS)
        assert dict(parked.attributes)["reason"] == (
            f"output location {self.OTHER} is not the attempt's, {samples.OUTPUTS}{ID}"
        )
        assert [dict(report.counts) for report in reports] == [
            *[{Count.RETURNED: 1}] * 4,
            {Count.PARKED: 1},
        ]
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}
        assert pipeline.results() == []

    def test_is_routed_once_submit_has_written_it_into_the_ledger(
        self, pipeline: FakePipeline
    ) -> None:
        """A fast model's notification comes before the answer of its invocation is recorded."""
        submitted(pipeline)
        notify(pipeline, self._forged())
        pipeline.deliver_to_route()
        submitted(pipeline, output_location=self.OTHER)
        pipeline.clock.advance(5)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1}
        assert documents(pipeline)[0]["data"]["output"]["location"] == self.OTHER

    def _forged(self) -> Json:
        return samples.completed(ID, responseParameters={"outputLocation": self.OTHER})


class TestAForgedMember:
    def test_of_the_attributes_does_not_replace_what_the_caller_gave(
        self, pipeline: FakePipeline
    ) -> None:
        submitted(pipeline)
        request = {"endpointName": "relay", "customAttributes": "warehouse=south"}
        notify(pipeline, samples.completed(ID, requestParameters=request))

        pipeline.deliver_to_route()

        (document,) = documents(pipeline)
        assert document["data"]["custom_attributes"] == "warehouse=north"

    @pytest.mark.parametrize("changes", [{}, {"location": None}], ids=["object", "inline"])
    def test_does_not_add_what_the_caller_did_not_give(
        self, pipeline: FakePipeline, changes: dict[str, Any]
    ) -> None:
        submitted(pipeline, custom_attributes=None, **changes)
        forged = {"inputLocation": f"s3://{samples.BUCKET}/inputs/a.csv", "customAttributes": "a=b"}
        request = {"endpointName": "relay", **forged}
        notify(pipeline, samples.completed(ID, requestParameters=request))

        pipeline.deliver_to_route()

        (document,) = documents(pipeline)
        assert "custom_attributes" not in document["data"]
        assert ("location" in document["data"]["input"]) is (changes == {})


class TestWhatIsForeign:
    @pytest.mark.parametrize(
        ("notification", "reason"),
        [
            (
                samples.completed(ID, requestParameters={"endpointName": "other"}),
                "endpoint is other, not relay",
            ),
            (
                samples.completed(ID, responseParameters={"outputLocation": "s3://other/x"}),
                f"output location s3://other/x is not under {samples.OUTPUTS}",
            ),
            (samples.completed(ID, eventSource="me"), "eventSource is 'me', not 'aws:sagemaker'"),
        ],
    )
    def test_is_parked_as_it_is_with_its_reason(
        self, pipeline: FakePipeline, notification: Json, reason: str
    ) -> None:
        submitted(pipeline)
        notify(pipeline, notification)

        report = pipeline.deliver_to_route()

        (parked,) = pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS)
        assert json.loads(json.loads(parked.body)["Message"]) == notification
        assert dict(parked.attributes)["reason"] == reason
        assert dict(parked.attributes)["parked_by"] == "route"
        assert report.counts == {Count.PARKED: 1}
        assert pipeline.results() == []
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}

    def test_comes_back_when_it_cannot_be_parked(self, pipeline: FakePipeline) -> None:
        notify(pipeline, samples.completed(ID, eventSource="me"))
        pipeline.faults.plan("queues.send", THROTTLED)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 1
