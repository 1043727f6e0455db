"""Every statement of every policy in a template, whatever resource carries it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.template.iam.arns import texts


class Kind(Enum):
    """What a policy is attached to decides what its statements may leave out."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"


@dataclass(frozen=True, slots=True)
class Condition:
    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    owner: str
    kind: Kind
    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    excludes_resources: bool = False
    conditions: tuple[Condition, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.owner}, statement {self.sid}" if self.sid else self.owner


def statements(template: Mapping[str, Any]) -> Iterator[Statement]:
    """The statements of a transformed template, those in any branch of an `Fn::If` included."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            actions = tuple(texts(properties["Action"], template))
            yield Statement(name, Kind.RESOURCE, "", allows=True, actions=actions)
        is_identity = resource["Type"].startswith("AWS::IAM::")
        kind = Kind.IDENTITY if is_identity else Kind.RESOURCE
        for policy_kind, document in _documents(properties, kind):
            for each in _branches(document["Statement"]):
                yield _statement(name, policy_kind, each, template)


def _documents(value: Any, kind: Kind) -> Iterator[tuple[Kind, Mapping[str, Any]]]:
    if isinstance(value, list):
        for member in value:
            yield from _documents(member, kind)
    elif isinstance(value, dict):
        if "Statement" in value:
            yield kind, value
            return
        for key, member in value.items():
            yield from _documents(member, Kind.TRUST if key == "AssumeRolePolicyDocument" else kind)


def _branches(value: Any) -> Iterator[Mapping[str, Any]]:
    match value:
        case {"Ref": "AWS::NoValue"}:
            return
        case {"Fn::If": [_, *branches]}:
            yield from _branches(branches)
        case list():
            for member in value:
                yield from _branches(member)
        case _:
            yield value


def _statement(
    owner: str, kind: Kind, document: Mapping[str, Any], template: Mapping[str, Any]
) -> Statement:
    excluding = "NotResource" in document
    return Statement(
        owner,
        kind,
        str(document.get("Sid", "")),
        allows=document["Effect"] == "Allow",
        actions=tuple(texts(document.get("Action", document.get("NotAction", [])), template)),
        resources=tuple(
            texts(document.get("NotResource" if excluding else "Resource", []), template)
        ),
        excludes_resources=excluding,
        conditions=tuple(
            Condition(operator, key, tuple(texts(values, template)))
            for tests in _branches(document.get("Condition", {}))
            for operator, choices in tests.items()
            for keys in _branches(choices)
            for key, values in keys.items()
        ),
    )
