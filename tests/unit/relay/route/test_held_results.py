"""A result that some of its targets do not have yet."""

import json
from collections.abc import Sequence

import pytest
from relay.delivery.report import Count, Level
from relay.model import AttemptState, Held, Outcome
from relay.reconcile.status import status

from tests.support import samples
from tests.support.fakes.ports import Crash
from tests.support.pipeline.notifying import (
    ID,
    THROTTLED,
    logged,
    notify,
    report_by_relay,
    submitted,
)
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.results.several_targets import (
    ARCHIVE,
    BUS,
    GONE,
    REST,
    TEAM,
    TO_ARCHIVE,
    TO_BUS,
    TO_TEAM,
    come_again,
    delivered,
    pipeline_to_three,
    routes,
)
from tests.support.samples import NOTIFICATION_QUEUE, Json


@pytest.fixture
def pipeline() -> FakePipeline:
    return pipeline_to_three()


class TestAHeldResult:
    def test_comes_back_after_doubling_delays(self, pipeline: FakePipeline) -> None:
        pipeline.queues.trouble[TEAM] = GONE
        notify(pipeline, samples.completed(ID))

        pipeline.deliver_to_route()
        come_again(pipeline, times=10)

        delays = [seconds for _, seconds in pipeline.notification_inbox.delays]
        assert delays == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]

    def test_that_is_untracked_is_remembered_too(self, pipeline: FakePipeline) -> None:
        theirs = "0c6e5d2a7b414f0e9a35d18e2b64c9f7"
        pipeline.queues.trouble[TEAM] = GONE
        notify(pipeline, samples.completed(theirs))
        pipeline.deliver_to_route()
        pipeline.queues.trouble.clear()

        come_again(pipeline)

        assert delivered(pipeline, ARCHIVE, TEAM, BUS) == [1, 1, 1]
        bodies = [json.loads(message.body) for message in pipeline.queues.delivered(TEAM)]
        assert pipeline.ledger.states[bodies[0]["id"]] is AttemptState.COMPLETED
        assert theirs not in pipeline.ledger.states
        assert [body["data"]["tracked"] for body in bodies] == [False]

    def test_that_is_untracked_is_never_submitted_again(self, pipeline: FakePipeline) -> None:
        for target in (ARCHIVE, BUS):
            pipeline.queues.trouble[target] = GONE
        failed = samples.failed("b" * 32, samples.SERVER_ERROR)
        notify(pipeline, {**failed, "requestParameters": _request()})
        pipeline.deliver_to_route()

        come_again(pipeline)

        assert pipeline.queues.delivered(samples.SUBMIT_QUEUE) == []

    def test_has_ended_so_another_outcome_comes_too_late(self, pipeline: FakePipeline) -> None:
        """An input that was inferred twice, and failed once."""
        pipeline.queues.trouble[TEAM] = GONE
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        notify(pipeline, samples.failed(ID, samples.SERVER_ERROR))
        report_by_relay(pipeline, Outcome.EXPIRED)

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.DUPLICATE: 2}
        assert delivered(pipeline, ARCHIVE, BUS, samples.SUBMIT_QUEUE) == [1, 1, 0]

    def test_is_not_tried_again_after_its_failure_has_gone_out(
        self, pipeline: FakePipeline
    ) -> None:
        """More attempts are allowed now than when it was decided."""
        held = Held(Outcome.FAILED, delivered=("archive",), missing=("bus",))
        submitted(pipeline, held=held)
        notify(pipeline, samples.failed(ID, samples.SERVER_ERROR))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.FAILED: 1}
        assert delivered(pipeline, ARCHIVE, BUS, samples.SUBMIT_QUEUE) == [0, 1, 0]

    def test_that_no_target_has_yet_has_not_ended(self, pipeline: FakePipeline) -> None:
        for target in (ARCHIVE, TEAM, BUS):
            pipeline.queues.trouble[target] = GONE
        report_by_relay(pipeline, Outcome.REJECTED)
        pipeline.deliver_to_route()
        pipeline.queues.trouble.clear()
        notify(pipeline, samples.completed(ID))

        assert pipeline.deliver_to_route().counts == {Count.COMPLETED: 1}

    def test_of_which_a_report_comes_again_is_completed_by_that_one(
        self, pipeline: FakePipeline
    ) -> None:
        """Its attempt became overdue, or its own notification is parked for good."""
        pipeline.queues.trouble[TEAM] = GONE
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        pipeline.queues.trouble.clear()
        report_by_relay(pipeline, Outcome.COMPLETED)

        assert pipeline.deliver_to_route().counts == {Count.COMPLETED: 1}
        come_again(pipeline)

        assert delivered(pipeline, ARCHIVE, TEAM, BUS) == [1, 1, 1]

    def test_shows_in_its_status_which_routes_have_delivered_it(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.queues.trouble = {TEAM: GONE, ARCHIVE: GONE}
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        del pipeline.queues.trouble[ARCHIVE]
        come_again(pipeline)

        answer = status(ID, pipeline.ledger)

        assert answer.state == "held"
        (attempt,) = json.loads(json.dumps(answer.to_json()))["attempts"]
        assert attempt["held"] == {
            "outcome": "completed",
            "delivered_by": ["archive", "bus"],
            "not_delivered_by": ["team"],
        }
        pipeline.queues.trouble.clear()
        come_again(pipeline)
        afterwards = status(ID, pipeline.ledger)
        assert afterwards.state == "completed"
        assert "held" not in str(afterwards.to_json())
        (attempt,) = json.loads(json.dumps(afterwards.to_json()))["attempts"]
        assert sorted(attempt["delivered_by"]) == ["archive", "bus", "team"]

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("error", [THROTTLED, Crash()])
    def test_that_could_not_be_remembered_is_sent_again(
        self, pipeline: FakePipeline, error: BaseException, after: bool
    ) -> None:
        pipeline.queues.trouble[TEAM] = GONE
        pipeline.faults.plan("ledger.hold", error, after=after)
        notify(pipeline, samples.completed(ID))
        try:
            report = pipeline.deliver_to_route()
            assert "deliveries not recorded" in logged(report, Level.ERROR)
        except Crash:
            pass
        pipeline.queues.trouble.clear()

        come_again(pipeline)

        again = 1 if after else 2
        assert delivered(pipeline, ARCHIVE, TEAM, BUS) == [again, 1, again]
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}


class TestRoutesThatChangeWhileAResultIsHeld:
    @pytest.fixture(autouse=True)
    def _held(self, pipeline: FakePipeline) -> None:
        pipeline.queues.trouble[TEAM] = GONE
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()

    @pytest.mark.parametrize(
        ("document", "archive", "rest"),
        [
            ([TO_ARCHIVE, TO_BUS], 1, 0),  # the route is gone
            ([TO_ARCHIVE, {**TO_TEAM, "when": "data.outcome == 'failed'"}], 1, 0),
            ([TO_ARCHIVE, {**TO_TEAM, "to": REST}], 1, 1),  # it leads elsewhere
            ([{**TO_ARCHIVE, "name": "other"}, TO_BUS], 2, 0),  # another name is another route
        ],
    )
    def test_those_in_force_count_and_what_arrived_is_known_by_name(
        self, pipeline: FakePipeline, document: Sequence[Json], archive: int, rest: int
    ) -> None:
        pipeline.routes.replace(routes(*document))

        come_again(pipeline)

        assert delivered(pipeline, ARCHIVE, TEAM, BUS, REST) == [archive, 0, 1, rest]
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0


def _request() -> Json:
    return {"endpointName": "relay", "inputLocation": f"s3://{samples.BUCKET}/inputs/a.csv"}
