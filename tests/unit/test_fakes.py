"""The fakes keep the contract of the adapters, and fail on demand."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from relay.errors import EndpointNotReady, PermanentError, TransientError
from relay.model import Delivery, OutgoingMessage
from relay.ports import Endpoint, Ledger
from relay.s3uri import S3Uri

from tests.contract.backfill import BackfillStoreContract, ListingContract
from tests.contract.due_ledger import DueLedgerContract, SearchedLedger
from tests.contract.endpoint import EndpointContract
from tests.contract.ledger import LedgerContract
from tests.contract.queues import SMALL, Queues, QueuesContract
from tests.contract.storage import Shelf, StorageContract
from tests.contract.targets import Arrived, Targets, TargetsContract
from tests.support import samples
from tests.support.fakes.backfill import FakeBackfillStore, FakeListing
from tests.support.fakes.budgets import ample
from tests.support.fakes.ledger import FakeLedger
from tests.support.fakes.ports import Crash, FakeClock, FakeEndpoint, Faults
from tests.support.fakes.queues import FakeInbox, FakeQueues
from tests.support.fakes.reconcile import FakeDueLedger, FakeStorage
from tests.support.samples import BUCKET, COMPLETED_QUEUE, INPUTS, SUBMIT_QUEUE


class TestTheLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> FakeLedger:
        return FakeLedger()

    @pytest.fixture
    def leave_unread(self, ledger: Ledger) -> Callable[[str], None]:
        assert isinstance(ledger, FakeLedger)
        return ledger.unread.add


class TestTheStoreOfBackfills(BackfillStoreContract):
    @pytest.fixture
    def store(self) -> FakeBackfillStore:
        return FakeBackfillStore()


class Bucketful:
    """The fake listing as the contract wants it."""

    name = BUCKET

    def __init__(self) -> None:
        self.listing = FakeListing(None, FakeClock(), ample())

    def put(self, key: str) -> None:
        self.listing.put(key)


class TestTheListing(ListingContract):
    @pytest.fixture
    def bucket(self) -> Bucketful:
        return Bucketful()


class TestTheIndexOfWhatIsDue(DueLedgerContract):
    @pytest.fixture
    def due_ledger(self) -> SearchedLedger:
        return FakeDueLedger()


class InMemory:
    """The fake queues as the contract wants them."""

    standard_url = SUBMIT_QUEUE
    fifo_url = COMPLETED_QUEUE
    small_url = f"{SUBMIT_QUEUE}-small"

    def __init__(self) -> None:
        self._clock = FakeClock()
        self.outbox = FakeQueues(self._clock)
        self.outbox.most_bytes[self.small_url] = SMALL
        self.inbox = FakeInbox(self.outbox, SUBMIT_QUEUE)

    def receive(self, queue_url: str) -> list[Delivery]:
        return self.outbox.receive(queue_url, limit=100)

    def advance(self, seconds: int) -> None:
        self._clock.advance(seconds)


class TestTheQueues(QueuesContract):
    @pytest.fixture
    def queues(self) -> Queues:
        return InMemory()


class TargetsInMemory:
    """The fake queues as targets of routes. Those that do not exist are known by their names."""

    def __init__(self) -> None:
        self.outbox = FakeQueues(FakeClock())
        for name in ("sqs", "sns"):
            for suffix in ("", ".fifo"):
                nowhere = f"arn:aws:{name}:us-east-1:000000000000:results-nowhere{suffix}"
                self.outbox.trouble[nowhere] = PermanentError("it does not exist")

    def arn(self, kind: str) -> str:
        name = {
            "queue": "sqs:us-east-1:000000000000:results",
            "fifo_queue": "sqs:us-east-1:000000000000:results.fifo",
            "topic": "sns:us-east-1:000000000000:results",
            "fifo_topic": "sns:us-east-1:000000000000:results.fifo",
            "bus": "events:us-east-1:000000000000:event-bus/results",
        }[kind]
        return f"arn:aws:{name}"

    def arrived(self, kind: str, count: int) -> list[Arrived]:
        return [
            Arrived(message.body, dict(message.attributes), message.detail_type, message.resources)
            for message in self.outbox.delivered(self.arn(kind))
        ]


class TestTheTargets(TargetsContract):
    @pytest.fixture
    def targets(self) -> Targets:
        return TargetsInMemory()


class TestTheEndpoint(EndpointContract):
    @pytest.fixture
    def inputs(self) -> S3Uri:
        return INPUTS

    @pytest.fixture
    def endpoint(self) -> Endpoint:
        return FakeEndpoint()

    @pytest.fixture
    def absent(self) -> Endpoint:
        endpoint = FakeEndpoint()
        endpoint.trouble = EndpointNotReady("Endpoint relay of account 000000000000 not found.")
        return endpoint


class FakeShelf:
    """The fake storage as the contract wants it."""

    def __init__(self) -> None:
        self.storage = FakeStorage()

    def put(self, key: str) -> str:
        self.storage.locations.add(self.location(key))
        return self.location(key)

    def location(self, key: str) -> str:
        return f"s3://data/{key}"


class TestTheStorage(StorageContract):
    @pytest.fixture
    def shelf(self) -> Shelf:
        return FakeShelf()


def result(request_id: str = "r-1", group_id: str = "g") -> OutgoingMessage:
    return OutgoingMessage(
        request_id, COMPLETED_QUEUE, "{}", group_id=group_id, deduplication_id=request_id
    )


def test_a_fifo_queue_takes_a_repeat_again_after_five_minutes() -> None:
    clock = FakeClock()
    queues = FakeQueues(clock)

    for seconds in (0, 299, 1):
        clock.advance(seconds)
        queues.send([result()])

    # Sent at 0, 299 and 300 seconds: the repeat in between does not prolong the five minutes.
    assert len(queues.delivered(COMPLETED_QUEUE)) == 2
    assert len(queues.sent) == 3


def test_a_fifo_queue_distinguishes_groups() -> None:
    queues = FakeQueues(FakeClock())

    queues.send([result(group_id="g-1"), result(group_id="g-2")])

    assert len(queues.delivered(COMPLETED_QUEUE)) == 2


@pytest.mark.parametrize(
    "message",
    [
        OutgoingMessage("k", SUBMIT_QUEUE, ""),
        OutgoingMessage("k", SUBMIT_QUEUE, "b", attributes=(("reason", ""),)),
        OutgoingMessage("k", SUBMIT_QUEUE, "b", attributes=(("reason", "\x00"),)),
        OutgoingMessage("k", SUBMIT_QUEUE, "b", attributes=(("reason", "x" * 1_048_576),)),
        OutgoingMessage("k", SUBMIT_QUEUE, "b", delay_seconds=901),
        OutgoingMessage("k", COMPLETED_QUEUE, "b"),
        OutgoingMessage("k", COMPLETED_QUEUE, "b", group_id="g"),
        OutgoingMessage(
            "k", COMPLETED_QUEUE, "b", group_id="g", deduplication_id="d", delay_seconds=1
        ),
    ],
)
def test_queues_refuse_what_sqs_refuses(message: OutgoingMessage) -> None:
    assert set(FakeQueues(FakeClock()).send([message])) == {"k"}


def test_a_received_message_is_hidden_until_its_time_and_then_counted_again() -> None:
    clock = FakeClock()
    queues = FakeQueues(clock)
    queues.put(SUBMIT_QUEUE, "body")

    (first,) = queues.receive(SUBMIT_QUEUE, visibility_seconds=270)
    clock.advance(269)
    hidden = queues.receive(SUBMIT_QUEUE)
    clock.advance(1)
    (second,) = queues.receive(SUBMIT_QUEUE)

    assert hidden == []
    assert (first.receive_count, second.receive_count) == (1, 2)
    assert first.message_id == second.message_id


def test_queues_deliver_in_an_order_that_a_seed_mixes() -> None:
    def received(order: Random | None) -> list[str]:
        queues = FakeQueues(FakeClock())
        queues.order = order
        for number in range(8):
            queues.put(SUBMIT_QUEUE, f"{number}")
        return [delivery.body for delivery in queues.receive(SUBMIT_QUEUE)]

    kept, mixed = received(None), received(Random(1))

    assert kept == sorted(mixed) != mixed == received(Random(1))


def test_queues_say_when_the_next_message_becomes_visible() -> None:
    clock = FakeClock()
    queues = FakeQueues(clock)
    queues.put(SUBMIT_QUEUE, "x")
    queues.receive(SUBMIT_QUEUE, visibility_seconds=270)

    assert queues.next_visible(SUBMIT_QUEUE) == clock.now() + timedelta(seconds=270)
    assert queues.next_visible(COMPLETED_QUEUE) is None


def test_an_old_receipt_deletes_nothing() -> None:
    clock = FakeClock()
    queues = FakeQueues(clock)
    queues.put(SUBMIT_QUEUE, "body")
    (first,) = queues.receive(SUBMIT_QUEUE)
    clock.advance(270)
    (second,) = queues.receive(SUBMIT_QUEUE)

    queues.delete(SUBMIT_QUEUE, first)
    assert queues.waiting(SUBMIT_QUEUE) == 1

    queues.delete(SUBMIT_QUEUE, second)
    assert queues.waiting(SUBMIT_QUEUE) == 0


@pytest.mark.parametrize("after", [False, True])
def test_a_fault_is_raised_at_its_planned_step(after: bool) -> None:
    faults = Faults()
    ledger = FakeLedger(faults)
    ids = ["1", "2", "3"]
    faults.plan("ledger.claim", TransientError("no"), nth=2, after=after)

    claims = ledger.claim([samples.attempt(inference_id) for inference_id in ids])

    assert set(claims.unavailable) == {"2"}
    assert set(ledger.items) == (set(ids) if after else {"1", "3"})


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_ends_everything_at_its_step(after: bool) -> None:
    faults = Faults()
    ledger = FakeLedger(faults)
    faults.plan("ledger.claim", Crash(), nth=2, after=after)

    with pytest.raises(Crash):
        ledger.claim([samples.attempt(inference_id) for inference_id in ("1", "2", "3")])

    assert set(ledger.items) == ({"1", "2"} if after else {"1"})


def test_faults_are_counted_from_when_they_are_planned() -> None:
    faults = Faults()
    queues = FakeQueues(FakeClock(), faults)
    queues.send([result("r-1")])
    faults.plan("queues.send", TransientError("no"))

    assert set(queues.send([result("r-2"), result("r-3")])) == {"r-2"}
    assert queues.send([result("r-2")]) == {}
