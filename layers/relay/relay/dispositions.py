"""Dispositions: what becomes of each job and each notification. Each gets exactly one of these.

The use cases return them; `relay.conclude` logs, counts, answers and gives back.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from relay.errors import RelayError
from relay.model import Delivery, Job, Notification


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery had so many contents that need nothing: test events, folder markers."""

    delivery: Delivery
    number: int


@dataclass(frozen=True, slots=True)
class Parked:
    """The delivery is on the dead-letter queue, with the reason."""

    delivery: Delivery
    reason: str


@dataclass(frozen=True, slots=True)
class NotParked:
    """The delivery comes again. Without an `error`, no queue holds it and its invocation fails."""

    delivery: Delivery
    reason: str
    error: RelayError | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The request or notification was processed before. Only jobs have a `request_id`."""

    delivery: Delivery
    inference_id: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The endpoint accepted the job. `unwritten`: the ledger lacks its output location."""

    job: Job
    output_location: str | None
    unwritten: RelayError | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """SageMaker can never accept the job; its result says why."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The job comes again with its delivery. Without an `error`, it was not begun.

    `claim_kept`: the claim may be in the ledger, where only the same delivery can take it over.
    `failure` is why the claim could not be released, or the job not be sent to the queue.
    """

    job: Job
    error: RelayError | None = None
    claim_kept: bool = False
    failure: RelayError | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """The job of a direct call comes again with a message of its own."""

    job: Job
    error: RelayError | None


@dataclass(frozen=True, slots=True)
class Routed:
    """The result arrived at every target."""

    delivery: Delivery
    notification: Notification
    request_id: str


@dataclass(frozen=True, slots=True)
class Retried:
    """The next attempt is on the submit queue."""

    delivery: Delivery
    notification: Notification
    request_id: str


@dataclass(frozen=True, slots=True)
class NotRouted:
    """The notification comes again. Without an `error`, it was not begun."""

    delivery: Delivery
    notification: Notification
    problem: str = ""
    error: RelayError | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The notification comes again, for the messages that were not sent: routes with their errors.

    `held`: it is a result, which the ledger holds unless it is `unwritten`; else it is a retry.
    """

    delivery: Delivery
    notification: Notification
    errors: Mapping[str, RelayError]
    held: bool
    unwritten: RelayError | None = None


Disposition = (
    Ignored
    | Parked
    | NotParked
    | Duplicate
    | Submitted
    | Rejected
    | TryAgain
    | Queued
    | Routed
    | Retried
    | NotRouted
    | NotSent
)
