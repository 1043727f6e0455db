"""The relay's nouns: requests, attempts, notifications, and what goes out for them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from relay.s3uri import S3Uri

if TYPE_CHECKING:  # functions that send to queues of the relay alone load no targets
    from relay.routes.target import Target


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """One input to infer. Exactly one of `location` and `body` is set in a valid request.

    `requested_at` is when the input was uploaded, or the call was made. `ttl_seconds` and
    `timeout_seconds` are how long it may wait in SageMaker's queue and how long the model may work
    on it. What is None takes the deployment's default.
    """

    id: str
    location: S3Uri | None = None
    body: bytes | None = field(default=None, repr=False)
    version_id: str | None = None
    size: int | None = None
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    ttl_seconds: int | None = None
    timeout_seconds: int | None = None
    requested_at: datetime | None = None
    attempt: int = 1


class AttemptState(StrEnum):
    """Where an attempt stands. Every state but OPEN is terminal and never changes."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    RETRIED = "RETRIED"


class Outcome(StrEnum):
    """How a request ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def state(self) -> AttemptState:
        """The state of the attempt that ended so."""
        return AttemptState(self.name)


@dataclass(frozen=True, slots=True)
class Held:
    """A result that has not arrived everywhere; `delivered` and `missing` are names of routes.

    With the first delivery the request has ended so: another outcome comes too late.
    """

    outcome: Outcome
    delivered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to have a request inferred: an item of the ledger.

    Its id is the InferenceId. `claimed_by` is the message that is responsible for it, so that a
    redelivery of that message, and of no other, may take it over. `requested_at` is when its
    request came about, which is before the first attempt. `due_at` is when it must be over; of what
    somebody else submitted, which is not `tracked`, nobody knows. An open attempt with `held` has a
    result.
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
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    ttl_seconds: int | None = None
    timeout_seconds: int | None = None
    requested_at: datetime | None = None
    output_location: str | None = None
    routed_at: datetime | None = None
    held: Held | None = None
    tracked: bool = True


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of an attempt. `known` tells whether the ledger has it, or it is to be inserted."""

    attempt: Attempt
    state: AttemptState
    routed_at: datetime
    known: bool = True


@dataclass(frozen=True, slots=True)
class Holding:
    """What is to be remembered of an open attempt's result. `known` as with `Closing`."""

    attempt: Attempt
    held: Held
    known: bool = True


@dataclass(frozen=True, slots=True)
class Notification:
    """How one attempt ended, as SageMaker or the relay itself reports it.

    Source: the InferenceResult notification of SageMaker's guide, "Check prediction results"; all
    members but the id and the outcome may be missing in real ones. `expired` and `rejected` come
    from the relay itself, through the same queue, so that there is one path to a result.
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


@dataclass(frozen=True, slots=True)
class TopicCheck:
    """SageMaker's TestNotification: it tried whether it may publish to a topic. Nothing to do."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it reached a function: enough to acknowledge, return or park it.

    `sent_at` is when it was put into the queue; None when it did not come from one.

    `message_id` is the SQS message id, or the Lambda request id of a direct invocation (which
    Lambda's own retries keep). `receipt_handle` is None when it did not come from a queue.
    """

    message_id: str
    body: str = field(repr=False)
    receipt_handle: str | None = None
    receive_count: int = 1
    sent_at: datetime | None = None

    @property
    def queued(self) -> bool:
        """Whether a queue will deliver it again if it is returned."""
        return self.receipt_handle is not None


Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Incoming(Generic[Content]):
    """A delivery and what was read from it: contents, what to ignore, or why nobody can."""

    delivery: Delivery
    contents: tuple[Content, ...] = ()
    ignored: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A request to submit, the attempt to claim for it, and the delivery that answers for both.

    `extension` is the S3OutputPathExtension to ask for; empty for none. `taken_over`: an earlier
    delivery of the same message claimed the attempt.
    """

    delivery: Delivery
    request: InferenceRequest
    attempt: Attempt
    extension: str = ""
    taken_over: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to one of the relay's own queues, or to a target of a route.

    `key` is the sender's own name for it, by which failures are told. `address` is the URL of one
    of the relay's queues, or a target. A bus has no attributes
    to filter by, but `detail_type` and `resources`, which nothing else has.
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
