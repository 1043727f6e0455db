"""Dispositions: how one run of a function ends for each job and each notification.

Each job and each notification gets exactly one. The use cases return dispositions;
`relay.delivery.conclude` logs, counts, answers and returns messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from relay.errors import NewerFormat, RelayError, UnexpectedError
from relay.model import Attempt, Delivery, Job, Notification


@dataclass(frozen=True, slots=True)
class Ignored:
    """`number` contents of the delivery need no action: test events, folder markers."""

    delivery: Delivery
    number: int


@dataclass(frozen=True, slots=True)
class Parked:
    """The delivery is on the dead-letter queue, with `reason` as attribute."""

    delivery: Delivery
    reason: str


@dataclass(frozen=True, slots=True)
class NotParked:
    """The delivery, or a part of it, can never be processed, and it is not parked.

    With an `error`, the dead-letter queue refused it and SQS delivers it again. Without one, it
    came from no queue and the invocation fails, or another part of it comes again first. `part` is
    the body to park where that is not the whole delivery's.
    """

    delivery: Delivery
    reason: str
    error: RelayError | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """A request of a direct call that cannot be read; the response says so to the caller."""

    delivery: Delivery
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The job or the notification raised an exception that is no RelayError.

    `comes_again` is False once its delivery has a disposition of its own.
    """

    delivery: Delivery
    error: UnexpectedError
    inference_id: str | None = None
    comes_again: bool = True


@dataclass(frozen=True, slots=True)
class Newer:
    """The delivery comes again, until code that can read it is deployed."""

    delivery: Delivery
    error: NewerFormat


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The request or notification was processed before. Only jobs have a `request_id`.

    `existing` is the attempt in the ledger, where it was read. `number` is that of the request.
    """

    delivery: Delivery
    inference_id: str
    request_id: str | None = None
    existing: Attempt | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The endpoint accepted the job. `unwritten`: the ledger lacks its output location."""

    job: Job
    output_location: str | None
    unwritten: RelayError | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """SageMaker can never accept the job; its result has the reason."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The job comes again with its delivery. Without an `error`, it was not started.

    `claim_kept`: the claim may be in the ledger, where only the same delivery can take it over.
    `failure`: the error of releasing the claim, or of sending the job to the queue.
    """

    job: Job
    error: RelayError | None = None
    claim_kept: bool = False
    failure: RelayError | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """The job of a direct call is on the submit queue, as a message of its own."""

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
    """The notification comes again. Without an `error`, it was not started."""

    delivery: Delivery
    notification: Notification
    problem: str = ""
    error: RelayError | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The notification comes again, because messages were not sent. `errors` are by route.

    `held`: the messages are of a result, otherwise of a retry. `unwritten`: the error of recording
    in the ledger which routes have delivered the result.
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
    | Invalid
    | Broken
    | Newer
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
