"""Routing: look up, send, close, in this order; one result for each request."""

import json

import pytest
from relay.delivery.report import Count, Level
from relay.errors import AccessDenied, RelayError
from relay.ids import attempt_id
from relay.model import AttemptState, Outcome
from relay.reconcile.status import status
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.pipeline.notifying import (
    ID,
    THROTTLED,
    documents,
    notify,
    report_by_relay,
    submitted,
)
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import (
    BUCKET,
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_QUEUE,
    SERVER_ERROR,
)


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

    @pytest.mark.parametrize(("attempts", "state"), [("1", "failed"), ("3", "retrying")])
    def test_leaves_the_models_own_words_in_the_ledger(self, attempts: str, state: str) -> None:
        pipeline = FakePipeline(route={"MAX_ATTEMPTS": attempts})
        submitted(pipeline)
        body = {"content": "row 1 has 3 values,\n the model needs 30"}
        notify(pipeline, samples.failed(ID, SERVER_ERROR, responseBody=body))

        pipeline.deliver_to_route()

        answer = status(ID, pipeline.ledger)
        assert (answer.state, answer.reason) == (
            state,
            "InternalServerError: Received server error (500) from model: "
            "row 1 has 3 values, the model needs 30",
        )

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
