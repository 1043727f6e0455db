"""The outbox: messages grouped by where they go, in as few calls as each service allows.

What a service takes in one call differs between regions (SQS: 1 MiB, or the 256 KiB of before) and
between targets (`MaximumMessageSize` of a queue or a topic). So a batch that is refused for its
size is sent again in smaller ones, and the outbox remembers what the destination takes. A batch
that is refused for another reason is sent again message by message, so that only the guilty one
fails, unless the reason is the destination.

Destinations are served side by side, so that one that hangs takes no time from the others. One that
did not answer, or refused a whole call for now, is not called again for the rest of its messages;
one that did not answer rests for some seconds, also in the invocations that follow.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.clients import HUNG
from relay.aws.errors import SdkError, classify, error_code
from relay.aws.side_by_side import SideBySide
from relay.budget import Budget
from relay.delivery.isolation import unexpected
from relay.errors import (
    MessageTooLong,
    NotTried,
    PermanentError,
    RelayError,
    TransientError,
    Unanswered,
)
from relay.model import OutgoingMessage

if TYPE_CHECKING:
    from relay.routes.target import Target

# Of SendMessageBatch, PublishBatch and PutEvents alike.
_ENTRIES = 10
# Destinations that are served side by side.
DESTINATIONS_AT_A_TIME = 64
# How long a destination that did not answer is not called.
REST_SECONDS = 15
# What is refused to every message: the destination is gone, or its key cannot be used.
_OF_THE_DESTINATION = re.compile(
    r"(AWS\.SimpleQueueService\.)?(NonExistentQueue|QueueDoesNotExist|QueueDeletedRecently)"
    r"|NotFound(Exception)?|ResourceNotFound(Exception)?|KMS.*"
)
# "Batch requests cannot be longer than 262144 bytes. You have sent 492271 bytes."
_STATED_LIMIT = re.compile(r"(?:longer|shorter) than (\d+) bytes")


class Service(Protocol):
    """One service's batch call. `most_bytes` is the most that it takes in one call anywhere."""

    @property
    def name(self) -> str: ...

    @property
    def most_bytes(self) -> int: ...

    def length(self, message: OutgoingMessage) -> int:
        """The bytes that count towards the limit."""
        ...

    def send(
        self, address: "str | Target", batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        """Makes one call. Answers by index: None for what the service confirmed.

        Raises botocore's errors.
        """
        ...


@dataclass(slots=True)
class _Sending:
    """The messages to one destination. `waiting` are the keys of those that are not answered.

    The thread that sends them stops before its next call when it is `given_up`.
    """

    service: Service
    address: "str | Target"
    messages: Sequence[OutgoingMessage]
    failures: dict[str, RelayError] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    given_up: bool = False


class AwsOutbox:
    """Implements `relay.ports.Outbox`. `service_of` finds the service for an address."""

    def __init__(
        self,
        service_of: Callable[["str | Target"], Service],
        budget: Budget,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service_of = service_of
        self._monotonic = monotonic
        self._side_by_side = SideBySide(budget, DESTINATIONS_AT_A_TIME, "send")
        # What destinations take in one call, where they refused more. A refused single message
        # leaves nothing here: its destination may take it after a change.
        self._most_bytes: dict[str | Target, int] = {}
        self._rests_until: dict[str | Target, float] = {}

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        failures: dict[str, RelayError] = {}
        sendings = list(self._sendings(messages, failures))
        for sending, error in zip(sendings, self._run(sendings), strict=True):
            sending.given_up = True
            failures |= sending.failures
            if error is not None:
                unanswered = set(sending.waiting) - failures.keys()
                failures |= dict.fromkeys(unanswered, error)
            if isinstance(error, Unanswered):
                self._rest(sending.address)
        return failures

    def _run(self, sendings: Sequence[_Sending]) -> Sequence[RelayError | None]:
        """Send everything. Return an error for each destination that did not answer in time."""
        if len(sendings) == 1:  # needs no thread: its calls have their own limits
            self._send_all(sendings[0])
            return [None]
        return self._side_by_side(self._send_all, sendings)

    def _sendings(
        self, messages: Sequence[OutgoingMessage], failures: dict[str, RelayError]
    ) -> Iterator[_Sending]:
        """What to send where; `failures` gets what cannot be sent now."""
        by_address: dict[str | Target, list[OutgoingMessage]] = {}
        for message in messages:
            by_address.setdefault(message.address, []).append(message)
        for address, addressed in by_address.items():
            if self._rests_until.get(address, 0) > self._monotonic():
                resting = NotTried(f"send to {address}: it did not answer before")
                failures |= dict.fromkeys(_keys(addressed), resting)
                continue
            try:
                service = self._service_of(address)
            except (ClientError, BotoCoreError) as error:
                failures |= dict.fromkeys(_keys(addressed), _failure(address, error))
            else:
                waiting = set(_keys(addressed))
                yield _Sending(service, address, addressed, waiting=waiting)

    def _rest(self, address: "str | Target") -> None:
        self._rests_until[address] = self._monotonic() + REST_SECONDS

    def _send_all(self, sending: _Sending) -> None:
        """Send in batches, one after another, and record what each call answers."""
        service, address, failures = sending.service, sending.address, sending.failures
        rest = list(_sendable(service, address, sending.messages, failures))
        alone = 0  # so many of the next messages go each in a call of its own
        while rest and not sending.given_up:
            most_bytes = self._most_bytes.get(address, service.most_bytes)
            count, size = _next_batch(rest[: 1 if alone else _ENTRIES], most_bytes)
            batch = [message for message, _ in rest[:count]]
            try:
                answers = service.send(address, batch)
            except (ClientError, BotoCoreError) as error:
                failure = _failure(address, error)
                if isinstance(failure, MessageTooLong) and count > 1:
                    self._most_bytes[address] = _smaller(size, failure)
                    continue
                if isinstance(failure, PermanentError) and count > 1 and _of_messages(error):
                    alone = count
                    continue
                if not isinstance(failure, PermanentError):
                    batch = [message for message, _ in rest]
                    count = len(rest)
                if isinstance(error, HUNG):
                    self._rest(address)
                failures |= dict.fromkeys(_keys(batch), failure)
            except Exception as bug:
                if count > 1:
                    alone = count
                    continue
                failures[batch[0].key] = unexpected(bug, f"send to {address}")
            else:
                failures |= _unsent(address, batch, answers)
            sending.waiting.difference_update(_keys(batch))
            rest, alone = rest[count:], max(0, alone - count)
        sending.waiting.difference_update(failures)


def _sendable(
    service: Service,
    address: "str | Target",
    messages: Sequence[OutgoingMessage],
    failures: dict[str, RelayError],
) -> Iterator[tuple[OutgoingMessage, int]]:
    """What may fit into a call, with its bytes; `failures` gets what fits into none."""
    for message in messages:
        try:
            length = service.length(message)
        except Exception as bug:
            failures[message.key] = unexpected(bug, f"send to {address}")
            continue
        if length <= service.most_bytes:
            yield message, length
        else:
            failures[message.key] = MessageTooLong(
                f"send to {address}: the message has {length:,} bytes, and {service.name} takes "
                f"at most {service.most_bytes:,}"
            )


def _next_batch(
    messages: Sequence[tuple[OutgoingMessage, int]], most_bytes: int
) -> tuple[int, int]:
    """How many of the first messages go into one call, at least one, and their bytes."""
    count, size = 1, messages[0][1]
    for _, length in messages[1:]:
        if size + length > most_bytes:
            break
        count, size = count + 1, size + length
    return count, size


def _of_messages(error: SdkError) -> bool:
    """Whether a whole call may be refused for one of its messages."""
    return not _OF_THE_DESTINATION.fullmatch(error_code(error))


def _smaller(size: int, refusal: MessageTooLong) -> int:
    """The most bytes for a call after a batch of `size` was refused: what is stated, or half.

    It is less than `size`, so that every further try has fewer messages, down to one.
    """
    stated = _STATED_LIMIT.search(str(refusal))
    limit = int(stated[1]) if stated else 0
    return limit if 0 < limit < size else size // 2


def _unsent(
    address: "str | Target",
    batch: Sequence[OutgoingMessage],
    answers: Mapping[int, RelayError | None],
) -> dict[str, RelayError]:
    """What a call that was answered with 200 did not take.

    An entry of which nothing is said was not confirmed, so it counts as not sent.
    """
    unconfirmed = TransientError(f"send to {address}: not confirmed")
    return {
        message.key: answer
        for index, message in enumerate(batch)
        if (answer := answers.get(index, unconfirmed)) is not None
    }


def _keys(messages: Sequence[OutgoingMessage]) -> Iterator[str]:
    return (message.key for message in messages)


def _failure(address: "str | Target", cause: SdkError) -> RelayError:
    error = classify(cause, f"send to {address}")
    error.__cause__ = cause
    return error
