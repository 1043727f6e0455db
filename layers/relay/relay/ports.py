"""What the use cases need from the world.

The adapters in `relay.aws` fill it in, and so do the fakes in tests.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relay.errors import RelayError
from relay.model import Attempt, Closing, Delivery, InferenceRequest, OutgoingMessage


class Clock(Protocol):
    """Tells the time, in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Submission:
    """A request on its way to the endpoint, with the attempt that was claimed for it."""

    request: InferenceRequest
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Accepted:
    """The endpoint took the request and will write its output here."""

    output_location: str | None


class Endpoint(Protocol):
    """The asynchronous endpoint."""

    def invoke(self, submissions: Sequence[Submission]) -> Mapping[str, Accepted | RelayError]:
        """Submits all of them, several at a time; one answer for each, by attempt id.

        A PermanentError means that the request can never work; a TransientError, that it may later.
        """
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """The answer to a claim. An attempt in neither mapping is now ours."""

    existing: Mapping[str, Attempt]
    unavailable: Mapping[str, RelayError]


class Ledger(Protocol):
    """Knows every attempt. Failures are told for each attempt, by id; the rest succeeded.

    A method raises a RelayError only when nothing at all can be said.
    """

    def claim(self, attempts: Sequence[Attempt]) -> Claims:
        """Inserts attempts that are not there yet. Ids must differ."""
        ...

    def renew(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        """Writes the claimant, the times and the output location of open attempts again."""
        ...

    def release(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        """Deletes attempts that are still open and claimed by the same message."""
        ...

    def look_up(self, ids: Collection[str]) -> Mapping[str, Attempt]:
        """The attempts that exist, read consistently."""
        ...

    def close(self, closings: Sequence[Closing]) -> Mapping[str, RelayError]:
        """Gives open attempts their terminal state. Closing a closed one again changes nothing."""
        ...


class Outbox(Protocol):
    """Sends messages to queues."""

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        """Sends in as few calls as the queues allow. Answers what was not sent, by `key`."""
        ...


class Inbox(Protocol):
    """The queue from which deliveries came."""

    def come_back(self, deliveries: Sequence[tuple[Delivery, int]]) -> None:
        """Has each message delivered again after so many seconds.

        It may raise a RelayError; the messages then come back after the visibility timeout.
        """
        ...
