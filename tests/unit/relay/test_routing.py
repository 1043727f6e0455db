"""Routing: look up, send, mark, in this order; one result for each request."""

import json
from typing import Any

import pytest
from relay.errors import AccessDenied, RelayError, TransientError
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState, Outcome
from relay.notifications import own_notification
from relay.report import Count, Level, Report
from relay.s3uri import S3Uri

from tests import samples
from tests.fakes import Crash
from tests.pipelines import FakePipeline
from tests.samples import (
    BUCKET,
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SERVER_ERROR,
    SUBMIT_QUEUE,
    Json,
)

ID = "a" * 32
THROTTLED = TransientError("ThrottlingException: Rate exceeded")


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


def submitted(pipeline: FakePipeline, inference_id: str = ID, **changes: Any) -> None:
    pipeline.ledger.items[inference_id] = samples.attempt(inference_id, **changes)


def notify(pipeline: FakePipeline, *notifications: object) -> None:
    for notification in notifications:
        envelope = samples.sns_envelope(notification)
        pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(envelope))


def report_by_relay(pipeline: FakePipeline, outcome: Outcome, inference_id: str = ID) -> None:
    notification = own_notification(inference_id, outcome, "relay", "a reason")
    pipeline.queues.put(NOTIFICATION_QUEUE, notification)


def documents(pipeline: FakePipeline) -> list[Json]:
    return [json.loads(message.body) for message in pipeline.results()]


def told(report: Report, level: Level) -> list[str]:
    return [note.text for note in report.notes if note.level is level]


class TestASuccess:
    def test_goes_to_the_completed_queue_once(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        (message,) = pipeline.queues.delivered(COMPLETED_QUEUE)
        assert (message.group_id, message.deduplication_id) == (ID, ID)
        assert json.loads(message.body)["data"]["outcome"] == "completed"
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert pipeline.ledger.items[ID].routed_at == pipeline.clock.now()
        assert report.counts == {Count.COMPLETED: 1}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_is_looked_up_then_sent_then_marked(self, pipeline: FakePipeline) -> None:
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
        assert message.group_id == message.deduplication_id == document["id"] == ID
        assert document["data"]["attempts"] == 2


class TestAFailure:
    def test_that_would_happen_again_goes_to_the_failed_queue(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        notify(pipeline, samples.failed(ID))

        report = pipeline.deliver_to_route()

        assert [message.queue_url for message in pipeline.results()] == [FAILED_QUEUE]
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


class TestAFailureThatMayPass:
    def test_is_tried_again_after_a_while(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
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
            "content_type",
            "accept",
            "custom_attributes",
            "ttl_seconds",
            "timeout_seconds",
        ):
            assert getattr(attempt, member) == getattr(first, member) is not None

    def test_is_tried_as_often_as_the_deployment_says(self, pipeline: FakePipeline) -> None:
        pipeline.call_submit({"input_location": f"s3://{BUCKET}/inputs/a.csv", "request_id": ID})
        delays = []
        while not pipeline.results():
            notify(pipeline, samples.failed(pipeline.endpoint.invoked[-1], SERVER_ERROR))
            pipeline.deliver_to_route()
            delays += [pipeline.queues.delivered(SUBMIT_QUEUE)[-1].delay_seconds]
            pipeline.clock.advance(900)
            pipeline.deliver_to_submit()

        assert pipeline.endpoint.invoked == [ID, attempt_id(ID, 2), attempt_id(ID, 3)]
        assert delays[:2] == [30, 60]
        (document,) = documents(pipeline)
        assert (document["id"], document["data"]["attempts"]) == (ID, 3)
        assert sorted(pipeline.ledger.states.values()) == ["FAILED", "RETRIED", "RETRIED"]

    def test_is_tried_again_when_it_expired(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        report_by_relay(pipeline, Outcome.EXPIRED)

        assert pipeline.deliver_to_route().counts == {Count.RETRIED: 1}

    def test_is_never_tried_again_when_it_was_rejected(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        report_by_relay(pipeline, Outcome.REJECTED)

        assert pipeline.deliver_to_route().counts == {Count.REJECTED: 1}

    def test_is_not_tried_again_with_an_inline_body_which_nobody_has_any_more(
        self, pipeline: FakePipeline
    ) -> None:
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
        notify(pipeline, *map(samples.completed, ids), samples.completed(ids[0]))

        report = pipeline.deliver_to_route(limit=101)

        assert report.counts == {Count.COMPLETED: 100, Count.DUPLICATE: 1}
        assert pipeline.faults.steps.count("ledger.look_up") == 2

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


class TestAnInferenceOfSomebodyElse:
    def test_is_routed_and_says_that_the_relay_did_not_submit_it(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.completed("0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7"))

        report = pipeline.deliver_to_route()

        (document,) = documents(pipeline)
        assert document["data"]["tracked"] is False
        assert document["id"] == request_id_of_caller("0c6e5d2a-7b41-4f0e-9a35-d18e2b64c9f7")
        assert report.counts == {Count.COMPLETED: 1}

    def test_is_recorded_so_that_it_is_routed_once(self, pipeline: FakePipeline) -> None:
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        pipeline.clock.advance(3600)
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.DUPLICATE: 1}
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert len(pipeline.results()) == 1


class TestWhatIsForeign:
    @pytest.mark.parametrize(
        ("notification", "reason"),
        [
            (
                samples.completed(ID, requestParameters={"endpointName": "other"}),
                "it is about endpoint other, not relay",
            ),
            (
                samples.completed(ID, responseParameters={"outputLocation": "s3://other/x"}),
                f"its output location s3://other/x does not lie under {samples.OUTPUTS}",
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


class TestWhatCannotBeDoneNow:
    def test_only_what_was_not_sent_comes_back(self, pipeline: FakePipeline) -> None:
        ids = [f"{number:032x}" for number in range(3)]
        for inference_id in ids:
            submitted(pipeline, inference_id)
        notify(pipeline, *map(samples.completed, ids))
        pipeline.faults.plan("queues.send", THROTTLED, nth=2)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 2, Count.RETURNED: 1}
        assert list(report.returned) == ["relay-NotificationQueue-2"]
        assert pipeline.ledger.states[ids[1]] is AttemptState.OPEN

        pipeline.clock.advance(270)
        assert pipeline.deliver_to_route().counts == {Count.COMPLETED: 1}
        assert len(pipeline.results()) == 3

    @pytest.mark.parametrize("after", [False, True])
    def test_what_was_not_marked_comes_back_and_its_repeat_is_dropped(
        self, pipeline: FakePipeline, after: bool
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.faults.plan("ledger.close", THROTTLED, after=after)

        first = pipeline.deliver_to_route()
        pipeline.clock.advance(270)
        second = pipeline.deliver_to_route()

        assert first.counts == {Count.RETURNED: 1}
        assert second.counts == {Count.DUPLICATE if after else Count.COMPLETED: 1}
        assert len(pipeline.results()) == 1
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("step", ["ledger.look_up", "queues.send", "ledger.close"])
    def test_a_crash_anywhere_neither_loses_nor_doubles_a_result(
        self, pipeline: FakePipeline, step: str, after: bool
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.faults.plan(step, Crash(), after=after)
        with pytest.raises(Crash):
            pipeline.deliver_to_route()
        # The visibility timeout, which lies within the five minutes of the FIFO queue.
        pipeline.clock.advance(270)

        pipeline.deliver_to_route()

        assert len(pipeline.results()) == 1
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}

    def test_a_ledger_that_cannot_be_read_gives_everything_back(
        self, pipeline: FakePipeline
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID), samples.completed("b" * 32))
        pipeline.faults.plan("ledger.look_up", THROTTLED)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 2}
        assert pipeline.results() == []

    @pytest.mark.parametrize("step", ["ledger.look_up", "queues.send", "ledger.close"])
    def test_a_right_that_lacks_is_told_loudly(self, pipeline: FakePipeline, step: str) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.faults.plan(step, AccessDenied("no right"))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 1, Count.ACCESS_DENIED: 1}
        assert len(told(report, Level.ERROR)) == 1

    def test_time_that_has_run_out_gives_everything_back_untouched(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route(seconds=0)

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.faults.steps == []

    def test_time_that_runs_out_on_the_way_gives_the_rest_back(
        self, pipeline: FakePipeline
    ) -> None:
        ids = [f"{number:032x}" for number in range(120)]
        notify(pipeline, *map(samples.completed, ids))
        _slow_look_ups(pipeline, seconds=21)

        report = pipeline.deliver_to_route(limit=120, seconds=20)

        assert report.counts == {Count.COMPLETED: 100, Count.RETURNED: 20}


def _slow_look_ups(pipeline: FakePipeline, seconds: float) -> None:
    look_up = pipeline.ledger.look_up

    def slow(ids: Any) -> Any:
        pipeline.clock.advance(seconds)
        return look_up(ids)

    pipeline.ledger.look_up = slow  # type: ignore[method-assign]


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


@pytest.mark.parametrize("error", [THROTTLED, AccessDenied("no right")])
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
