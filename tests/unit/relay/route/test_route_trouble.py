"""Routing when something fails: messages that come again."""

import base64
import json
from typing import Any

import pytest
from relay.delivery.report import Count, Level
from relay.errors import AccessDenied
from relay.model import AttemptState

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.notifying import ID, THROTTLED, documents, logged, notify, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import COMPLETED_QUEUE


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


def _slow_look_ups(pipeline: FakePipeline, seconds: float) -> None:
    look_up = pipeline.ledger.look_up

    def slow(ids: Any) -> Any:
        pipeline.clock.advance(seconds)
        return look_up(ids)

    pipeline.ledger.look_up = slow  # type: ignore[method-assign]
