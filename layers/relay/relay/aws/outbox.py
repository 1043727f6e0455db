"""The outbox: messages grouped by where they go, in as few calls as each service allows.

A destination that did not answer, or refused a whole call for now, is not called again for the rest
of its messages: it would only take the others' time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import classify
from relay.errors import PermanentError, RelayError, TransientError
from relay.model import OutgoingMessage

# Of SendMessageBatch, PublishBatch and PutEvents alike.
_ENTRIES = 10


class Service(Protocol):
    """One service's batch call. `most_bytes` is what it takes in one, and so for one message."""

    @property
    def name(self) -> str: ...

    @property
    def most_bytes(self) -> int: ...

    def length(self, message: OutgoingMessage) -> int:
        """The bytes that count towards the limit."""
        ...

    def send(
        self, address: str, batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        """Makes one call. Answers by index: None for what the service confirmed.

        Raises botocore's errors.
        """
        ...


class AwsOutbox:
    """Fills in `relay.ports.Outbox`. `service_of` finds the service for an address."""

    def __init__(self, service_of: Callable[[str], Service]) -> None:
        self._service_of = service_of

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        by_address: dict[str, list[OutgoingMessage]] = {}
        for message in messages:
            by_address.setdefault(message.address, []).append(message)
        failures: dict[str, RelayError] = {}
        for address, addressed in by_address.items():
            try:
                service = self._service_of(address)
            except (ClientError, BotoCoreError) as error:
                failures |= dict.fromkeys(_keys(addressed), _failure(address, error))
            else:
                failures |= _send_all(service, address, addressed)
        return failures


def _send_all(
    service: Service, address: str, messages: Sequence[OutgoingMessage]
) -> dict[str, RelayError]:
    failures: dict[str, RelayError] = {}
    refused: RelayError | None = None
    for batch in _batches(service, address, messages, failures):
        if refused is not None:
            failures |= dict.fromkeys(_keys(batch), refused)
            continue
        try:
            answers = service.send(address, batch)
        except (ClientError, BotoCoreError) as error:
            failure = _failure(address, error)
            failures |= dict.fromkeys(_keys(batch), failure)
            refused = None if isinstance(failure, PermanentError) else failure
            continue
        # A call that is answered with 200 may still hold entries that were not taken. One of which
        # nothing is said was not confirmed, so it counts as not sent.
        for index, message in enumerate(batch):
            answer = answers.get(index, TransientError(f"send to {address}: not confirmed"))
            if answer is not None:
                failures[message.key] = answer
    return failures


def _batches(
    service: Service,
    address: str,
    messages: Sequence[OutgoingMessage],
    failures: dict[str, RelayError],
) -> Iterator[list[OutgoingMessage]]:
    """What goes into each call, in order; `failures` gets what fits into none."""
    batch: list[OutgoingMessage] = []
    size = 0
    for message in messages:
        length = service.length(message)
        if length > service.most_bytes:
            failures[message.key] = PermanentError(
                f"send to {address}: the message has {length:,} bytes, and {service.name} takes "
                f"at most {service.most_bytes:,}"
            )
            continue
        if batch and (len(batch) == _ENTRIES or size + length > service.most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _keys(messages: Sequence[OutgoingMessage]) -> Iterator[str]:
    return (message.key for message in messages)


def _failure(address: str, cause: ClientError | BotoCoreError) -> RelayError:
    error = classify(cause, f"send to {address}")
    error.__cause__ = cause
    return error
