"""What the template expects of a stack: each resource with its properties, as deployed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from relayctl.doctor import return_values
from relayctl.doctor.account import Account
from relayctl.doctor.intrinsics import ABSENT, Evaluation

# What only CloudFormation knows, such as a masked parameter. A text that contains it
# is not known either.
UNKNOWN = "\0"
# What DescribeStacks shows of a parameter with NoEcho.
_MASKED = "****"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the stack: its name in the template, and its id in the account."""

    name: str
    type: str
    id: str
    arn: str
    properties: Mapping[str, Any]

    def get(self, *path: str) -> Any:
        """Return a property, None where the template has none."""
        found: Any = self.properties
        for step in path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(step)
        return found


def is_known(value: Any) -> bool:
    """Whether nothing in a value is unknown."""
    match value:
        case str():
            return UNKNOWN not in value
        case Mapping():
            return all(map(is_known, value.values()))
        case list():
            return all(map(is_known, value))
    return True


def _document(body: Any) -> Mapping[str, Any]:
    """Return a processed template. One in YAML has no transformation, as the relay's has."""
    try:
        found: Mapping[str, Any] = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return {}
    return found


class Stack(Evaluation):
    """The template that a stack was deployed from, with its parameters and its resources.

    Raises NotChecked when the template or the resources cannot be read.
    """

    def __init__(self, account: Account) -> None:
        super().__init__()
        deployment = account.deployment
        self.name = deployment.stack_name
        self.description = deployment.description
        arn = str(self.description["StackId"])
        _, self.partition, _, self.region, self.account_id, _ = arn.split(":", 5)
        body = account.get(
            "cloudformation", "get_template", StackName=self.name, TemplateStage="Processed"
        )["TemplateBody"]
        self._document = _document(body)
        listed = account.get("cloudformation", "list_stack_resources", StackName=self.name)
        self.listed = {each["LogicalResourceId"]: each for each in listed["StackResourceSummaries"]}
        self.parameters = {
            each["ParameterKey"]: each.get("ResolvedValue", each["ParameterValue"])
            for each in self.description.get("Parameters", [])
        }

    @property
    def document(self) -> Mapping[str, Any]:
        return self._document

    @cached_property
    def url_suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Every resource that the template and the parameters call for, by its name."""
        return {each.name: each for each in self._resources()}

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        return (each for each in self.resources.values() if each.type in types)

    def named(self, reference: str) -> Resource | None:
        """The resource of the stack that an id or an ARN names."""
        found = (each for each in self.resources.values() if reference in (each.id, each.arn))
        return next(found, None) if reference else None

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs that the stack should have."""
        outputs = self.document.get("Outputs", {})
        return [
            name
            for name, each in outputs.items()
            if "Condition" not in each or self.holds({"Condition": each["Condition"]})
        ]

    def _resources(self) -> Iterator[Resource]:
        for name, definition in self.document["Resources"].items():
            if self.exists(name):
                kind, id = str(definition["Type"]), self._id(name)
                properties = self.resolve(definition.get("Properties", {}))
                yield Resource(name, kind, id, self._arn(kind, id), properties)

    def _id(self, name: str) -> str:
        return str(self.listed.get(name, {}).get("PhysicalResourceId", ""))

    def _arn(self, kind: str, id: str) -> str:
        if id.startswith("arn:"):
            return id
        name = id.rpartition("/")[2] if kind == "AWS::SQS::Queue" else id
        return return_values.arn(kind, name, self.partition, self.region, self.account_id)

    def reference(self, name: str) -> Any:
        if name in self.parameters:
            return self._parameter(name)
        pseudo = {
            "AWS::NoValue": ABSENT,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::URLSuffix": self.url_suffix,
            "AWS::AccountId": self.account_id,
            "AWS::StackName": self.description["StackName"],
            "AWS::StackId": self.description["StackId"],
            "AWS::NotificationARNs": self.description.get("NotificationARNs", []),
        }
        return pseudo[name] if name in pseudo else self.attribute(name, None)

    def _parameter(self, name: str) -> Any:
        value = self.parameters[name]
        if value == _MASKED:
            return UNKNOWN
        kind = str(self.document["Parameters"][name]["Type"])
        # CloudFormation trims the members of a list.
        return [*map(str.strip, value.split(","))] if "List" in kind else value

    def attribute(self, name: str, attribute: str | None) -> Any:
        id = self._id(name)
        if attribute is None:
            return id
        kind = str(self.document["Resources"][name]["Type"])
        if kind not in return_values.NAME_PROPERTIES and kind != "AWS::KMS::Key":
            return UNKNOWN
        # The id is a URL for a queue, and an ARN for a topic.
        own_name = re.split("[:/]", id)[-1] if id.startswith(("arn:", "http")) else id
        return return_values.attribute(own_name, self._arn(kind, id), id, attribute)
