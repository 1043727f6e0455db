"""Results that the ledger may have no record of: when they are sent, and how often."""

from collections.abc import Sequence

import pytest
from relay.delivery.report import Count, Report
from relay.errors import RelayError
from relay.model import AttemptState, Closing, Held, Holding, Outcome

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.notifying import ID, THROTTLED, notify, report_by_relay, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import COMPLETED_QUEUE, NOTIFICATION_QUEUE


@pytest.mark.parametrize("inference_id", [ID, "order-17"])
def test_a_ledger_that_takes_no_writes_for_hours_repeats_a_result_once(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, inference_id: str
) -> None:
    """The second one is sent when the ledger takes writes again: nothing tells of the first."""
    submitted(pipeline)
    notify(pipeline, samples.completed(inference_id))
    _refuse_writes(pipeline, monkeypatch)
    _deliver_when_visible(pipeline, times=20)
    assert len(pipeline.results()) == 1

    monkeypatch.undo()
    report = _deliver_when_visible(pipeline)

    assert report.counts == {Count.COMPLETED: 1}
    assert len(pipeline.results()) == 2
    assert AttemptState.COMPLETED in pipeline.ledger.states.values()
    assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0


def test_a_held_result_is_repeated_once_at_a_target_that_is_back_meanwhile(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(pipeline)
    notify(pipeline, samples.completed(ID))
    pipeline.queues.trouble[COMPLETED_QUEUE] = THROTTLED
    _deliver_when_visible(pipeline, times=9)
    pipeline.queues.trouble.clear()
    _refuse_writes(pipeline, monkeypatch)
    _deliver_when_visible(pipeline, times=9)
    assert len(pipeline.results()) == 1

    monkeypatch.undo()
    report = _deliver_when_visible(pipeline)

    assert report.counts == {Count.COMPLETED: 1}
    assert len(pipeline.results()) == 2
    assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.EXPIRED])
def test_no_report_of_reconcile_is_sent_while_the_ledger_takes_no_writes(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    """Each run of reconcile makes a new report, as long as it cannot write its cursor."""
    submitted(pipeline, number=3)
    _refuse_writes(pipeline, monkeypatch)
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


def test_a_result_that_waited_for_routes_is_held_before_it_is_sent(pipeline: FakePipeline) -> None:
    submitted(pipeline)
    notify(pipeline, samples.completed(ID))
    pipeline.routes.trouble = THROTTLED
    _deliver_when_visible(pipeline, times=2)
    pipeline.routes.trouble = None
    pipeline.faults.plan("queues.send", Crash())
    with pytest.raises(Crash):
        _deliver_when_visible(pipeline)

    assert pipeline.ledger.items[ID].held == Held(Outcome.COMPLETED)
    assert _deliver_when_visible(pipeline).counts == {Count.COMPLETED: 1}


def _refuse_writes(pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(writes: Sequence[Closing | Holding]) -> dict[str, RelayError]:
        return {write.attempt.id: THROTTLED for write in writes}

    for write in ("close", "hold"):
        monkeypatch.setattr(pipeline.ledger, write, refuse)


def _deliver_when_visible(pipeline: FakePipeline, times: int = 1) -> Report:
    """Deliver a message whenever it is visible again. Return the last report."""
    for _ in range(times):
        visible = pipeline.queues.next_visible(NOTIFICATION_QUEUE)
        assert visible is not None
        pipeline.clock.advance(max(0.0, (visible - pipeline.clock.now()).total_seconds()))
        report = pipeline.deliver_to_route()
    return report
