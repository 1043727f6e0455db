"""Queues, topics and buses in memory. They pass the same contract as the adapters."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from relay.aws.messaging.queues import VISIBILITY_SECONDS
from relay.errors import MessageTooLong, PermanentError, RelayError
from relay.model import Delivery, OutgoingMessage

from tests.support.fakes.ports import FakeClock, Faults

_DEDUPLICATION = timedelta(minutes=5)
_MAX_MESSAGE_BYTES = 1_048_576  # of SQS
_MAX_EVENT_BYTES = 262_144  # of SNS and EventBridge
# What SQS takes in an attribute's value: no control characters but tab and line ends.
_SENDABLE = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


@dataclass
class _Stored:
    """A message in a queue."""

    message_id: str
    message: OutgoingMessage
    sent_at: datetime
    visible_at: datetime
    receive_count: int = 0
    receipt_handle: str = ""


class FakeQueues:
    """All queues, and all topics and buses as if they were queues; fills in `relay.ports.Outbox`.

    What is FIFO (its address ends in .fifo) drops a message whose group and deduplication id it
    took within the last five minutes. `trouble` is what every message to an address meets;
    `most_bytes` is what an address takes where that is less than services take at most.
    Messages of a FIFO group do not wait for one another, nothing expires, and there is no redrive:
    `receive` returns how often a message came. `order` mixes the messages at each receive; None
    keeps them in the order in which they were sent.
    """

    def __init__(self, clock: FakeClock, faults: Faults | None = None) -> None:
        self.sent: list[OutgoingMessage] = []
        self.trouble: dict[str, RelayError] = {}
        self.most_bytes: dict[str, int] = {}
        self.order: Random | None = None
        self._clock = clock
        self._faults = faults or Faults()
        self._stored: dict[str, list[_Stored]] = defaultdict(list)
        self._delivered: dict[str, list[OutgoingMessage]] = defaultdict(list)
        self._deduplicated: dict[tuple[str, str | None, str], datetime] = {}
        self._numbers: Counter[str] = Counter()

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        addresses = dict.fromkeys(str(message.address) for message in messages)
        hung = self._faults.hangs.send(addresses) if self._faults.hangs else {}
        failures: dict[str, RelayError] = {}
        for message in messages:
            if error := hung.get(str(message.address)):
                failures[message.key] = error
                continue
            try:
                with self._faults.step("queues.send"):
                    if str(message.address) in self.trouble:
                        raise self.trouble[str(message.address)]
                    self._check(message)
                    self._faults.perform(partial(self._take, message))
            except RelayError as error:
                failures[message.key] = error
        return failures

    def put(self, queue_url: str, body: str) -> None:
        """Put a message of another sender into a queue: of S3, SNS, or an operator."""
        message = OutgoingMessage(key="", address=queue_url, body=body)
        self._check(message)
        self._take(message)

    def delivered(self, queue_url: str) -> list[OutgoingMessage]:
        """Every message that the queue took: what its consumers get, sooner or later."""
        return list(self._delivered[queue_url])

    def waiting(self, queue_url: str) -> int:
        """How many messages the queue holds, in flight or not."""
        return len(self._stored[queue_url])

    def receive(
        self, queue_url: str, limit: int = 10, visibility_seconds: int = VISIBILITY_SECONDS
    ) -> list[Delivery]:
        """Takes visible messages, which come back after so many seconds unless deleted."""
        now = self._clock.now()
        if self.order is not None:
            self.order.shuffle(self._stored[queue_url])
        received: list[Delivery] = []
        for stored in self._stored[queue_url]:
            if len(received) == limit or stored.visible_at > now:
                continue
            stored.receive_count += 1
            stored.receipt_handle = f"{stored.message_id}#{stored.receive_count}"
            stored.visible_at = now + timedelta(seconds=visibility_seconds)
            received.append(
                Delivery(
                    stored.message_id,
                    stored.message.body,
                    stored.receipt_handle,
                    stored.receive_count,
                    stored.sent_at,
                )
            )
        return received

    def delete(self, queue_url: str, delivery: Delivery) -> None:
        """Acknowledges a message. An old receipt deletes nothing, and says nothing."""
        self._stored[queue_url] = [
            stored
            for stored in self._stored[queue_url]
            if stored.receipt_handle != delivery.receipt_handle
        ]

    def show_again(self, queue_url: str, delivery: Delivery, seconds: int) -> None:
        """Changes a message's visibility. An old receipt changes nothing."""
        for stored in self._stored[queue_url]:
            if stored.receipt_handle == delivery.receipt_handle:
                stored.visible_at = self._clock.now() + timedelta(seconds=seconds)

    def come_back(self, queue_url: str, deliveries: Sequence[tuple[Delivery, int]]) -> None:
        if error := self._faults.hang("queues.come_back"):
            raise error
        with self._faults.step("queues.come_back"):
            for delivery, seconds in deliveries:
                self.show_again(queue_url, delivery, seconds)

    def in_flight(self, queue_url: str, deliveries: Sequence[Delivery]) -> frozenset[str]:
        if error := self._faults.hang("queues.in_flight"):
            raise error
        with self._faults.step("queues.in_flight"):
            receipts = {
                stored.receipt_handle
                for stored in self._stored[queue_url]
                if stored.receive_count and stored.visible_at > self._clock.now()
            }
            proved = [each for each in deliveries if each.receipt_handle in receipts]
            for delivery in proved:
                self.show_again(queue_url, delivery, VISIBILITY_SECONDS)
            return frozenset(each.receipt_handle or "" for each in proved)

    def next_visible(self, *queue_urls: str) -> datetime | None:
        """When the next message of these queues becomes, or became, visible; None without one."""
        times = (stored.visible_at for url in queue_urls for stored in self._stored[url])
        return min(times, default=None)

    def _check(self, message: OutgoingMessage) -> None:
        _check_message(message, self.most_bytes.get(str(message.address)))

    def _take(self, message: OutgoingMessage) -> None:
        self.sent.append(message)
        if message.deduplication_id is not None and self._is_repeat(message):
            return
        queue_url = str(message.address)
        self._numbers[queue_url] += 1
        sent_at = self._clock.now()
        visible_at = sent_at + timedelta(seconds=message.delay_seconds)
        name = re.split("[/:]", queue_url)[-1]
        self._stored[queue_url].append(
            _Stored(f"{name}-{self._numbers[queue_url]}", message, sent_at, visible_at)
        )
        self._delivered[queue_url].append(message)

    def _is_repeat(self, message: OutgoingMessage) -> bool:
        key = (str(message.address), message.group_id, message.deduplication_id or "")
        taken_at = self._deduplicated.get(key)
        now = self._clock.now()
        if taken_at is not None and now - taken_at < _DEDUPLICATION:
            return True
        self._deduplicated[key] = now
        return False


def _check_message(message: OutgoingMessage, most_bytes: int | None) -> None:
    """What the services refuse, written from their service models."""
    address = str(message.address)
    fifo = address.endswith(".fifo")
    bus, topic = (address.startswith(f"arn:aws:{name}:") for name in ("events", "sns"))
    attributes = sum(len(f"{name}String{value}".encode()) for name, value in message.attributes)
    most = most_bytes or (_MAX_EVENT_BYTES if bus or topic else _MAX_MESSAGE_BYTES)
    size = len(message.body.encode()) + attributes + len(f"{message.detail_type}".encode())
    if size > most:
        raise MessageTooLong(f"{message.address} takes {most} bytes, not {size}")
    refused = [
        name
        for name, taken in (
            ("an empty body", message.body),
            ("more than 10 attributes", len(message.attributes) <= 10),
            (
                "such an attribute",
                all(_SENDABLE.fullmatch(value) for _, value in message.attributes),
            ),
            ("a FIFO message without group", not fifo or message.group_id),
            ("a FIFO message without deduplication id", not fifo or message.deduplication_id),
            ("a delay in a FIFO queue", not fifo or message.delay_seconds == 0),
            ("such a delay", 0 <= message.delay_seconds <= 900),
            ("an event without type", not bus or message.detail_type),
        )
        if not taken
    ]
    if refused:
        raise PermanentError(f"{message.address} does not take {', '.join(refused)}")


class FakeInbox:
    """One of the queues, as `relay.ports.Inbox`. `delays` are the delays asked for, by message."""

    def __init__(self, queues: FakeQueues, queue_url: str) -> None:
        self.delays: list[tuple[str, int]] = []
        self._queues = queues
        self._queue_url = queue_url

    def come_back(self, deliveries: Sequence[tuple[Delivery, int]]) -> None:
        self.delays += [(delivery.message_id, seconds) for delivery, seconds in deliveries]
        self._queues.come_back(self._queue_url, deliveries)

    def in_flight(self, deliveries: Sequence[Delivery]) -> frozenset[str]:
        return self._queues.in_flight(self._queue_url, deliveries)
