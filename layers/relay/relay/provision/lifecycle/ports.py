"""What provisioning needs from the world, besides `relay.ports.Clock`."""

from collections.abc import Callable, Iterable
from typing import Protocol

from relay.errors import TransientError
from relay.provision.endpoint import Endpoint
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.responses import Answer
from relay.provision.specification.api_requests import Flaw, Request
from relay.provision.specification.existing import Setup
from relay.provision.specification.scaling import Scaling
from relay.provision.specification.specification import Specification
from relay.report import Note


class AnswerNotDelivered(TransientError):
    """CloudFormation did not take the answer: the next wake-up repeats it."""


class Outdated(TransientError):
    """Another invocation has written the record meanwhile: what was decided here is void."""


class ControlPlane(Protocol):
    """SageMaker's control plane. Every call can be repeated: what exists is not made again, and
    what is gone need not be deleted.

    All of them raise AccessDenied for a missing right (also when the execution role lacks one),
    EndpointNotReady while SageMaker is at work on the endpoint, TransientError for throttling and
    the network, and PermanentError for what SageMaker will never accept.
    """

    def flaws(self, operation: str, request: Request) -> Iterable[Flaw]:
        """What the API's own model forbids in a request, without sending it. Never raises."""

    def describe(self, endpoint_name: str) -> Endpoint: ...

    def describe_config(self, name: str) -> Setup:
        """What a configuration says about asynchronous inferences, whoever made it."""

    def create_model(self, specification: Specification) -> None: ...

    def create_config(self, specification: Specification) -> None: ...

    def create_endpoint(self, specification: Specification) -> None: ...

    def tag(self, endpoint_arn: str, specification: Specification) -> None:
        """Gives an endpoint that exists the specification's tags; it keeps those it has besides."""

    def update_endpoint(self, specification: Specification, *, retain_capacity: bool) -> None: ...

    def set_instance_count(self, endpoint_name: str, count: int) -> None: ...

    def delete_endpoint(self, endpoint_name: str) -> None: ...

    def delete_config(self, name: str) -> None: ...

    def delete_model(self, name: str) -> None: ...


class Autoscaler(Protocol):
    """Application Auto Scaling. Both can be repeated, and raise what ControlPlane raises."""

    def register(self, endpoint_name: str, scaling: Scaling) -> None:
        """Has the endpoint, which is in service, scale like this and in no other way."""

    def deregister(self, endpoint_name: str) -> None:
        """Leaves nothing behind: no target, no policy, no alarm."""


class WaitingRoom(Protocol):
    """Keeps the records."""

    def load(self, endpoint_name: str) -> Record | None: ...

    def save(self, record: Record) -> Record:
        """Writes the record and returns it with its new version.

        Raises:
            Outdated: the stored record is no longer the one that this one came from.
        """


class Postman(Protocol):
    """Carries answers to CloudFormation."""

    def deliver(self, answer: Answer) -> None:
        """Raises AnswerNotDelivered when CloudFormation did not take it."""


# Writes the log line by line, so that it also tells how far a crash had come.
Journal = Callable[[Note], None]
