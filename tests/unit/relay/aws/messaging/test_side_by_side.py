"""Destinations side by side: what hangs at one of them costs the others nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from threading import Event, current_thread, main_thread

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from relay.aws.clients import NotBegun
from relay.aws.messaging.outbox import DESTINATIONS_AT_A_TIME, REST_SECONDS, AwsOutbox
from relay.budget import Budget
from relay.errors import NotTried, RelayError, TransientError, Unanswered
from relay.model import OutgoingMessage
from relay.routes.target import Target

from tests.support.fakes.ports import FakeClock

NO_ANSWER = ReadTimeoutError(endpoint_url="https://sqs")


class Service:
    """A service whose addresses hang until `release`, fail, or take what is sent."""

    name = "SQS"
    most_bytes = 1_048_576

    def __init__(self) -> None:
        self.release = Event()
        self.hanging: set[str] = set()
        self.failing: dict[str, Exception] = {}
        self.taken: dict[str, list[str]] = {}
        self.threads: set[str] = set()

    def length(self, message: OutgoingMessage) -> int:
        return len(message.body)

    def send(
        self, address: str | Target, batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        self.threads.add(current_thread().name)
        if str(address) in self.hanging:
            assert self.release.wait(20)
        if error := self.failing.get(str(address)):
            raise error
        self.taken.setdefault(str(address), []).extend(message.key for message in batch)
        return dict.fromkeys(range(len(batch)))


class Sender:
    """An outbox with a budget of half a second for each of its sends, and a clock for its rests."""

    def __init__(self) -> None:
        self.service = Service()
        self.seconds = 0.0
        clock = FakeClock()
        budget = Budget(clock)
        budget.begin(clock.now() + timedelta(seconds=0.5))
        self._outbox = AwsOutbox(lambda _: self.service, budget, lambda: self.seconds)

    def __call__(self, *addresses: str, count: int = 1) -> Mapping[str, RelayError]:
        """Send so many messages to each address, in turns; their keys are `address/number`."""
        return self._outbox.send(
            [
                OutgoingMessage(f"{address}/{number}", address, "body")
                for number in range(count)
                for address in addresses
            ]
        )


@pytest.fixture
def sender() -> Iterator[Sender]:
    sender = Sender()
    yield sender
    sender.service.release.set()


@pytest.mark.parametrize("hanging", [1, 2, 30])
def test_a_target_that_hangs_holds_back_its_own_messages(sender: Sender, hanging: int) -> None:
    hung = [f"hung-{number}" for number in range(hanging)]
    sender.service.hanging.update(hung)

    failures = sender(*hung, "healthy", count=3)

    assert sender.service.taken == {"healthy": ["healthy/0", "healthy/1", "healthy/2"]}
    assert len(failures) == 3 * hanging
    assert {type(error) for error in failures.values()} == {Unanswered}


def test_what_was_answered_before_a_target_hung_is_sent(sender: Sender) -> None:
    sender.service.failing["slow"] = NO_ANSWER
    send = sender.service.send

    def hang_at_the_third(address: str | Target, batch: Sequence[OutgoingMessage]) -> object:
        if address == "slow" and len(sender.service.taken.get("slow", ())) < 20:
            sender.service.failing.pop("slow", None)
        elif address == "slow":
            sender.service.hanging.add("slow")
        return send(address, batch)

    sender.service.send = hang_at_the_third  # type: ignore[method-assign,assignment]

    failures = sender("slow", "healthy", count=35)

    assert sorted(failures) == sorted(f"slow/{number}" for number in range(20, 35))
    assert len(sender.service.taken["healthy"]) == 35


def test_nothing_is_sent_to_a_target_after_the_use_case_stopped_waiting(sender: Sender) -> None:
    """Its messages come back, and would be sent twice."""
    sender.service.hanging.add("slow")
    assert len(sender("slow", "healthy", count=35)) == 35

    sender.service.release.set()
    sender.service.hanging.clear()
    sender("other", "another")  # uses the thread

    assert len(sender.service.taken.get("slow", ())) <= 10


@pytest.mark.parametrize("others", [(), ("healthy",)])
def test_a_target_that_hung_rests(sender: Sender, others: tuple[str, ...]) -> None:
    sender.service.failing["hung"] = NO_ANSWER
    assert type(sender("hung", *others)["hung/0"]) is Unanswered
    sender.service.failing.clear()

    sender.seconds = REST_SECONDS - 1
    assert type(sender("hung", *others)["hung/0"]) is NotTried
    assert "hung" not in sender.service.taken

    sender.seconds = REST_SECONDS + 1
    assert sender("hung", *others) == {}


@pytest.mark.parametrize(
    "failure", [ConnectionClosedError(endpoint_url="https://sqs"), NotBegun(reason="time is short")]
)
def test_a_target_that_did_not_hang_is_called_again(sender: Sender, failure: Exception) -> None:
    sender.service.failing["closed"] = failure
    assert isinstance(sender("closed")["closed/0"], TransientError)
    sender.service.failing.clear()

    assert sender("closed") == {}


def test_the_order_of_messages_to_one_target_is_kept(sender: Sender) -> None:
    sender("a", "b", "c", count=50)

    for address in "abc":
        sent = sender.service.taken[address]
        assert sent == [f"{address}/{number}" for number in range(50)]


def test_one_target_needs_no_thread(sender: Sender) -> None:
    sender("only", count=30)

    assert sender.service.threads == {main_thread().name}


def test_any_number_of_targets_have_a_bounded_number_of_threads(sender: Sender) -> None:
    addresses = [f"target-{number}" for number in range(DESTINATIONS_AT_A_TIME + 20)]
    sender.service.hanging.update(addresses)

    first = sender(*addresses)
    sender.seconds = REST_SECONDS + 1
    second = sender(*addresses)

    assert len(first) == len(second) == len(addresses)
    assert sum(type(error) is NotTried for error in first.values()) == 20
    assert {type(error) for error in second.values()} == {NotTried}
    assert len(sender.service.threads) == DESTINATIONS_AT_A_TIME
