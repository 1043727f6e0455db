"""The ports of provision besides `relay.ports.Clock`, and what a step takes and returns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from relay.delivery.report import Level, Note
from relay.errors import ConfigurationError, PermanentError, TransientError
from relay.ports import Clock
from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import Properties
from relay.provision.specification.api_requests import Flaw, Request
from relay.provision.specification.existing import Setup
from relay.provision.specification.scaling import Scaling
from relay.provision.specification.specification import Specification

# Longer than the function runs, so that none goes on after its lease.
LEASE: Final = timedelta(seconds=60)


class ResponseNotDelivered(TransientError):
    """CloudFormation did not take the response: the next invocation repeats it."""


class FormerName(ConfigurationError):
    """The record is of a name that the endpoint had before: the function has no permission to
    update it."""


class ServingConfigGone(PermanentError):
    """SageMaker takes no update, because the configuration in service was deleted."""


class Outdated(TransientError):
    """Another invocation has written the record: the decisions of this one are void."""


class ControlPlane(Protocol):
    """SageMaker's control plane. Every call can be repeated: what exists is not made again, and
    what is gone need not be deleted.

    All of them raise AccessDenied for a missing permission (also of the execution role),
    EndpointNotReady while SageMaker changes the endpoint, TransientError for throttling and the
    network, and PermanentError for what SageMaker will never accept.
    """

    def flaws(self, operation: str, request: Request) -> Iterable[Flaw]:
        """What the API's own model forbids in a request, without sending it. Never raises."""

    def describe(self, endpoint_name: str) -> EndpointDescription: ...

    def describe_config(self, name: str) -> Setup:
        """What a configuration says about asynchronous inferences, whoever made it."""

    def create_model(self, specification: Specification) -> None: ...

    def create_config(self, specification: Specification) -> None: ...

    def create_endpoint(self, specification: Specification) -> None: ...

    def tag(self, endpoint_arn: str, specification: Specification) -> None:
        """Adds the specification's tags to an endpoint that exists; others stay."""

    def update_endpoint(self, specification: Specification, *, retain_capacity: bool) -> None:
        """Raises ServingConfigGone, too."""

    def set_instance_count(self, endpoint_name: str, count: int) -> None: ...

    def delete_endpoint(self, endpoint_name: str) -> None: ...

    def delete_config(self, name: str) -> None: ...

    def delete_model(self, name: str) -> None: ...


class Autoscaler(Protocol):
    """Application Auto Scaling. Both can be repeated, and raise what ControlPlane raises."""

    def register(self, endpoint_name: str, scaling: Scaling) -> None:
        """Scale the endpoint, which is in service, like this and in no other way."""

    def deregister(self, endpoint_name: str) -> None:
        """Leave nothing behind: no target, no policy, no alarm."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The exclusive turn to take steps for an endpoint, and the endpoint's record at that time."""

    record: Record
    until: datetime


# DynamoDB stores items of at most 400 KB. A change that begins adds its target, whose environment
# has at most 32 KB; a roll-out leaves room for it, and for a request of CloudFormation.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
MOST_BYTES_OF_ROLL_OUT: Final = 240_000
MOST_BYTES_OF_STACK: Final = 320_000


class RecordStore(Protocol):
    """Stores the records."""

    def load(self, endpoint_name: str) -> Record | None: ...

    def save(self, record: Record) -> Record:
        """Write the record and return it with its new version.

        Raises:
            Outdated: the stored record is no longer the one that this one came from.
        """

    def size(self, record: Record) -> int:
        """Return the bytes of the record as it is stored."""

    def lease(self, endpoint_name: str) -> Lease | None:
        """Let this invocation alone take steps, for at most `LEASE`; None if another one does."""

    def release(self, lease: Lease) -> int:
        """End the lease, and return the version of the record, which others may have written."""


class FailedInvocations(Protocol):
    """The messages about invocations that failed three times. Both calls raise RelayErrors."""

    def receive(self) -> Sequence[tuple[str, str]]:
        """Some of them, each with a receipt, and its body. They stay visible for others."""

    def delete(self, receipt: str) -> None: ...


class Responder(Protocol):
    """Sends responses to CloudFormation."""

    def objection(self, stack_id: str, response_url: str) -> str | None:
        """Return why a request is not one of CloudFormation for this stack; None if it may be."""

    def deliver(self, response: Response) -> None:
        """Raises ResponseNotDelivered when CloudFormation did not take it."""


# Writes the log line by line, so that it also shows how far a crashed invocation came.
Journal = Callable[[Note], None]
# Makes a specification of properties, or raises ConfigurationError with everything that is wrong.
Resolve = Callable[[Properties], Specification]


@dataclass(frozen=True, slots=True)
class Next:
    """The record after a step. A step never writes it: the loop does, once for each step.

    `pause`: only time can bring the next step. `farewell`: CloudFormation knows that everything is
    gone, and can delete the function's table and permissions at any moment.
    """

    record: Record
    pause: bool = False
    farewell: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What steps work with."""

    sagemaker: ControlPlane
    autoscaler: Autoscaler
    responder: Responder
    clock: Clock
    journal: Journal
    resolve: Resolve

    def note(
        self,
        text: str,
        record: Record,
        endpoint: EndpointDescription | None = None,
        *,
        error: bool = False,
    ) -> None:
        """Write one line of the log about this endpoint."""
        status = endpoint.status.value if endpoint else ""
        level = Level.ERROR if error else Level.INFO
        fields = (("endpoint", record.endpoint_name), ("status", status))
        self.journal(Note(level, text, fields))


# One step of the endpoint's life. None: there is nothing to do now.
Step = Callable[[Context, Record, EndpointDescription], Next | None]
# One that needs no DescribeEndpoint.
EarlyStep = Callable[[Context, Record], Next]
