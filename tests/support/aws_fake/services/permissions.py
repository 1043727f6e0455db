"""The function's role as template.yaml has it, and what is granted arrives late.

It covers the deployment's endpoint by its name. What has the tag of the stack it may also delete
under any other name, and it may describe everything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.provision.specification.endpoint_properties import STACK_TAG

from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.errors import denied

# Those whose permission depends on the tags of what is deleted: an absent resource has none.
_BY_TAG: Final = {
    "delete_endpoint": "endpoint",
    "delete_endpoint_config": "endpoint-config",
    "delete_model": "model",
}


@dataclass
class Role:
    """`by_name`: False for a role that covers every endpoint, so that only `there` matters.

    `tags_of`: the tags of a resource, by its kind and name.
    """

    clock: Clock
    by_name: bool = True
    there: bool = True
    stack_id: str = ""
    tags_of: Callable[[str, str], Mapping[str, str]] = lambda kind, name: {}
    # Operations that are denied whatever the policies allow.
    denied: set[str] = field(default_factory=set)
    # When each name is covered, in seconds since the beginning.
    _covered: dict[str, float] = field(default_factory=dict)

    def deny(self, operation: str) -> None:
        self.denied.add(operation)

    def allow(self, operation: str) -> None:
        self.denied.discard(operation)

    def cover(self, name: str, stack_id: str = "", delay: float = 0) -> None:
        """Cover this endpoint, and of the others no more than the deletion of the stack's own."""
        since = self._covered.get(name, self.clock.seconds + delay)
        self._covered, self.stack_id = {name: since}, stack_id

    def permit(self, service: str, operation: str, subject: str) -> None:
        """Raise Refused for what the role does not allow."""
        if service == "cloudformation":  # a presigned URL
            return
        if not self.there or operation in self.denied:
            raise denied(service, operation, subject)
        if not self.by_name or service != "sagemaker":
            return
        for name, since in self._covered.items():
            if _is_about(subject, name) and self.clock.seconds >= since:
                return
            if operation.startswith("describe_") and self.clock.seconds >= since:
                return
        if kind := _BY_TAG.get(operation):
            owner = self.tags_of(kind, subject).get(STACK_TAG)
            if owner and owner == self.stack_id:
                return
        raise denied(service, operation, subject)


def _is_about(subject: str, endpoint: str) -> bool:
    """The endpoint itself, or a name that begins with its name, as the policy has it."""
    name = subject.rsplit("/", 1)[-1]  # of an ARN
    return name == endpoint.lower() or name == endpoint or name.startswith(f"{endpoint}-")
