"""A bug in route harms only the notification that meets it."""

import pytest
from relay.delivery.report import Count

from tests.support import samples
from tests.support.pipeline.bugs import assert_parked, break_port, inject, receive_five_times
from tests.support.pipeline.notifying import ID, notify, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import NOTIFICATION_DEAD_LETTERS, NOTIFICATION_QUEUE

ROUTE_BUGS = {
    "looking the attempt up": ("ledger", "look_up"),
    "trusting": "relay.route.route.distrust",
    "deciding": "relay.route.decisions._worth_another_try",
    "writing the result": "relay.route.decisions._result",
    "sending": ("queues", "send"),
}


class TestABugInRoute:
    @pytest.mark.parametrize("bug", ROUTE_BUGS.values(), ids=ROUTE_BUGS)
    def test_harms_one_notification_which_is_parked_at_its_fifth_receive(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, bug: object
    ) -> None:
        inject(pipeline, monkeypatch, bug)
        for key in ("f" * 32, *(f"{number:032x}" for number in range(30))):
            pipeline.ledger.items[key] = samples.attempt(key)
            notify(pipeline, samples.completed(key))

        reports = receive_five_times(pipeline, pipeline.deliver_to_route)

        assert reports[0].counts[Count.COMPLETED] == 30
        assert reports[0].counts[Count.BROKEN] == reports[0].counts[Count.RETURNED] == 1
        assert reports[4].counts[Count.PARKED] == 1
        assert len(pipeline.results()) == 30
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0
        assert_parked(pipeline, NOTIFICATION_DEAD_LETTERS, reports)

    def test_in_the_mark_sends_no_neighbour_twice(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_port(monkeypatch, pipeline.ledger, "close")
        for key in ("f" * 32, "a" * 32):
            pipeline.ledger.items[key] = samples.attempt(key)
            notify(pipeline, samples.completed(key))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.COMPLETED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        sent = [message for message in pipeline.queues.sent if message.deduplication_id]
        assert len(sent) == 2

    def test_in_the_routes_is_no_notifications_fault(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pipeline.routes, "current", None)  # not callable
        submitted(pipeline)
        notify(pipeline, samples.completed(ID))

        reports = receive_five_times(pipeline, pipeline.deliver_to_route)

        assert [report.counts for report in reports] == 5 * [{Count.BROKEN: 1, Count.RETURNED: 1}]
        assert pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS) == []
