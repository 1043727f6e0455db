"""Routing to several targets: each has the result once, and waits for no other."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from relay.aws.messaging.outbox import AwsOutbox
from relay.budget import Budget
from relay.delivery.report import Count, Level
from relay.errors import AccessDenied, RelayError, TransientError
from relay.events.envelopes import read_notifications
from relay.model import AttemptState, Held, Outcome, OutgoingMessage
from relay.route.route import Route
from relay.routes.target import Target

from tests.support import samples
from tests.support.fakes.ledger import FakeLedger
from tests.support.fakes.ports import FakeClock, FakeRoutes
from tests.support.fakes.queues import FakeInbox, FakeQueues
from tests.support.pipeline.notifying import ID, THROTTLED, logged, notify, submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.results.several_targets import (
    ARCHIVE,
    BUS,
    GONE,
    REST,
    TEAM,
    TO_TEAM,
    come_again,
    delivered,
    pipeline_to_three,
    routes,
)
from tests.support.samples import NOTIFICATION_QUEUE


@pytest.fixture
def pipeline() -> FakePipeline:
    return pipeline_to_three()


class TestAResultWithSeveralTargets:
    def test_goes_to_all_of_them(self, pipeline: FakePipeline) -> None:
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert delivered(pipeline, ARCHIVE, TEAM, BUS, REST) == [1, 1, 1, 0]
        assert report.counts == {Count.COMPLETED: 1}
        assert pipeline.faults.steps.count("ledger.close") == 1
        assert "ledger.hold" not in pipeline.faults.steps

    def test_has_the_same_body_for_each_and_the_route_beside_it(
        self, pipeline: FakePipeline
    ) -> None:
        notify(pipeline, samples.completed(ID))

        pipeline.deliver_to_route()

        sent = pipeline.queues.sent[-3:]
        assert len({message.body for message in sent}) == 1
        assert [dict(message.attributes).get("route") for message in sent[:2]] == [
            "archive",
            "team",
        ]

    def test_leaves_no_route_without_what_matched_nothing(self, pipeline: FakePipeline) -> None:
        pipeline.routes.replace(routes(TO_TEAM))
        notify(pipeline, samples.failed(ID))

        pipeline.deliver_to_route()

        assert delivered(pipeline, TEAM, REST) == [0, 1]


@pytest.mark.parametrize("trouble", [THROTTLED, AccessDenied("not authorized"), GONE])
class TestATargetThatCannotBeReached:
    def test_holds_back_only_its_own_delivery(
        self, pipeline: FakePipeline, trouble: RelayError
    ) -> None:
        pipeline.queues.trouble[TEAM] = trouble
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert delivered(pipeline, ARCHIVE, TEAM, BUS) == [1, 0, 1]
        assert report.counts[Count.HELD] == report.counts[Count.RETURNED] == 1
        assert pipeline.ledger.items[ID].held == Held(
            Outcome.COMPLETED, delivered=("archive", "bus"), missing=("team",)
        )
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}

    def test_has_its_own_delivery_once_it_is_back_and_no_other_target_has_a_second(
        self, pipeline: FakePipeline, trouble: RelayError
    ) -> None:
        pipeline.queues.trouble[TEAM] = trouble
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        come_again(pipeline, times=20)

        del pipeline.queues.trouble[TEAM]
        come_again(pipeline)

        assert delivered(pipeline, ARCHIVE, TEAM, BUS) == [1, 1, 1]
        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert pipeline.queues.waiting(NOTIFICATION_QUEUE) == 0

    def test_costs_the_ledger_one_write_however_often_it_is_tried(
        self, pipeline: FakePipeline, trouble: RelayError
    ) -> None:
        pipeline.queues.trouble[TEAM] = trouble
        notify(pipeline, samples.completed(ID))
        pipeline.deliver_to_route()
        come_again(pipeline, times=20)

        assert pipeline.faults.steps.count("ledger.hold") == 1

    def test_holds_back_no_other_result(self, pipeline: FakePipeline, trouble: RelayError) -> None:
        pipeline.routes.replace(routes(TO_TEAM))
        pipeline.queues.trouble[TEAM] = trouble
        submitted(pipeline, "b" * 32)
        notify(pipeline, samples.completed(ID), samples.failed("b" * 32))

        report = pipeline.deliver_to_route()

        assert delivered(pipeline, TEAM, REST) == [0, 1]
        assert report.counts[Count.FAILED] == 1
        assert list(report.returned) == ["relay-NotificationQueue-1"]

    def test_an_unreachable_target_is_logged_with_the_reason(
        self, pipeline: FakePipeline, trouble: RelayError
    ) -> None:
        pipeline.queues.trouble[TEAM] = trouble
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        (note,) = (note for note in report.notes if note.level is Level.ERROR)
        assert dict(note.fields) == {
            "inference_id": ID,
            "routes": "team",
            "error": str(trouble),
        }
        assert report.counts[Count.ACCESS_DENIED] == isinstance(trouble, AccessDenied)


class TestRoutesThatCannotBeHad:
    def test_give_everything_back_and_say_so(self, pipeline: FakePipeline) -> None:
        pipeline.routes.trouble = TransientError("read parameter /relay/routes: it is down")
        notify(pipeline, samples.completed(ID))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.RETURNED: 1}
        assert logged(report, Level.ERROR) == ["no valid routes"]
        assert delivered(pipeline, ARCHIVE, TEAM, BUS, REST) == [0, 0, 0, 0]

        pipeline.routes.trouble = None
        come_again(pipeline)
        assert delivered(pipeline, ARCHIVE, TEAM, BUS) == [1, 1, 1]

    def test_do_not_stop_parking_and_duplicates(self, pipeline: FakePipeline) -> None:
        pipeline.routes.trouble = THROTTLED
        submitted(pipeline, "b" * 32, state=AttemptState.COMPLETED)
        foreign = samples.completed(ID, requestParameters={"endpointName": "other"})
        notify(pipeline, foreign, samples.completed("b" * 32))

        report = pipeline.deliver_to_route()

        assert report.counts == {Count.PARKED: 1, Count.DUPLICATE: 1}


def test_a_condition_that_cannot_be_evaluated_is_logged_once_for_a_batch(
    pipeline: FakePipeline,
) -> None:
    broken = {"name": "slow", "when": "starts_with(data.timing.total_ms, 'x')", "to": TEAM}
    pipeline.routes.replace(routes(broken))
    submitted(pipeline, "b" * 32)
    notify(pipeline, samples.completed(ID), samples.completed("b" * 32))

    report = pipeline.deliver_to_route()

    assert report.counts == {Count.COMPLETED: 2, Count.ROUTE_NOT_EVALUATED: 2}
    assert delivered(pipeline, TEAM, REST) == [0, 2]
    (note,) = (note for note in report.notes if note.level is Level.WARNING)
    fields = dict(note.fields)
    assert (fields["route"], fields["results"]) == ("slow", "2")
    assert "starts_with() takes string" in fields["problem"]


def test_a_group_gets_its_results_in_the_order_in_which_they_ended(
    pipeline: FakePipeline,
) -> None:
    """In whatever order their notifications lie in a batch: SNS and SQS keep none."""
    grouped = {"name": "team", "to": TEAM, "group": "data.endpoint"}
    pipeline.routes.replace(routes(grouped))
    ids = [f"{number:032x}" for number in range(9)]
    ended = {inference_id: f"2026-11-20T12:00:0{n}.000Z" for n, inference_id in enumerate(ids)}
    for inference_id in (ids[n] for n in (4, 0, 8, 2, 6, 1, 3, 7, 5)):
        submitted(pipeline, inference_id)
        notify(pipeline, samples.completed(inference_id, eventTime=ended[inference_id]))

    pipeline.deliver_to_route()

    messages = pipeline.queues.delivered(TEAM)
    assert [json.loads(message.body)["id"] for message in messages] == ids
    assert {message.group_id for message in messages} == {"relay"}


class _Counting:
    """A service that takes everything and keeps how much it got with each call."""

    name, most_bytes = "SQS", 1_048_576

    def __init__(self) -> None:
        self.batches: list[int] = []

    def length(self, message: OutgoingMessage) -> int:
        return len(message.body)

    def send(self, address: str | Target, batch: Sequence[OutgoingMessage]) -> dict[int, None]:
        self.batches.append(len(batch))
        return dict.fromkeys(range(len(batch)))


def test_a_hundred_results_over_five_routes_take_at_most_twenty_calls() -> None:
    """One look-up, four marks, and the sends, also where the results are spread badly."""
    shares = {"a": 11, "b": 21, "c": 31, "d": 21, "e": 16}
    service, ledger, clock = _Counting(), FakeLedger(), FakeClock()
    document = routes(
        *(
            {"name": name, "when": f"data.custom_attributes == '{name}'", "to": f"{REST}-{name}"}
            for name in shares
        )
    )
    notifications = []
    for number, name in enumerate("".join(name * share for name, share in shares.items())):
        inference_id = f"{number:032x}"
        ledger.items[inference_id] = samples.attempt(inference_id, custom_attributes=name)
        notifications.append(samples.completed(inference_id))
    inbox = FakeInbox(FakeQueues(clock), NOTIFICATION_QUEUE)
    budget = Budget(clock)
    outbox = AwsOutbox(lambda _: service, budget)
    settings = samples.route_settings()
    route = Route(settings, FakeRoutes(document), ledger, outbox, inbox, clock, budget)

    event = samples.sqs_event(*map(samples.sns_envelope, notifications))
    budget.begin(clock.now() + timedelta(seconds=42))
    report = route(read_notifications(event, "i"))

    assert report.counts == {Count.COMPLETED: 100}
    assert sum(service.batches) == 100
    assert 1 + len(service.batches) + 4 <= 20
