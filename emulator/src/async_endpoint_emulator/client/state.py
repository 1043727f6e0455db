"""What the emulator says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from async_endpoint_emulator.counters import Counters

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EndpointState:
    """One endpoint, its queue and its instances."""

    status: str
    """As DescribeEndpoint has it."""
    backlog: int
    """Requests that wait in the queue."""
    in_process: int
    """Requests that instances work on."""
    instances: int
    """In service, of all variants."""
    oldest_seconds: float | None = None
    """How long the oldest request in the queue has waited; None when none waits."""
    desired: Mapping[str, int] | None = None
    """Desired instances by variant."""

    @property
    def idle(self) -> bool:
        """Whether no request waits or is worked on."""
        return self.backlog == self.in_process == 0


@dataclass(frozen=True, slots=True)
class State:
    """The emulator at one moment."""

    endpoints: Mapping[str, EndpointState]
    counters: Counters
    """Since the start or the last reset."""
    backlog: int
    """Requests that wait, over all endpoints."""

    @property
    def idle(self) -> bool:
        """Whether no endpoint has work."""
        return all(each.idle for each in self.endpoints.values())


def read_state(document: Any) -> State:
    """From the answer to GET /_emulator/state."""
    endpoints = {name: _known(EndpointState, each) for name, each in document["endpoints"].items()}
    return State(endpoints, _known(Counters, document), document["backlog"])


def _known(cls: type[T], document: Mapping[str, Any]) -> T:
    """Leaves out what a newer emulator says in addition."""
    names = {member.name for member in fields(cls)}  # type: ignore[arg-type]
    return cls(**{name: value for name, value in document.items() if name in names})
