"""Routing to several targets: each has the result once, and waits for no other."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from relay.aws.messaging.outbox import AwsOutbox
from relay.budget import Budget
from relay.delivery.report import Count, Level
from relay.errors import AccessDenied, PermanentError, RelayError, TransientError
from relay.events.envelopes import read_notifications
from relay.model import AttemptState, Held, Outcome, OutgoingMessage
from relay.reconcile.status import status
from relay.route.route import Route
from relay.routes.target import Target

from tests.support import samples
from tests.support.fakes.ports import Crash, FakeClock, FakeLedger, FakeRoutes
from tests.support.fakes.queues import FakeInbox, FakeQueues
from tests.support.notifying import ID, THROTTLED, logged, notify, report_by_relay, submitted
from tests.support.pipelines import FakePipeline
from tests.support.samples import NOTIFICATION_QUEUE, Json

ARCHIVE = "arn:aws:sqs:us-east-1:000000000000:archive"
TEAM = "arn:aws:sns:us-east-1:000000000000:team.fifo"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/results"
REST = "arn:aws:sqs:us-east-1:000000000000:rest"
GONE = PermanentError("AWS.SimpleQueueService.NonExistentQueue: it does not exist")


def routes(*named: Json) -> str:
    return json.dumps({"routes": named, "otherwise": {"to": REST}})


TO_ARCHIVE = {"name": "archive", "to": ARCHIVE}
TO_TEAM = {"name": "team", "when": "data.outcome == 'completed'", "to": TEAM}
TO_BUS = {"name": "bus", "to": BUS}


@pytest.fixture
def pipeline() -> FakePipeline:
    pipeline = FakePipeline()
    pipeline.routes.replace(routes(TO_ARCHIVE, TO_TEAM, TO_BUS))
    submitted(pipeline)
    return pipeline


def delivered(pipeline: FakePipeline, *targets: str) -> list[int]:
    return [len(pipeline.queues.delivered(target)) for target in targets]


def come_again(pipeline: FakePipeline, times: int = 1) -> None:
    for _ in range(times):
        pipeline.clock.advance(900)
        pipeline.deliver_to_route()


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
        assert pipeline.ledger.states[theirs] is AttemptState.COMPLETED
        bodies = [json.loads(message.body) for message in pipeline.queues.delivered(TEAM)]
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


def _request() -> Json:
    return {"endpointName": "relay", "inputLocation": f"s3://{samples.BUCKET}/inputs/a.csv"}
