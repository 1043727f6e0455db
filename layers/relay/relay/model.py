"""The data of the relay: requests, attempts, notifications and outgoing messages."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from relay.errors import NewerFormat
from relay.s3uri import S3Uri

if TYPE_CHECKING:  # only route needs targets at run time
    from relay.routes.target import Target

# Maximum of the parameter MaxAttempts.
MOST_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """One input to infer. Exactly one of `location` and `body` is set in a valid request.

    `version_id` and `etag` are what S3 announced; SageMaker reads the object as it is later.
    `requested_at` is the time of the upload or the call. `ttl_seconds` is the maximum age in
    SageMaker's queue, `timeout_seconds` the maximum time of the inference. None stands for the
    deployment's default. `from_relay`: its message has the form of the relay's own, and is one only
    if it is on the submit queue. `number` is its place in a caller's call, from 0.
    `resubmission_of` is the id of the request that this one repeats; until submit has read that
    request from the ledger, neither `location` nor `body` is set.
    """

    id: str
    location: S3Uri | None = None
    body: bytes | None = field(default=None, repr=False)
    version_id: str | None = None
    etag: str | None = None
    size: int | None = None
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    ttl_seconds: int | None = None
    timeout_seconds: int | None = None
    requested_at: datetime | None = None
    attempt: int = 1
    from_relay: bool = False
    number: int | None = None
    resubmission_of: str | None = None


@dataclass(frozen=True, slots=True)
class InvalidRequest:
    """A request of a call that cannot be read, by its place in the call, with its JSON."""

    number: int
    problem: str
    text: str = field(repr=False)


class AttemptState(StrEnum):
    """State of an attempt. Every state but OPEN is terminal and never changes."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    RETRIED = "RETRIED"


class Outcome(StrEnum):
    """Outcome of a request."""

    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def state(self) -> AttemptState:
        """The state of an attempt with this outcome."""
        return AttemptState(self.name)


class RequestState(StrEnum):
    """State of a request: the outcome of its result, or what it waits for."""

    UNKNOWN = "unknown"  # the ledger has no attempt; it keeps attempts for 30 days
    UNREADABLE = "unreadable"  # an item of the ledger cannot be read; its attempt is left out
    SUBMITTED = "submitted"  # the call was made, and SageMaker may not have answered it
    RETRYING = "retrying"  # an attempt failed, and the next one waits in the queue
    HELD = "held"  # the result did not arrive at every target
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Held:
    """A result that did not arrive at every target; `delivered` and `missing` are names of routes.

    The first delivery decides the outcome: a later notification with another outcome is dropped.
    """

    outcome: Outcome
    delivered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One `InvokeEndpointAsync` call for a request: an item of the ledger.

    `id` is the InferenceId. `claimed_by` is the id of the message that claimed the attempt; only a
    redelivery of the same message can take the claim over. `requested_at` is the time of the upload
    or the call. `due_at` is the time after which the attempt is overdue. `reason` is why the
    attempt failed. `tracked` is False for an inference that the relay did not submit, for which
    `due_at` means nothing. An open attempt with `held` has a result that did not arrive at every
    target. `delivered` are the names of the routes that delivered the result of a closed attempt.
    `resubmission_of` is the id of the request that this attempt's request repeats.
    """

    id: str
    request_id: str
    number: int
    claimed_by: str
    endpoint: str
    submitted_at: datetime
    due_at: datetime
    state: AttemptState = AttemptState.OPEN
    location: S3Uri | None = None
    version_id: str | None = None
    etag: str | None = None
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    ttl_seconds: int | None = None
    timeout_seconds: int | None = None
    requested_at: datetime | None = None
    output_location: str | None = None
    routed_at: datetime | None = None
    reason: str | None = None
    held: Held | None = None
    delivered: tuple[str, ...] = ()
    tracked: bool = True
    resubmission_of: str | None = None

    @property
    def request_state(self) -> RequestState:
        """The state of the request if this is its last attempt."""
        match self.state:
            case AttemptState.OPEN:
                return RequestState.SUBMITTED if self.held is None else RequestState.HELD
            case AttemptState.RETRIED:
                return RequestState.RETRYING
            case terminal:
                return RequestState[terminal.name]


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of an attempt. `known`: the ledger has the item; otherwise it is inserted.

    `reason` is why the attempt failed; the ledger keeps its beginning. `delivered` are the
    names of the routes that delivered the result, none for an attempt that is followed by another.
    """

    attempt: Attempt
    state: AttemptState
    routed_at: datetime
    known: bool = True
    reason: str | None = None
    delivered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """The state of an open attempt's result, to be written. `known` as with `Closing`."""

    attempt: Attempt
    held: Held
    known: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """An entry of the ledger's index: the time at which to look at an attempt, and its id.

    `at` is in UTC, without fractions of a millisecond. An entry is also a position in the order of
    the index. Without an id the position is before every entry of that time. `shard` is where the
    index has the entry; a position has none.
    """

    at: datetime
    id: str = ""
    shard: str = field(default="", compare=False)

    @classmethod
    def of(cls, time: datetime, inference_id: str = "") -> Self:
        """Return the entry or position of a time with any offset and any fraction."""
        at = time.astimezone(UTC)
        return cls(at.replace(microsecond=at.microsecond // 1000 * 1000), inference_id)


@dataclass(frozen=True, slots=True)
class Notification:
    """The end of one attempt, as SageMaker or the relay reports it.

    Source: the InferenceResult notification in SageMaker's guide, "Check prediction results". Real
    notifications may lack every member but the id and the outcome. The relay reports `expired` and
    `rejected` itself, through the same queue, so that there is one path to a result. `left_out` are
    the problems of members that cannot be read and that the result does without.
    """

    inference_id: str
    outcome: Outcome
    endpoint: str
    topic_arn: str | None = None
    location: S3Uri | None = None
    output_location: str | None = None
    failure_location: str | None = None
    failure_reason: str | None = None
    content_type: str | None = None
    output_content_type: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    received_at: datetime | None = None
    finished_at: datetime | None = None
    response_body: bytes | None = field(default=None, repr=False)
    from_relay: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicCheck:
    """SageMaker's TestNotification, by which it checks that it can publish to a topic."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a function received it.

    `message_id` is the SQS message id, or the Lambda request id of a direct invocation, which
    Lambda's retries keep. `receipt_handle` and `sent_at` (the time at which the message entered the
    queue) are None for a direct invocation. `identified` is False for a record of a queue without a
    message id, which the function cannot return.
    """

    message_id: str
    body: str = field(repr=False)
    receipt_handle: str | None = None
    receive_count: int = 1
    sent_at: datetime | None = None
    identified: bool = True

    @property
    def queued(self) -> bool:
        """Whether the message came from a queue, which delivers it again if it is returned."""
        return self.receipt_handle is not None


Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Incoming(Generic[Content]):
    """A delivery and its contents.

    `ignored` is the number of contents that need no action. `problem` says why the delivery, or a
    part of it beside the contents, cannot be read. `invalid` are requests beside the contents that
    cannot be read, where they can be taken out of the delivery. `newer`: only later code can read
    the delivery.
    """

    delivery: Delivery
    contents: tuple[Content, ...] = ()
    ignored: int = 0
    problem: str | None = None
    invalid: tuple[InvalidRequest, ...] = ()
    newer: NewerFormat | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A request to submit, its attempt, and the delivery that brought it.

    `extension` is the S3OutputPathExtension of the call; empty for none. `refusal` says why
    SageMaker can never accept the request; empty if it may. `taken_over`: an earlier delivery of
    the same message claimed the attempt.
    """

    delivery: Delivery
    request: InferenceRequest
    attempt: Attempt
    extension: str = ""
    refusal: str = ""
    taken_over: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to one of the relay's own queues, or to a target of a route.

    `key` identifies the message in the failures that the outbox returns. `address` is the URL of
    one of the relay's queues, or a target. `detail_type` and `resources` are for event buses only,
    which take no attributes.
    """

    key: str
    address: "str | Target"
    body: str = field(repr=False)
    attributes: tuple[tuple[str, str], ...] = ()
    group_id: str | None = None
    deduplication_id: str | None = None
    delay_seconds: int = 0
    detail_type: str = ""
    resources: tuple[str, ...] = ()
