"""template.yaml as CloudFormation gets it, in the shapes in which tests ask about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.cloudformation.choices import Choices
from local.cloudformation.resolution import TemplateWorld
from tests.template.aws_rules.rules import template

_ABSENT = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy: who carries it, and the document's part."""

    owner: Resource
    document: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.owner.name}-{self.document.get('Sid', 'trust')}"

    @property
    def actions(self) -> list[str]:
        return _list(self.document["Action"])

    @property
    def resources(self) -> list[Any]:
        return _list(self.document.get("Resource", []))

    @property
    def allows(self) -> bool:
        return bool(self.document["Effect"] == "Allow")

    @property
    def services(self) -> list[str]:
        principal = self.document.get("Principal", {})
        return _list(principal.get("Service", [])) if isinstance(principal, dict) else []

    @property
    def conditions(self) -> dict[str, Any]:
        """Condition keys with their values, whatever the operator."""
        found = self.document.get("Condition", {})
        return {
            key: _list(value) if isinstance(value, list) else value
            for tests in found.values()
            for key, value in tests.items()
        }


def source() -> Mapping[str, Any]:
    """As it is written, with intrinsic functions in their long form."""
    return template().document


def transformed() -> dict[str, Any]:
    """With SAM's resources transformed, and globals merged in."""
    return template().transformed


def resource(name: str) -> Resource:
    found = transformed()["Resources"][name]
    return Resource(name, found["Type"], found.get("Properties", {}))


def resources(kind: str) -> list[Resource]:
    """All of one type, for example `SQS::Queue`."""
    found = transformed()["Resources"]
    return [resource(name) for name in found if found[name]["Type"] == f"AWS::{kind}"]


def role_statements() -> list[Statement]:
    """What the roles may do, optional policies and those that are attached later included."""
    carried = [
        (role, document)
        for role in resources("IAM::Role")
        for policy in role.properties["Policies"]
        for document in _branches(policy)
    ]
    attached = [
        (policy, policy.properties)
        for kind in ("IAM::Policy", "IAM::ManagedPolicy")
        for policy in resources(kind)
    ]
    return [
        Statement(owner, statement)
        for owner, document in (*carried, *attached)
        for optional in document["PolicyDocument"]["Statement"]
        for statement in _branches(optional)
    ]


def trust_statements() -> list[Statement]:
    return [
        Statement(role, statement)
        for role in resources("IAM::Role")
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]
    ]


def resource_statements() -> list[Statement]:
    """What the policies of the bucket, the queues and the topics say."""
    return [
        Statement(policy, statement)
        for kind in ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy")
        for policy in resources(kind)
        for optional in policy.properties["PolicyDocument"]["Statement"]
        for statement in _branches(optional)
    ]


def target(value: object) -> str:
    """The logical id behind `!Ref X` or `!GetAtt X.Arn`."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
    raise AssertionError(f"not a reference to a resource: {value}")


def resolve(value: Any) -> str:
    """What CloudFormation would put there, with defaults for parameters."""
    return str(_world(_defaults()).resolve(value))


def _branches(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A part of the template, or those on either side of `!If`."""
    if "Fn::If" not in policy:
        yield policy
        return
    for branch in policy["Fn::If"][1:]:
        if branch != _ABSENT:
            yield from _branches(branch)


def _list(value: Any) -> list[Any]:
    """The members of a list, optional ones included; one that is no list is the only member."""
    members = value if isinstance(value, list) else [value]
    return [
        branch
        for member in members
        for branch in (_branches(member) if isinstance(member, dict) else [member])
    ]


def deployed(**parameters: str) -> dict[str, Resource]:
    """The resources that CloudFormation makes with these parameters, without any `!If`."""
    given = {**_defaults(), **parameters}
    assert given.keys() == _defaults().keys(), "an unknown parameter"
    stack = _world(given)
    return {
        name: Resource(name, item["Type"], _chosen(item.get("Properties", {}), stack))
        for name, item in transformed()["Resources"].items()
        if stack.exists(name)
    }


def allowed_when_deployed(role: str, **parameters: str) -> list[dict[str, Any]]:
    """The statements of a role's own and attached policies with these parameters."""
    found = deployed(**parameters)
    managed = found[role].properties.get("ManagedPolicyArns", [])
    own = [each["PolicyDocument"] for each in found[role].properties["Policies"]]
    attached = [
        each.properties["PolicyDocument"]
        for name, each in found.items()
        if {"Ref": role} in each.properties.get("Roles", []) or {"Ref": name} in managed
    ]
    return [statement for document in (*own, *attached) for statement in document["Statement"]]


def _defaults() -> dict[str, Any]:
    return {name: item["Default"] for name, item in source()["Parameters"].items()}


def world(**parameters: str) -> TemplateWorld:
    """The stack with these parameters, in one partition."""
    return _world({**_defaults(), **parameters})


def _world(given: Mapping[str, Any]) -> TemplateWorld:
    """With one value for each parameter, in one partition."""

    def value(name: str) -> tuple[Any, ...]:
        if name == "AWS::Partition":
            return ("aws",)
        is_list = source()["Parameters"][name]["Type"] == "CommaDelimitedList"
        return (given[name].split(",") if is_list else given[name],)

    return TemplateWorld(template(), Choices(value, ()), measures=False)


def _chosen(value: Any, stack: TemplateWorld) -> Any:
    """A part of the template with the side of every `!If` that holds."""
    match value:
        case {"Fn::If": [str(name), then, otherwise]}:
            holds = stack.holds({"Condition": name})
            return _chosen(then if holds else otherwise, stack)
        case dict():
            members = {key: _chosen(member, stack) for key, member in value.items()}
            return {key: member for key, member in members.items() if member != _ABSENT}
        case list():
            found = [_chosen(member, stack) for member in value]
            return [member for member in found if member != _ABSENT]
    return value
