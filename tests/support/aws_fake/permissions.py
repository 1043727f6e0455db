"""The function's role: it covers endpoints by their names, and what is granted arrives late."""

from dataclasses import dataclass, field
from typing import Final

from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.errors import denied

# What the role may do with the endpoint of a former name, and what is made for it.
_FORMER: Final = frozenset(
    {
        "describe_endpoint",
        "delete_endpoint",
        "delete_endpoint_config",
        "delete_model",
        "delete_alarms",
    }
)
# Those whose permission does not depend on the name of the endpoint.
_NAMELESS: Final[frozenset[str]] = frozenset()
_BY_NAME: Final = frozenset({"sagemaker", "cloudwatch"})


@dataclass
class Role:
    """`by_name`: False for a role that covers every endpoint, so that only `there` matters."""

    clock: Clock
    by_name: bool = True
    there: bool = True
    former: str = ""
    # Operations that somebody denies.
    denied: set[str] = field(default_factory=set)
    # When each name is covered, in seconds since the beginning.
    _covered: dict[str, float] = field(default_factory=dict)

    def deny(self, operation: str) -> None:
        self.denied.add(operation)

    def allow(self, operation: str) -> None:
        self.denied.discard(operation)

    def cover(self, name: str, former: str = "", delay: float = 0) -> None:
        """Cover this endpoint, and of the others no more than the deletion of the former one."""
        since = self._covered.get(name, self.clock.seconds + delay)
        self._covered, self.former = {name: since}, former

    def permit(self, service: str, operation: str, subject: str) -> None:
        """Raise Refused for what the role does not allow."""
        if service == "cloudformation":  # a presigned URL
            return
        if not self.there or operation in self.denied:
            raise denied(service, operation, subject)
        if not self.by_name or service not in _BY_NAME or operation in _NAMELESS:
            return
        for name, since in self._covered.items():
            if _is_about(subject, name) and self.clock.seconds >= since:
                return
        if self.former and operation in _FORMER and _is_about(subject, self.former):
            return
        raise denied(service, operation, subject)


def _is_about(subject: str, endpoint: str) -> bool:
    """The endpoint itself, or a name that begins with its name, as the policy has it."""
    name = subject.rsplit("/", 1)[-1]  # of an ARN
    return name == endpoint.lower() or name == endpoint or name.startswith(f"{endpoint}-")
