"""What a rule sees: resources with resolved properties, and the others that they name."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


class World(ABC):
    """The resources of one stack, as the template makes them or as they stand in an account."""

    partition: str
    region: str
    url_suffix: str
    account: str
    stack_name: str
    # The metrics that the functions publish, by namespace; a namespace that is absent is not known.
    metrics: Mapping[str, frozenset[str]] = {}
    capabilities: frozenset[str] | None = None

    @abstractmethod
    def all(self, resource_type: str) -> Iterator["Resource"]:
        """The resources of a type that exist."""

    @abstractmethod
    def find(self, resource_type: str, reference: Any) -> "Resource | None":
        """The resource that an ARN, a name or a URL names; None when it is not of this stack."""

    @abstractmethod
    def is_made_before(self, earlier: "Resource", later: "Resource") -> bool: ...


class Resource(ABC):
    """One resource. `get` resolves no more than what lies on its path."""

    name: str
    type: str
    world: World

    @abstractmethod
    def get(self, *path: str | int) -> Any:
        """The resolved value, or None where there is none."""

    @abstractmethod
    def references(self) -> frozenset[str]:
        """Whatever names it: ARN, name, URL."""

    @property
    @abstractmethod
    def own_name(self) -> str | None:
        """The name that the template gives it; None where CloudFormation generates one."""

    @property
    def arn(self) -> str:
        """Its ARN, or "" for a type that has none here."""
        return next((each for each in sorted(self.references()) if each.startswith("arn:")), "")

    def number(self, *path: str | int) -> float | None:
        """The number there; None for what is none (another rule's business)."""
        return to_number(self.get(*path))

    def list(self, *path: str | int) -> "list[Any]":
        """The members there; one that is no list is the only member."""
        return as_list(self.get(*path))

    def members(self, *path: str | int, keep: Callable[[Any], bool]) -> Sequence[Any]:
        """The members there of which `keep` says yes. It may see a member as the template writes
        it: the conditions of the others are then not evaluated."""
        return [each for each in self.list(*path) if keep(each)]

    def size(self, *path: str | int) -> int:
        """The number of members there, whose values need not be resolved."""
        return len(self.list(*path))

    def keys(self, *path: str | int) -> Sequence[str]:
        """The names of the members there, whose values need not be resolved."""
        found = self.get(*path)
        return [*found] if isinstance(found, Mapping) else []

    def is_true(self, *path: str | int) -> bool:
        return str(self.get(*path)).lower() == "true"


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def to_number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
