"""template.yaml as CloudFormation gets it: SAM's resources transformed, globals merged in."""

import copy
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from local.settings import REPOSITORY

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z]+))?\}")
_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "relay",
}
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


@cache
def source() -> dict[str, Any]:
    """As it is written, with intrinsic functions in their long form."""
    parsed = yaml_parse((REPOSITORY / "template.yaml").read_text())
    document: dict[str, Any] = json.loads(json.dumps(parsed))
    return document


@cache
def transformed() -> dict[str, Any]:
    document = copy.deepcopy(source())
    for resource in document["Resources"].values():
        for local_path in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
            # `sam package` puts an object of a bucket here; the transformation insists on one.
            resource["Properties"][local_path] = "s3://packages/package.zip"
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": _PSEUDO["AWS::Region"]}):
        done = transform(document, {}, mock.Mock(load=dict))
    plain: dict[str, Any] = json.loads(json.dumps(done))
    return plain


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
    attached = [(policy, policy.properties) for policy in resources("IAM::Policy")]
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
    match value:
        case {"Ref": str(name)}:
            return _reference(name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return _reference(name, attribute)
        case {"Fn::Sub": str(text)}:
            return _REFERENCE.sub(lambda match: _reference(match[1], match[2]), text)
        case {"Fn::If": _}:
            return resolve(_chosen(value, _defaults()))
        case str() | int():
            return str(value)
    raise AssertionError(f"cannot resolve {value}")


def _reference(name: str, attribute: str | None = None) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    if name in source()["Parameters"]:
        return str(source()["Parameters"][name]["Default"])
    found = resource(name)
    service = found.type.split("::")[1].lower()
    if found.type == "AWS::SQS::Queue" and attribute is None:
        return f"https://sqs.eu-central-1.amazonaws.com/123456789012/relay-{name}"
    if attribute == "Arn" or found.type == "AWS::SNS::Topic":
        own_name = resolve(found.properties.get("QueueName", f"relay-{name}"))
        return f"arn:aws:{service}:eu-central-1:123456789012:{own_name}"
    if "BucketName" in found.properties:
        return resolve(found.properties["BucketName"])
    return f"relay-{name}"


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
    return {
        name: Resource(name, item["Type"], _chosen(item.get("Properties", {}), given))
        for name, item in transformed()["Resources"].items()
        if "Condition" not in item or _holds({"Condition": item["Condition"]}, given)
    }


def _defaults() -> dict[str, Any]:
    return {name: item["Default"] for name, item in source()["Parameters"].items()}


def _holds(condition: Any, given: Mapping[str, Any]) -> bool:
    match condition:
        case {"Condition": str(name)}:
            return _holds(source()["Conditions"][name], given)
        case {"Fn::Not": [inner]}:
            return not _holds(inner, given)
        case {"Fn::Or": inner}:
            return any(_holds(each, given) for each in inner)
        case {"Fn::And": inner}:
            return all(_holds(each, given) for each in inner)
        case {"Fn::Equals": [one, other]}:
            # CloudFormation compares parameters as the strings that they are.
            return str(_value(one, given)) == str(_value(other, given))
    raise AssertionError(f"not a condition: {condition}")


def _value(value: Any, given: Mapping[str, Any]) -> Any:
    match value:
        case {"Ref": str(name)}:
            return given[name]
        case {"Fn::Join": [str(glue), {"Ref": str(name)}]}:
            return glue.join(given[name].split(","))
    return value


def _chosen(value: Any, given: Mapping[str, Any]) -> Any:
    """A part of the template with the side of every `!If` that holds."""
    match value:
        case {"Fn::If": [str(name), then, otherwise]}:
            holds = _holds({"Condition": name}, given)
            return _chosen(then if holds else otherwise, given)
        case dict():
            members = {key: _chosen(member, given) for key, member in value.items()}
            return {key: member for key, member in members.items() if member != _ABSENT}
        case list():
            found = [_chosen(member, given) for member in value]
            return [member for member in found if member != _ABSENT]
    return value
