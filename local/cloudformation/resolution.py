"""A template resolved for one combination of parameters and partition, no further than asked."""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from local.cloudformation import return_values
from local.cloudformation.choices import Choices
from local.cloudformation.parameters import LONG_REGIONS, PARTITIONS
from local.cloudformation.template import Template
from local.cloudformation.world import Resource, World

_ACCOUNT = "123456789012"
_ABSENT = object()
_MISSING = "missing"
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")


class TemplateWorld(World):
    """`missing` collects the references to resources that these parameters leave out."""

    def __init__(self, template: Template, choices: Choices, measures: bool) -> None:
        self.template = template
        self.missing: list[str] = []
        self.metrics = template.metrics
        self.capabilities = template.capabilities
        self.account = _ACCOUNT
        self._choices = choices
        self._measures = measures
        self._held: dict[str, bool] = {}
        self._resolved: dict[int, tuple[Any, Any]] = {}
        self._named: dict[str, TemplateResource] = {}

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

    def exists(self, name: str) -> bool:
        condition = self.template.resources[name].get("Condition")
        return condition is None or self.holds({"Condition": condition})

    def named(self, name: str) -> "TemplateResource":
        """The resource, one object for each name, which remembers what it is called."""
        if name not in self._named:
            self._named[name] = TemplateResource(self, name)
        return self._named[name]

    def holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": str(name)}:
                if name not in self._held:
                    self._held[name] = self.holds(self.template.conditions[name])
                return self._held[name]
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::Or": list(inner)}:
                return any(self.holds(each) for each in inner)
            case {"Fn::And": list(inner)}:
                return all(self.holds(each) for each in inner)
            case {"Fn::Equals": [one, other]}:
                return str(self.resolve(one)) == str(self.resolve(other))
        raise ValueError(f"not a condition: {condition}")

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

    def resolve(self, value: Any) -> Any:
        """Without any intrinsic function; what AWS::NoValue stands for is left out."""
        if not isinstance(value, (dict, list)):
            return value
        if id(value) not in self._resolved:
            # Kept with the value itself, so that nothing else gets its id meanwhile.
            self._resolved[id(value)] = value, self._resolve(value)
        return self._resolved[id(value)][1]

    def _resolve(self, value: Any) -> Any:
        found = self.shallow(value)
        if isinstance(found, dict):
            members = {key: self.resolve(each) for key, each in found.items()}
            return {key: each for key, each in members.items() if each is not _ABSENT}
        if isinstance(found, list):
            members_of = [self.resolve(each) for each in found]
            return [each for each in members_of if each is not _ABSENT]
        return found

    def shallow(self, value: Any) -> Any:
        """The value with its own function resolved, and those of its members left as they are."""
        if not isinstance(value, dict) or len(value) != 1:
            return value
        match value:
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), attribute]}:
                return self._attribute(name, str(self.resolve(attribute)))
            case {"Fn::GetAtt": str(text)}:
                return self._attribute(*text.split(".", 1))
            case {"Fn::If": [str(name), then, otherwise]}:
                return self.shallow(then if self.holds({"Condition": name}) else otherwise)
            case {"Fn::Sub": str(text)}:
                return self._substitute(text, {})
            case {"Fn::Sub": [str(text), dict(given)]}:
                return self._substitute(text, given)
            case {"Fn::Join": [str(glue), members]}:
                return glue.join(map(str, self.resolve(members)))
            case {"Fn::Select": [index, members]}:
                found = self.resolve(members)
                position = int(self.resolve(index))
                return found[position] if position < len(found) else ""
            case {"Fn::Split": [str(glue), text]}:
                return str(self.resolve(text)).split(glue)
            case {"Fn::FindInMap": [name, key, second, *_]}:
                return self._mapped(*map(self.resolve, (name, key, second)))
            case {"Fn::Base64": text}:
                return base64.b64encode(str(self.resolve(text)).encode()).decode()
            case {"Fn::ToJsonString": inner}:
                return json.dumps(self.resolve(inner))
            case {"Fn::Length": inner}:
                return len(self.resolve(inner))
            case {"Fn::ImportValue": inner}:
                return f"imported-{self.resolve(inner)}"
        return value

    def _mapped(self, name: str, key: str, second: str) -> Any:
        return self.template.transformed["Mappings"][name][key][second]

    def _reference(self, name: str) -> Any:
        match name:
            case "AWS::NoValue":
                return _ABSENT
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
        return self._attribute(name, None)

    def _attribute(self, name: str, attribute: str | None) -> str:
        if name not in self.template.resources or not self.exists(name):
            self.missing.append(name)
            return _MISSING
        resource = self.named(name)
        if attribute is None:
            return resource.reference
        its_name = resource.physical_name
        return return_values.attribute(its_name, resource.arn, resource.reference, attribute)

    def _substitute(self, text: str, given: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            escaped, name = match.groups()
            if escaped:
                return "${" + name + "}"
            if name in given:
                return str(self.resolve(given[name]))
            resource, dot, attribute = name.partition(".")
            found = self._attribute(resource, attribute) if dot else self._reference(name)
            return ",".join(found) if isinstance(found, list) else str(found)

        return _SUBSTITUTION.sub(value, text)


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
        value: Any = self.properties
        for step in path:
            value = self.world.shallow(value)
            if isinstance(value, list):
                value = self._members(value)
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        found = self.world.resolve(value)
        return None if found is _ABSENT else found

    def _members(self, value: Sequence[Any]) -> list[Any]:
        found = [self.world.shallow(each) for each in value]
        return [each for each in found if each is not _ABSENT]

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
