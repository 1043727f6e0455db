"""The outbox: messages grouped by where they go, in as few calls as each service allows.

What a service takes in one call differs between regions (SQS: 1 MiB, or the 256 KiB of before) and
between targets (`MaximumMessageSize` of a queue or a topic). So a batch that is refused for its
size is sent again in smaller ones, and the outbox remembers what the destination takes.

A destination that did not answer, or refused a whole call for now, is not called again for the rest
of its messages, so that it takes no time from the others.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import SdkError, classify
from relay.errors import MessageTooLong, PermanentError, RelayError, TransientError
from relay.isolation import unexpected
from relay.model import OutgoingMessage

if TYPE_CHECKING:
    from relay.routes.target import Target

# Of SendMessageBatch, PublishBatch and PutEvents alike.
_ENTRIES = 10
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


class AwsOutbox:
    """Implements `relay.ports.Outbox`. `service_of` finds the service for an address."""

    def __init__(self, service_of: Callable[["str | Target"], Service]) -> None:
        self._service_of = service_of
        # What destinations take in one call, where they refused more. A refused single message
        # leaves nothing here: its destination may take it after a change.
        self._most_bytes: dict[str | Target, int] = {}

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        by_address: dict[str | Target, list[OutgoingMessage]] = {}
        for message in messages:
            by_address.setdefault(message.address, []).append(message)
        failures: dict[str, RelayError] = {}
        for address, addressed in by_address.items():
            try:
                service = self._service_of(address)
            except (ClientError, BotoCoreError) as error:
                failures |= dict.fromkeys(_keys(addressed), _failure(address, error))
            else:
                failures |= self._send_all(service, address, addressed)
        return failures

    def _send_all(
        self, service: Service, address: "str | Target", messages: Sequence[OutgoingMessage]
    ) -> dict[str, RelayError]:
        failures: dict[str, RelayError] = {}
        rest = list(_sendable(service, address, messages, failures))
        while rest:
            count, size = _next_batch(rest, self._most_bytes.get(address, service.most_bytes))
            batch = [message for message, _ in rest[:count]]
            try:
                answers = service.send(address, batch)
            except (ClientError, BotoCoreError) as error:
                failure = _failure(address, error)
                if isinstance(failure, MessageTooLong) and count > 1:
                    self._most_bytes[address] = _smaller(size, failure)
                    continue
                if not isinstance(failure, PermanentError):
                    return failures | {message.key: failure for message, _ in rest}
                failures |= dict.fromkeys(_keys(batch), failure)
            except Exception as bug:
                if count > 1:
                    for message in batch:
                        failures |= self._send_all(service, address, [message])
                else:
                    failures[batch[0].key] = unexpected(bug, f"send to {address}")
            else:
                failures |= _unsent(address, batch, answers)
            rest = rest[count:]
        return failures


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
    for _, length in messages[1:_ENTRIES]:
        if size + length > most_bytes:
            break
        count, size = count + 1, size + length
    return count, size


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
