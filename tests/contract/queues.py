"""What every outbox and inbox does, in memory and on SQS."""

import uuid
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from relay.errors import MessageTooLong
from relay.model import Delivery, OutgoingMessage
from relay.ports import Inbox, Outbox

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MEBIBYTE = 1_048_576
SMALL = 2_048


class Queues(Protocol):
    """Three queues and both sides of them. The small one takes messages of at most SMALL bytes."""

    @property
    def standard_url(self) -> str: ...

    @property
    def fifo_url(self) -> str: ...

    @property
    def small_url(self) -> str: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def inbox(self) -> Inbox:
        """Of the standard queue."""
        ...

    def receive(self, queue_url: str) -> list[Delivery]:
        """All that is visible now."""
        ...

    def advance(self, seconds: int) -> None:
        """Lets time pass: by the fake's clock, or really, so keep it short."""
        ...


def create_queues(sqs: "SQSClient") -> tuple[str, str, str]:
    """The URLs of a standard queue and a FIFO queue as `template.yaml` makes them, and a small one.

    All are empty.
    """
    name = f"contract-{uuid.uuid4()}"
    standard = sqs.create_queue(QueueName=name)["QueueUrl"]
    fifo = sqs.create_queue(
        QueueName=f"{name}.fifo",
        Attributes={
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        },
    )["QueueUrl"]
    small = sqs.create_queue(
        QueueName=f"{name}-small", Attributes={"MaximumMessageSize": str(SMALL)}
    )["QueueUrl"]
    return standard, fifo, small


class QueuesContract(ABC):
    """Inherit, and give the fixture `queues` empty queues."""

    @pytest.fixture
    @abstractmethod
    def queues(self) -> Queues: ...

    def test_what_is_sent_arrives_as_it_was(self, queues: Queues) -> None:
        body = '{"größe": "\N{SNOWMAN} \N{PILE OF POO}", "n": 1}\n\ttext'

        assert queues.outbox.send([standard(queues, "k", body=body)]) == {}

        (delivery,) = queues.receive(queues.standard_url)
        assert delivery.body == body
        assert delivery.receive_count == 1
        assert delivery.queued

    def test_attributes_are_taken(self, queues: Queues) -> None:
        attributes = (("reason", "too long \N{SNOWMAN}"), ("parked_by", "submit"))

        assert queues.outbox.send([standard(queues, "k", attributes=attributes)]) == {}

        assert len(queues.receive(queues.standard_url)) == 1

    def test_eleven_messages_arrive(self, queues: Queues) -> None:
        messages = [standard(queues, str(number), body=str(number)) for number in range(11)]

        assert queues.outbox.send(messages) == {}

        received = [delivery.body for delivery in queues.receive(queues.standard_url)]
        assert sorted(received, key=int) == [str(number) for number in range(11)]

    def test_messages_that_together_fit_no_call_arrive(self, queues: Queues) -> None:
        messages = [standard(queues, key, body=key * 400_000) for key in "abcd"]

        assert queues.outbox.send(messages) == {}

        received = queues.receive(queues.standard_url)
        assert sorted(delivery.body[0] for delivery in received) == ["a", "b", "c", "d"]

    def test_a_message_that_fits_no_queue_fails_alone(self, queues: Queues) -> None:
        large = standard(queues, "large", body="x" * (MEBIBYTE + 1))

        failures = queues.outbox.send([standard(queues, "a"), large, standard(queues, "b")])

        assert set(failures) == {"large"}
        assert len(queues.receive(queues.standard_url)) == 2

    def test_what_a_queue_takes_less_of_than_others_fails_alone_as_too_long(
        self, queues: Queues
    ) -> None:
        sizes = {"a": 1, "b": SMALL, "large": SMALL + 1, "c": SMALL}

        failures = queues.outbox.send(
            [
                standard(queues, key, address=queues.small_url, body="x" * size)
                for key, size in sizes.items()
            ]
        )

        assert {key: type(error) for key, error in failures.items()} == {"large": MessageTooLong}
        assert len(queues.receive(queues.small_url)) == 3

    def test_a_repeat_in_a_fifo_queue_is_sent_and_dropped(self, queues: Queues) -> None:
        repeat = [fifo(queues, "r-1"), fifo(queues, "r-1")]

        assert queues.outbox.send(repeat) == {}
        assert queues.outbox.send([fifo(queues, "r-1"), fifo(queues, "r-2")]) == {}

        received = queues.receive(queues.fifo_url)
        assert sorted(delivery.body for delivery in received) == ["r-1", "r-2"]

    def test_messages_to_two_queues_arrive_in_their_own(self, queues: Queues) -> None:
        assert queues.outbox.send([fifo(queues, "r-1"), standard(queues, "s-1")]) == {}

        assert [delivery.body for delivery in queues.receive(queues.fifo_url)] == ["r-1"]
        assert [delivery.body for delivery in queues.receive(queues.standard_url)] == ["s-1"]

    def test_a_delayed_message_comes_later(self, queues: Queues) -> None:
        queues.outbox.send([standard(queues, "k", delay_seconds=2)])

        assert queues.receive(queues.standard_url) == []
        queues.advance(3)
        assert len(queues.receive(queues.standard_url)) == 1

    def test_a_message_comes_back_after_its_visibility_timeout(self, queues: Queues) -> None:
        queues.outbox.send([standard(queues, str(number)) for number in range(11)])
        first = queues.receive(queues.standard_url)

        queues.inbox.come_back([(delivery, 1) for delivery in first])

        assert queues.receive(queues.standard_url) == []
        queues.advance(2)
        again = queues.receive(queues.standard_url)
        assert {delivery.message_id for delivery in again} == {
            delivery.message_id for delivery in first
        }
        assert {delivery.receive_count for delivery in again} == {2}

    def test_only_what_was_received_is_in_flight(self, queues: Queues) -> None:
        queues.outbox.send([standard(queues, str(number)) for number in range(11)])
        received = queues.receive(queues.standard_url)
        forged = replace(received[0], receipt_handle="made up")

        proved = queues.inbox.in_flight([*received, forged])

        assert proved == {delivery.receipt_handle for delivery in received}

    def test_what_is_in_flight_stays_so_for_longer(self, queues: Queues) -> None:
        queues.outbox.send([standard(queues, "k")])
        received = queues.receive(queues.standard_url)
        queues.inbox.come_back([(delivery, 1) for delivery in received])

        queues.inbox.in_flight(received)

        queues.advance(2)
        assert queues.receive(queues.standard_url) == []

    def test_an_empty_call_succeeds(self, queues: Queues) -> None:
        assert queues.outbox.send([]) == {}
        queues.inbox.come_back([])


def standard(queues: Queues, key: str, **members: Any) -> OutgoingMessage:
    return OutgoingMessage(**{"key": key, "address": queues.standard_url, "body": key, **members})


def fifo(queues: Queues, request_id: str) -> OutgoingMessage:
    return OutgoingMessage(
        key=request_id,
        address=queues.fifo_url,
        body=request_id,
        group_id=request_id,
        deduplication_id=request_id,
    )
