"""Routing: look up, send, close, in this order; one result for each request."""

import json
from typing import Any

import pytest
from relay.delivery.report import Count, Level
from relay.errors import AccessDenied, RelayError
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState, Outcome
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.notifying import ID, THROTTLED, documents, notify, report_by_relay, submitted
from tests.support.pipelines import FakePipeline
from tests.support.samples import (
    BUCKET,
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SERVER_ERROR,
    Json,
)


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


class TestASuccess:
    def test_goes_to_the_completed_queue_once(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        (message,) = pipeline.queues.delivered(COMPLETED_QUEUE)
        assert message.group_id == ID
        assert message.deduplication_id
        assert json.loads(message.body)["data"]["outcome"] == "completed"
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert pipeline.ledger.items[ID].routed_at == pipeline.clock.now()
        assert report.counts == {Count.COMPLETED: 1}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_is_looked_up_then_sent_then_closed(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))

        pipeline.deliver_to_route()

        assert pipeline.faults.steps == ["ledger.look_up", "queues.send", "ledger.close"]

    def test_belongs_to_the_request_whichever_attempt_it_was(self, pipeline: FakePipeline) -> None:
        second = attempt_id(ID, 2)
        submitted(pipeline, second, request_id=ID, number=2)
        notify(pipeline, samples.completed(second))

        pipeline.deliver_to_route()

        (message,) = pipeline.results()
        document = json.loads(message.body)
        assert message.group_id == document["id"] == ID
        assert document["data"]["attempts"] == 2


class TestAFailure:
    @pytest.mark.parametrize("reason", [samples.CLIENT_ERROR, SERVER_ERROR, "x" * 1_000, ""])
    def test_leaves_its_reason_in_the_ledger(self, pipeline: FakePipeline, reason: str) -> None:
        submitted(pipeline)
        notify(pipeline, samples.failed(ID, reason))

        pipeline.deliver_to_route()

        assert pipeline.ledger.items[ID].reason == (reason[:200] or None)

    def test_that_would_happen_again_goes_to_the_failed_queue(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.failed(ID))

        report = pipeline.deliver_to_route()

        assert [str(message.address) for message in pipeline.results()] == [FAILED_QUEUE]
        assert pipeline.ledger.states == {ID: AttemptState.FAILED}
        assert report.counts == {Count.FAILED: 1}

    @pytest.mark.parametrize(
        "outcome", [Outcome.REJECTED, Outcome.EXPIRED, Outcome.FAILED, Outcome.COMPLETED]
    )
    def test_that_the_relay_reports_takes_the_same_way(self, outcome: Outcome) -> None:
        pipeline = FakePipeline(route={"MAX_ATTEMPTS": "1"})
        submitted(pipeline)
        report_by_relay(pipeline, outcome)

        pipeline.deliver_to_route()

        (document,) = documents(pipeline)
        assert document["data"]["outcome"] == outcome.value
        assert pipeline.ledger.states == {ID: outcome.state}


def test_an_odd_member_is_left_out_of_the_result_and_logged(pipeline: FakePipeline) -> None:
    submitted(pipeline)
    notify(pipeline, samples.completed(ID, receivedTime="yesterday", eventTime=17e11))

    report = pipeline.deliver_to_route()

    assert report.counts == {Count.COMPLETED: 1}
    (document,) = documents(pipeline)
    assert not {"received", "finished", "sagemaker_ms"} & document["data"]["timing"].keys()
    (note,) = [each for each in report.notes if each.level is Level.WARNING]
    assert dict(note.fields) == {
        "inference_id": ID,
        "problems": "receivedTime must be a time in ISO 8601; "
        "eventTime must be a string, not a number",
    }


class TestADuplicate:
    def test_of_what_was_routed_is_acknowledged(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        pipeline.clock.advance(3600)
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.DUPLICATE: 1}
        assert len(pipeline.results()) == 1
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_in_the_same_batch_is_routed_once(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID), samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}
        assert len(pipeline.results()) == 1

    def test_in_another_chunk_of_the_batch_is_routed_once(self, pipeline: FakePipeline) -> None:
        ids = [f"{number:032x}" for number in range(100)]
        for each in ids:
            submitted(pipeline, each)
        notify(pipeline, *map(samples.completed, ids), samples.completed(ids[0]))

        report = pipeline.deliver_to_route(limit=101)

        assert report.counts == {Count.COMPLETED: 100, Count.DUPLICATE: 1}
        assert pipeline.faults.steps.count("ledger.look_up") == 101

    @pytest.mark.parametrize("state", [state for state in AttemptState if state != "OPEN"])
    def test_never_changes_a_state_that_is_terminal(
        self, pipeline: FakePipeline, state: AttemptState
    ) -> None:
        submitted(pipeline, state=state)
        notify(pipeline, samples.completed(ID), samples.failed(ID, SERVER_ERROR))

        report = pipeline.deliver_to_route()

        assert pipeline.ledger.states == {ID: state}
        assert report.counts == {Count.DUPLICATE: 2}
        assert pipeline.queues.sent[2:] == []

    def test_that_is_forged_does_not_hide_the_real_one(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        forged = samples.completed(ID, responseParameters={"outputLocation": "s3://mine/x"})
        notify(pipeline, forged, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.PARKED: 1, Count.COMPLETED: 1}


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


def test_test_notifications_are_ignored_and_counted(pipeline: FakePipeline) -> None:
    notify(pipeline, {"eventSource": "aws:sagemaker", "eventName": "TestNotification"})

    report = pipeline.deliver_to_route()

    assert report.counts == {Count.IGNORED: 1}
    assert pipeline.faults.steps == []


def test_a_topic_that_invokes_directly_is_served_too(pipeline: FakePipeline) -> None:
    submitted(pipeline)

    report = pipeline.call_route(samples.sns_event(samples.completed(ID)))

    assert report.counts == {Count.COMPLETED: 1}
    assert len(pipeline.results()) == 1


@pytest.mark.parametrize("error", [THROTTLED, AccessDenied("not authorized")])
def test_a_direct_invocation_that_cannot_be_done_must_be_repeated(
    pipeline: FakePipeline, error: RelayError
) -> None:
    submitted(pipeline)
    pipeline.faults.plan("queues.send", error)

    report = pipeline.call_route(samples.sns_event(samples.completed(ID), message_id="n-1"))

    assert list(report.returned) == ["invocation-1/n-1"]


def test_an_input_that_is_spelled_as_an_address_is_the_same_input(
    pipeline: FakePipeline,
) -> None:
    submitted(pipeline, location=S3Uri(BUCKET, "inputs/a b.csv"))
    address = f"https://{BUCKET}.s3.us-east-1.amazonaws.com/inputs/a%20b.csv"
    request = {"endpointName": "relay", "inputLocation": address}
    notify(pipeline, samples.completed(ID, requestParameters=request))

    assert pipeline.deliver_to_route().counts == {Count.COMPLETED: 1}


def test_no_log_line_holds_a_payload(pipeline: FakePipeline) -> None:
    secret = "4111111111111111"
    submitted(pipeline, custom_attributes=secret)
    body = {"content": secret}
    notify(pipeline, samples.completed(ID, responseBody=body))
    notify(pipeline, samples.failed("b" * 32, responseBody=body))
    notify(pipeline, samples.completed("c" * 32, responseBody=body, eventSource="me"))

    report = pipeline.deliver_to_route()

    assert len(report.notes) == 3
    assert secret not in repr(report.notes)
