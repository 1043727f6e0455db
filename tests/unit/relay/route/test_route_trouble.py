"""Routing when something fails: further attempts, and messages that come again."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from relay.delivery.report import Count, Level, Report
from relay.errors import AccessDenied, RelayError
from relay.ids import attempt_id, request_id_of_caller
from relay.model import AttemptState, Closing, Held, Holding, Outcome

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.notifying import (
    ID,
    THROTTLED,
    documents,
    logged,
    notify,
    report_by_relay,
    submitted,
)
from tests.support.pipelines import FakePipeline
from tests.support.samples import (
    BUCKET,
    COMPLETED_QUEUE,
    NOTIFICATION_QUEUE,
    SERVER_ERROR,
    SUBMIT_QUEUE,
)


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


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
            "etag",
            "content_type",
            "accept",
            "custom_attributes",
            "ttl_seconds",
            "timeout_seconds",
            "requested_at",
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


class TestWhatCannotBeDoneNow:
    def test_only_what_was_not_sent_comes_back(self, pipeline: FakePipeline) -> None:
        ids = [f"{number:032x}" for number in range(3)]
        for inference_id in ids:
            submitted(pipeline, inference_id)
        notify(pipeline, *map(samples.completed, ids))
        pipeline.faults.plan("queues.send", THROTTLED, nth=2)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 2, Count.RETURNED: 1, Count.HELD: 1}
        assert list(report.returned) == ["relay-NotificationQueue-2"]
        assert pipeline.ledger.states[ids[1]] is AttemptState.OPEN

        pipeline.clock.advance(270)
        assert pipeline.deliver_to_route().counts == {Count.COMPLETED: 1}
        assert len(pipeline.results()) == 3

    @pytest.mark.parametrize("after", [False, True])
    def test_what_was_not_closed_comes_back_and_its_repeat_is_dropped(
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

    @pytest.mark.parametrize("inference_id", [ID, "order-17"])
    def test_a_ledger_that_takes_no_writes_for_hours_repeats_a_result_once(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, inference_id: str
    ) -> None:
        """The second one is sent when the ledger takes writes again: nothing tells of the first."""
        submitted(pipeline)
        notify(pipeline, samples.completed(inference_id))
        for write in ("close", "hold"):
            monkeypatch.setattr(pipeline.ledger, write, _refuse)
        for _ in range(20):
            _deliver_when_visible(pipeline)
        assert len(pipeline.results()) == 1

        monkeypatch.undo()
        report = _deliver_when_visible(pipeline)

        assert report.counts == {Count.COMPLETED: 1}
        assert len(pipeline.results()) == 2
        assert AttemptState.COMPLETED in pipeline.ledger.states.values()
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_a_held_result_is_repeated_once_at_a_target_that_is_back_meanwhile(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.queues.trouble[COMPLETED_QUEUE] = THROTTLED
        for _ in range(9):
            _deliver_when_visible(pipeline)
        pipeline.queues.trouble.clear()
        for write in ("close", "hold"):
            monkeypatch.setattr(pipeline.ledger, write, _refuse)
        for _ in range(9):
            _deliver_when_visible(pipeline)
        assert len(pipeline.results()) == 1

        monkeypatch.undo()
        report = _deliver_when_visible(pipeline)

        assert report.counts == {Count.COMPLETED: 1}
        assert len(pipeline.results()) == 2
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}

    @pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.EXPIRED])
    def test_no_report_of_reconcile_is_sent_while_the_ledger_takes_no_writes(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
    ) -> None:
        """Each run of reconcile makes a new report, as long as it cannot write its cursor."""
        submitted(pipeline, number=3)
        for write in ("close", "hold"):
            monkeypatch.setattr(pipeline.ledger, write, _refuse)
        for _ in range(9):
            report_by_relay(pipeline, outcome)
            pipeline.clock.advance(301)
            pipeline.deliver_to_route()
        assert pipeline.results() == []

        monkeypatch.undo()
        pipeline.clock.advance(900)
        pipeline.deliver_to_route()

        assert len(pipeline.results()) == 1
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_a_result_that_waited_for_routes_is_held_before_it_is_sent(
        self, pipeline: FakePipeline
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.routes.trouble = THROTTLED
        for _ in range(2):
            _deliver_when_visible(pipeline)
        pipeline.routes.trouble = None
        pipeline.faults.plan("queues.send", Crash())
        with pytest.raises(Crash):
            _deliver_when_visible(pipeline)

        assert pipeline.ledger.items[ID].held == Held(Outcome.COMPLETED)
        assert _deliver_when_visible(pipeline).counts == {Count.COMPLETED: 1}

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

    def test_an_attempt_that_is_not_read_gives_its_own_notifications_back(
        self, pipeline: FakePipeline
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID), samples.completed("b" * 32), samples.completed(ID))
        pipeline.ledger.unread.add(ID)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 2, Count.COMPLETED: 1}
        assert [json.loads(each.body)["data"]["inference_id"] for each in pipeline.results()] == [
            "b" * 32
        ]
        pipeline.ledger.unread.clear()
        pipeline.clock.advance(900)
        report = pipeline.deliver_to_route()
        assert report.counts == {Count.COMPLETED: 1, Count.DUPLICATE: 1}

    def test_a_ledger_that_does_not_answer_gives_everything_back(
        self, pipeline: FakePipeline
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID), samples.completed("b" * 32))
        pipeline.hangs.seconds["ledger.look_up"] = 5

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 2}
        assert pipeline.results() == []

    @pytest.mark.parametrize("step", ["ledger.look_up", "queues.send", "ledger.close"])
    def test_a_missing_permission_is_logged_as_an_error(
        self, pipeline: FakePipeline, step: str
    ) -> None:
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))
        pipeline.faults.plan(step, AccessDenied("not authorized"))

        report = pipeline.deliver_to_route()

        assert report.counts[Count.RETURNED] == report.counts[Count.ACCESS_DENIED] == 1
        assert len(logged(report, Level.ERROR)) == 1

    def test_time_that_has_run_out_gives_everything_back_untouched(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route(seconds=0)

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.faults.steps == ["queues.come_back"]

    def test_time_that_runs_out_on_the_way_gives_the_rest_back(
        self, pipeline: FakePipeline
    ) -> None:
        ids = [f"{number:032x}" for number in range(120)]
        notify(pipeline, *map(samples.completed, ids))
        _slow_look_ups(pipeline, seconds=21)

        report = pipeline.deliver_to_route(limit=120, seconds=42)

        assert report.counts == {Count.COMPLETED: 100, Count.RETURNED: 20}


class TestATargetThatTakesLessThanOthers:
    def test_gets_the_result_without_the_answer(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        pipeline.queues.most_bytes[COMPLETED_QUEUE] = 10_000
        notify(pipeline, _with_answer(20_000))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1}
        (document,) = documents(pipeline)
        assert document["data"]["output"]["body_omitted"] == {"reason": "too_large", "size": 20_000}
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}

    def test_gets_answers_that_fit(self, pipeline: FakePipeline) -> None:
        submitted(pipeline)
        pipeline.queues.most_bytes[COMPLETED_QUEUE] = 10_000
        notify(pipeline, _with_answer(5_000))

        assert pipeline.deliver_to_route().counts == {Count.COMPLETED: 1}
        (document,) = documents(pipeline)
        assert len(document["data"]["output"]["body"]["content"]) == 5_000

    @pytest.mark.parametrize("answer", [None, 20_000])
    def test_without_the_answer_is_still_too_large_so_the_result_is_held(
        self, pipeline: FakePipeline, answer: int | None
    ) -> None:
        submitted(pipeline)
        pipeline.queues.most_bytes[COMPLETED_QUEUE] = 100
        notify(pipeline, samples.completed(ID) if answer is None else _with_answer(answer))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 1, Count.HELD: 1}
        (note,) = (note for note in report.notes if note.level is Level.ERROR)
        assert note.text == "result not sent"
        assert f"{COMPLETED_QUEUE} takes 100 bytes" in dict(note.fields)["error"]


def _with_answer(size: int) -> dict[str, Any]:
    content = base64.b64encode(b"x" * size).decode()
    return samples.completed(ID, responseBody={"content": content, "encoding": "BASE64"})


def _refuse(writes: Sequence[Closing | Holding]) -> dict[str, RelayError]:
    return {write.attempt.id: THROTTLED for write in writes}


def _deliver_when_visible(pipeline: FakePipeline) -> Report:
    visible = pipeline.queues.next_visible(NOTIFICATION_QUEUE)
    assert visible is not None
    pipeline.clock.advance(max(0.0, (visible - pipeline.clock.now()).total_seconds()))
    return pipeline.deliver_to_route()


def _slow_look_ups(pipeline: FakePipeline, seconds: float) -> None:
    look_up = pipeline.ledger.look_up

    def slow(ids: Any) -> Any:
        pipeline.clock.advance(seconds)
        return look_up(ids)

    pipeline.ledger.look_up = slow  # type: ignore[method-assign]
