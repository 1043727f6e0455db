"""A template resolved for one combination of parameters and partition, no further than asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from local.cloudformation.choices import Choices
from local.cloudformation.parameters import LONG_REGIONS, PARTITIONS
from local.cloudformation.template import Template
from local.cloudformation.world import Resource, World
from relayctl.doctor import return_values
from relayctl.doctor.intrinsics import ABSENT, Evaluation

_ACCOUNT = "123456789012"
_MISSING = "missing"


class TemplateWorld(World, Evaluation):
    """`missing` collects the references to resources that these parameters leave out."""

    def __init__(self, template: Template, choices: Choices, measures: bool) -> None:
        Evaluation.__init__(self, template.constants)
        self.template = template
        self.missing: list[str] = []
        self.metrics = template.metrics
        self.capabilities = template.capabilities
        self.account = _ACCOUNT
        self._choices = choices
        self._measures = measures
        self._named: dict[str, TemplateResource] = {}

    @property
    def document(self) -> Mapping[str, Any]:
        return self.template.transformed

    @property
    def partition(self) -> str:  # type: ignore[override]
        found: str = self._choices.take("AWS::Partition")
        return found

    @property
    def region(self) -> str:  # type: ignore[override]
        return LONG_REGIONS[self.partition] if self._measures else PARTITIONS[self.partition][0]

    @property
    def url_suffix(self) -> str:  # type: ignore[override]
        return PARTITIONS[self.partition][1]

    @property
    def stack_name(self) -> str:  # type: ignore[override]
        return "s" * self.template.longest_stack_name if self._measures else "relay"

    def all(self, resource_type: str) -> Iterator["TemplateResource"]:
        for name, definition in self.template.resources.items():
            if definition["Type"] == resource_type and self.exists(name):
                yield self.named(name)

    def find(self, resource_type: str, reference: Any) -> "TemplateResource | None":
        for name, definition in self.template.resources.items():
            if definition["Type"] == resource_type:
                candidate = self.named(name)
                if reference in candidate.references() and self.exists(name):
                    return candidate
        return None

    def is_made_before(self, earlier: Resource, later: Resource) -> bool:
        return self.template.waits_for(later.name, earlier.name)

    def named(self, name: str) -> "TemplateResource":
        """The resource, one object for each name, which remembers what it is called."""
        if name not in self._named:
            self._named[name] = TemplateResource(self, name)
        return self._named[name]

    def parameter(self, name: str) -> Any:
        """Its value, in which a sample's partition and region are those of the stack."""
        return self._placed(self._choices.take(name))

    def _placed(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._placed(each) for each in value]
        if isinstance(value, str) and "${AWS::" in value:
            placed = value.replace("${AWS::Partition}", self.partition)
            return placed.replace("${AWS::Region}", self.region)
        return value

    def reference(self, name: str) -> Any:
        match name:
            case "AWS::NoValue":
                return ABSENT
            case "AWS::Partition":
                return self.partition
            case "AWS::Region":
                return self.region
            case "AWS::URLSuffix":
                return self.url_suffix
            case "AWS::AccountId":
                return self.account
            case "AWS::StackName":
                return self.stack_name
            case "AWS::StackId":
                stack = f"{self.region}:{self.account}:stack/{self.stack_name}"
                return f"arn:{self.partition}:cloudformation:{stack}/1a2b"
            case "AWS::NotificationARNs":
                return []
        if name in self.template.parameters:
            return self.parameter(name)
        return self.attribute(name, None)

    def attribute(self, name: str, attribute: str | None) -> str:
        if name not in self.template.resources or not self.exists(name):
            self.missing.append(name)
            return _MISSING
        resource = self.named(name)
        if attribute is None:
            return resource.reference
        its_name = resource.physical_name
        return return_values.attribute(its_name, resource.arn, resource.reference, attribute)


class TemplateResource(Resource):
    """One resource of the template."""

    def __init__(
        self, world: TemplateWorld, name: str, properties: Mapping[str, Any] | None = None
    ) -> None:
        """`properties`: a part of its own, when no more is to be looked at."""
        self.world: TemplateWorld = world
        self.name = name
        self.definition: Mapping[str, Any] = world.template.resources[name]
        self.type = str(self.definition["Type"])
        # As the template writes them.
        self.properties = (
            self.definition.get("Properties", {}) if properties is None else properties
        )

    def get(self, *path: str | int) -> Any:
        found = self.world.resolve(self._at(path))
        return None if found is ABSENT else found

    def members(self, *path: str | int, keep: Callable[[Any], bool]) -> Sequence[Any]:
        written = self.world.shallow(self._at(path))
        if not isinstance(written, list):
            return super().members(*path, keep=keep)
        found = [self.world.resolve(each) for each in written if keep(each)]
        return [each for each in found if each is not ABSENT]

    def size(self, *path: str | int) -> int:
        written = self.world.shallow(self._at(path))
        return len(self._members(written)) if isinstance(written, list) else super().size(*path)

    def keys(self, *path: str | int) -> list[str]:
        found = self.world.shallow(self._at(path))
        return list(found) if isinstance(found, dict) else []

    def _at(self, path: Sequence[str | int]) -> Any:
        value: Any = self.properties
        for step in path:
            value = self.world.shallow(value)
            if isinstance(value, list):
                value = self._members(value)
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def _members(self, value: Sequence[Any]) -> list[Any]:
        found = [self.world.shallow(each) for each in value]
        return [each for each in found if each is not ABSENT]

    @property
    def own_name(self) -> str | None:
        given = self.get(return_values.NAME_PROPERTIES.get(self.type, "-"))
        return None if given is None else str(given)

    @cached_property
    def physical_name(self) -> str:
        return self.own_name or f"{self.world.stack_name}-{self.name}-1A2B3C4D5E6F"

    @cached_property
    def arn(self) -> str:
        world = self.world
        where = (world.partition, world.region, world.account)
        return return_values.arn(self.type, self.physical_name, *where)

    @cached_property
    def reference(self) -> str:
        world = self.world
        return return_values.reference(
            self.type, self.physical_name, self.arn, world.region, world.url_suffix
        )

    @cached_property
    def _references(self) -> frozenset[str]:
        return frozenset({self.physical_name, self.arn, self.reference} - {""})

    def references(self) -> frozenset[str]:
        return self._references
