"""Whatever hangs: what was sent is marked, the rest is returned, and no function times out."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from relay.delivery.report import Count
from relay.model import AttemptState
from relay.route.route import MARK_SECONDS
from relay.routes.compiled import Routes
from relay.routes.rule import Verdict
from relay.submit.submit import RECORD_SECONDS

from tests.support import samples
from tests.support.pipeline.pipelines import SECONDS, FakePipeline
from tests.support.pipeline.submitting import put, upload
from tests.support.samples import (
    COMPLETED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_DEAD_LETTERS,
)

# What a call takes at most: docs/reference/time-budget.md.
TABLE, PARAMETER, ENDPOINT, TARGET, QUEUE = 7, 3, 10, 7, 5


def targets(count: int) -> list[str]:
    return [f"arn:aws:sqs:us-east-1:000000000000:target-{number}" for number in range(count)]


def route_to(pipeline: FakePipeline, addresses: list[str]) -> None:
    entries = [{"name": address.rpartition(":")[2], "to": address} for address in addresses]
    document = {"routes": entries, "otherwise": {"to": addresses[-1]}}
    pipeline.routes.replace(json.dumps(document))


def notify(pipeline: FakePipeline, count: int) -> list[str]:
    """Submitted attempts, and their notifications on the queue."""
    ids = [f"{number:032x}" for number in range(count)]
    for each in ids:
        pipeline.ledger.items[each] = samples.attempt(each)
        notification = samples.sns_envelope(samples.completed(each), samples.SUCCESS_TOPIC)
        pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(notification))
    return ids


def take(pipeline: FakePipeline, port: object, method: str, seconds: float) -> None:
    """Let calls of a port take so many seconds before they answer."""
    call = getattr(port, method)

    def slow(*arguments: object) -> object:
        pipeline.clock.advance(seconds)
        return call(*arguments)

    setattr(port, method, slow)


def observe(pipeline: FakePipeline, method: str) -> Callable[[], float]:
    """Return what tells the seconds that were left at the last such call to the ledger."""
    call = getattr(pipeline.ledger, method)
    left: list[float] = []

    def observed(*arguments: object) -> object:
        left.append(pipeline.budget.left())
        return call(*arguments)

    setattr(pipeline.ledger, method, observed)
    return lambda: left[-1]


def arrived(pipeline: FakePipeline, address: str) -> int:
    return len(pipeline.queues.delivered(address))


class TestRoute:
    @pytest.mark.parametrize("hanging", [1, 2, 5, 60])
    def test_serves_the_others_when_targets_hang(
        self, pipeline: FakePipeline, hanging: int
    ) -> None:
        addresses = targets(hanging + 2)
        route_to(pipeline, addresses)
        pipeline.hangs.seconds |= dict.fromkeys(addresses[:hanging], TARGET)
        ids = notify(pipeline, 100)
        begun = pipeline.clock.now()

        report = pipeline.deliver_to_route()

        assert pipeline.clock.now() - begun <= timedelta(seconds=TARGET)
        assert [arrived(pipeline, each) for each in addresses] == [0] * hanging + [100, 100]
        assert report.counts[Count.RETURNED] == 100
        held = [pipeline.ledger.items[each].held for each in ids]
        assert all(each and len(each.delivered) == 2 for each in held)

        pipeline.hangs.seconds.clear()
        pipeline.clock.advance(300)
        pipeline.deliver_to_route()

        assert [arrived(pipeline, each) for each in addresses] == [100] * (hanging + 2)
        assert set(pipeline.ledger.states.values()) == {AttemptState.COMPLETED}

    @pytest.mark.parametrize(("seconds", "at_a_time"), [(2, 2), (30, 1)])
    def test_goes_on_however_long_its_routes_take(
        self,
        pipeline: FakePipeline,
        monkeypatch: pytest.MonkeyPatch,
        seconds: float,
        at_a_time: int,
    ) -> None:
        weigh = Routes.weigh

        def slow(routes: Routes, document: Mapping[str, object]) -> tuple[Verdict, ...]:
            pipeline.clock.advance(seconds)
            return weigh(routes, document)

        monkeypatch.setattr(Routes, "weigh", slow)
        notify(pipeline, 5)

        report = pipeline.deliver_to_route()

        assert report.counts == {
            Count.COMPLETED: at_a_time,
            Count.RETURNED: 5 - at_a_time,
        }
        while report.returned:
            pipeline.clock.advance(300)
            report = pipeline.deliver_to_route()
        assert arrived(pipeline, COMPLETED_QUEUE) == 5
        assert set(pipeline.ledger.states.values()) == {AttemptState.COMPLETED}

    def test_waits_for_a_target_that_hangs_once_for_many_chunks(
        self, pipeline: FakePipeline
    ) -> None:
        addresses = targets(2)
        route_to(pipeline, addresses)
        pipeline.hangs.seconds[addresses[0]] = TARGET
        notify(pipeline, 1_000)
        begun = pipeline.clock.now()

        pipeline.deliver_to_route(limit=1_000)

        assert pipeline.clock.now() - begun <= timedelta(seconds=TARGET)
        assert arrived(pipeline, addresses[1]) == 1_000

    @pytest.mark.parametrize(
        "hangs",
        [
            {"ledger": TABLE},
            {"routes": PARAMETER},
            {COMPLETED_QUEUE: TARGET},
            {"ledger.close": TABLE, COMPLETED_QUEUE: TARGET},
            {"routes": PARAMETER, COMPLETED_QUEUE: TARGET, "queues.come_back": QUEUE},
            {NOTIFICATION_DEAD_LETTERS: QUEUE, COMPLETED_QUEUE: TARGET, "queues.come_back": QUEUE},
            {"ledger.hold": TABLE, COMPLETED_QUEUE: TARGET, NOTIFICATION_DEAD_LETTERS: QUEUE},
        ],
    )
    def test_ends_in_time_and_loses_nothing(
        self, pipeline: FakePipeline, hangs: dict[str, float]
    ) -> None:
        ids = notify(pipeline, 300)
        pipeline.queues.put(NOTIFICATION_QUEUE, "unreadable")
        pipeline.hangs.seconds |= hangs
        begun = pipeline.clock.now()

        pipeline.deliver_to_route(limit=400)

        assert pipeline.clock.now() - begun <= timedelta(seconds=SECONDS)

        pipeline.hangs.seconds.clear()
        for _ in range(2):
            pipeline.clock.advance(300)
            pipeline.deliver_to_route(limit=400)
        sent = [dict(message.attributes)["request_id"] for message in pipeline.results()]
        assert sorted(sent) == ids
        assert set(pipeline.ledger.states.values()) == {AttemptState.COMPLETED}
        assert arrived(pipeline, NOTIFICATION_DEAD_LETTERS) == 1

    @pytest.mark.parametrize("slow", [0, 7, 19, 21, 26])
    def test_leaves_the_marks_their_time(self, pipeline: FakePipeline, slow: float) -> None:
        hanging, healthy = targets(2)
        route_to(pipeline, [hanging, healthy])
        pipeline.hangs.seconds[hanging] = TARGET
        notify(pipeline, 10)
        take(pipeline, pipeline.ledger, "look_up", slow)
        left = observe(pipeline, "hold")

        pipeline.deliver_to_route()

        assert arrived(pipeline, healthy) == 10
        assert left() >= MARK_SECONDS

    def test_begins_no_chunk_that_could_not_be_marked(self, pipeline: FakePipeline) -> None:
        notify(pipeline, 1)

        report = pipeline.deliver_to_route(seconds=34)

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.results() == []


class TestSubmit:
    @pytest.mark.parametrize("seconds", [1, ENDPOINT])
    def test_leaves_an_endpoint_alone_that_hangs(
        self, pipeline: FakePipeline, seconds: float
    ) -> None:
        upload(pipeline, *(f"inputs/{number}.csv" for number in range(100)))
        pipeline.hangs.seconds["endpoint.invoke"] = seconds
        begun = pipeline.clock.now()

        report = pipeline.deliver_to_submit()

        assert pipeline.clock.now() - begun <= timedelta(seconds=seconds)
        assert report.counts[Count.RETURNED] == 100
        # Only what may have arrived keeps its claim, and the other chunks are not even claimed.
        assert len(pipeline.ledger.items) == 10
        assert pipeline.faults.steps.count("ledger.claim") == 25

        pipeline.hangs.seconds.clear()
        pipeline.clock.advance(300)
        pipeline.deliver_to_submit()
        assert len(set(pipeline.endpoint.invoked)) == len(pipeline.endpoint.invoked) == 100

    @pytest.mark.parametrize(
        "hangs",
        [
            {"ledger": TABLE},
            {"ledger.renew": TABLE},
            {"endpoint": ENDPOINT, "ledger.release": TABLE, "queues.come_back": QUEUE},
            {SUBMIT_DEAD_LETTERS: QUEUE, NOTIFICATION_QUEUE: QUEUE, "queues.come_back": QUEUE},
            {SUBMIT_DEAD_LETTERS: QUEUE, "endpoint": ENDPOINT, "ledger.release": TABLE},
        ],
    )
    def test_ends_in_time_and_loses_nothing(
        self, pipeline: FakePipeline, hangs: dict[str, float]
    ) -> None:
        put(pipeline, {"no": "request"})
        put(pipeline, {"body": "x" * 128_001})
        upload(pipeline, *(f"inputs/{number}.csv" for number in range(98)))
        pipeline.hangs.seconds |= hangs
        begun = pipeline.clock.now()

        pipeline.deliver_to_submit()

        assert pipeline.clock.now() - begun <= timedelta(seconds=SECONDS)

        pipeline.hangs.seconds.clear()
        for _ in range(2):
            pipeline.clock.advance(300)
            pipeline.deliver_to_submit()
        assert len(set(pipeline.endpoint.invoked)) == len(pipeline.endpoint.invoked) == 98

    @pytest.mark.parametrize("slow", [0, 7, 14, 16, 25])
    def test_leaves_the_records_their_time(self, pipeline: FakePipeline, slow: float) -> None:
        upload(pipeline, *(f"inputs/{number}.csv" for number in range(25)))
        pipeline.hangs.seconds["endpoint.invoke"] = ENDPOINT
        take(pipeline, pipeline.ledger, "claim", slow)
        left = observe(pipeline, "release")

        pipeline.deliver_to_submit()

        assert left() >= RECORD_SECONDS

    def test_begins_no_chunk_that_could_not_be_recorded(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")

        report = pipeline.deliver_to_submit(seconds=33)

        assert report.counts == {Count.RETURNED: 1}
        assert pipeline.ledger.items == {}
