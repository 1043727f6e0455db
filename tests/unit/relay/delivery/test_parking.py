"""Parking keeps the body, and says why, where and when."""

from collections.abc import Sequence

import pytest
from relay.delivery.conclude import conclude
from relay.delivery.dispositions import Disposition, NotParked, Parked
from relay.delivery.parking import Parking, sort_out
from relay.delivery.report import Count, Level, Report
from relay.message_sizes import MOST_QUEUE_BYTES
from relay.model import Delivery, Incoming

from tests.support import samples
from tests.support.fakes.ports import FakeClock, Faults
from tests.support.fakes.queues import FakeQueues
from tests.support.samples import SUBMIT_DEAD_LETTERS


@pytest.fixture
def queues() -> FakeQueues:
    return FakeQueues(FakeClock(), Faults())


@pytest.fixture
def parking(queues: FakeQueues) -> Parking:
    return Parking(queues, FakeClock(), SUBMIT_DEAD_LETTERS, "submit")


def concluded(dispositions: Sequence[Disposition]) -> Report:
    report = Report()
    conclude(dispositions, report)
    return report


def test_a_parked_message_says_why_where_and_when(parking: Parking, queues: FakeQueues) -> None:
    report = concluded(
        parking.settle([NotParked(samples.delivery("m-1", body="whatever"), "not JSON")])
    )

    (parked,) = queues.delivered(SUBMIT_DEAD_LETTERS)
    assert parked.body == "whatever"
    assert dict(parked.attributes) == {
        "reason": "not JSON",
        "parked_by": "submit",
        "parked_at": "2026-11-20T12:00:00+00:00",
        "message_id": "m-1",
    }
    assert report.counts == {Count.PARKED: 1}


@pytest.mark.parametrize(
    "reason",
    [
        "x" * 1_000_000,
        "control \x00 \x1b \x85 characters",
        "half a character \ud800",
        "\N{SNOWMAN} and \N{PILE OF POO}",
    ],
)
def test_any_reason_becomes_one_that_sqs_takes(
    parking: Parking, queues: FakeQueues, reason: str
) -> None:
    report = concluded(parking.settle([NotParked(samples.delivery(), reason)]))

    assert report.counts == {Count.PARKED: 1}
    assert len(queues.delivered(SUBMIT_DEAD_LETTERS)) == 1
    (note,) = report.notes
    assert len(repr(note)) < 3_000


def test_a_message_that_is_delivered_twice_in_a_batch_is_parked_once(
    parking: Parking, queues: FakeQueues
) -> None:
    twice = [NotParked(samples.delivery("m-1"), "why"), NotParked(samples.delivery("m-1"), "why")]

    report = concluded(parking.settle(twice))

    assert report.returned == {}
    assert report.counts == {Count.PARKED: 1}
    assert len(queues.delivered(SUBMIT_DEAD_LETTERS)) == 1


def test_what_no_queue_holds_is_not_parked_but_fails(parking: Parking, queues: FakeQueues) -> None:
    direct: Incoming[object] = Incoming(Delivery("invocation-1", "{}"), problem="not a call")

    report = concluded(parking.settle(sort_out([direct])))

    assert queues.sent == []
    assert list(report.returned) == ["invocation-1"]
    assert [(note.level, note.text) for note in report.notes] == [(Level.ERROR, "unreadable")]


def test_nothing_to_park_is_nothing_to_send(parking: Parking, queues: FakeQueues) -> None:
    dispositions = parking.settle(sort_out([Incoming(samples.delivery(), ("content",))]))

    assert dispositions == []
    assert queues.sent == []


class TestALongMessage:
    """Its attributes, or its record, are longer than what the queue took before."""

    @pytest.mark.parametrize(
        ("spare", "attributes"),
        [
            (2_000, {"reason": "x" * 1_000, "message_id": "m-1"}),
            (1_000, {"reason": "x" * 100, "message_id": "m-1"}),
            (20, {}),
            (0, {}),
        ],
    )
    def test_is_parked_whole(
        self, parking: Parking, queues: FakeQueues, spare: int, attributes: dict[str, str]
    ) -> None:
        body = "b" * (MOST_QUEUE_BYTES - spare)

        report = concluded(parking.settle([NotParked(samples.delivery(body=body), "x" * 1_000)]))

        (parked,) = queues.delivered(SUBMIT_DEAD_LETTERS)
        assert parked.body == body
        assert dict(parked.attributes).items() >= attributes.items()
        assert len(parked.attributes) == (4 if attributes else 0)
        assert report.counts == {Count.PARKED: 1}
        assert dict(report.notes[0].fields)["reason"] == "x" * 1_000

    def test_that_no_queue_takes_is_cut_and_says_so(
        self, parking: Parking, queues: FakeQueues
    ) -> None:
        body = "ü" * MOST_QUEUE_BYTES

        concluded(parking.settle([NotParked(samples.delivery(body=body), "why")]))

        (parked,) = queues.delivered(SUBMIT_DEAD_LETTERS)
        assert body.startswith(parked.body) and len(parked.body) > 100_000
        assert dict(parked.attributes) == {
            "reason": "why",
            "parked_by": "submit",
            "parked_at": "2026-11-20T12:00:00+00:00",
            "message_id": "m-1",
            "cut": f"{2 * len(parked.body)} of {2 * MOST_QUEUE_BYTES} bytes",
        }

    def test_does_not_hold_back_the_others(self, parking: Parking, queues: FakeQueues) -> None:
        long = samples.delivery("m-1", body="b" * MOST_QUEUE_BYTES)

        ends = parking.settle([NotParked(long, "why"), NotParked(samples.delivery("m-2"), "why")])

        assert {type(end) for end in ends} == {Parked}
        assert len(queues.delivered(SUBMIT_DEAD_LETTERS)) == 2
