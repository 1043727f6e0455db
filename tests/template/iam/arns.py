"""ARNs as a template writes them, and whether they have the form that an action asks for."""

import itertools
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.template.iam.reference import form_of

# Stands for text that only the deployment knows.
UNKNOWN = "…"

_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "relay",
    "AWS::URLSuffix": "amazonaws.com",
}

# Service and resource of IAM behind the ARN that CloudFormation returns.
_ARN_OF = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm"),
    "AWS::DynamoDB::Table": ("dynamodb", "table"),
    "AWS::Events::EventBus": ("events", "event-bus"),
    "AWS::Events::Rule": ("events", "rule-on-default-event-bus"),
    "AWS::IAM::Role": ("iam", "role"),
    "AWS::KMS::Key": ("kms", "key"),
    "AWS::Lambda::Function": ("lambda", "function"),
    "AWS::Logs::LogGroup": ("logs", "log-group"),
    "AWS::S3::Bucket": ("s3", "bucket"),
    "AWS::SNS::Topic": ("sns", "topic"),
    "AWS::SQS::Queue": ("sqs", "queue"),
}
# Types whose `Ref` is the ARN.
_REF_IS_ARN = {"AWS::SNS::Topic"}
# Properties that `Ref` returns, where they are given.
_NAMES = ("BucketName", "FunctionName", "LogGroupName", "Name", "RoleName", "TableName")

_SUBSTITUTED = re.compile(r"(\$\{[^}]*\})")
_PLACEHOLDER = re.compile(r"(\$\{\w+\})")
# Placeholders that stand for more than a name.
_WITH_SLASHES = re.compile(
    r"\$\{(\w*WithPath|EntityPath|Log(Group|Stream)Name|ObjectName"
    r"|ParameterNameWithoutLeadingSlash|RepositoryName|ResourceId|AlarmName)\}"
)
_WITH_COLONS = ("${ObjectName}", "${AlarmName}")


def texts(value: Any, template: Mapping[str, Any]) -> Iterator[str]:
    """What CloudFormation can make of a value, once for each way through its `Fn::If`."""
    match value:
        case {"Ref": "AWS::NoValue"}:
            return
        case {"Ref": str(name)}:
            yield from _reference(name, template)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            yield _attribute(name, attribute, template)
        case {"Fn::If": [_, *branches]}:
            for branch in branches:
                yield from texts(branch, template)
        case {"Fn::Sub": str(text)}:
            yield from _substituted(text, {}, template)
        case {"Fn::Sub": [str(text), dict(variables)]}:
            yield from _substituted(text, variables, template)
        case {"Fn::Join": [str(glue), list(parts)]}:
            choices = (list(texts(part, template)) for part in parts)
            yield from (glue.join(chosen) for chosen in itertools.product(*choices))
        case dict():
            yield UNKNOWN
        case list():
            for member in value:
                yield from texts(member, template)
        case bool():
            yield str(value).lower()
        case _:
            yield str(value)


def fits(arn: str, form: str) -> bool:
    """Return whether a resource of this form can be meant by an ARN, which may have wildcards."""
    if ":" not in arn:
        return arn == UNKNOWN
    given, asked = (each.split(":", 5) for each in (arn, form))
    if len(given) != len(asked):
        return False
    return all(map(_overlap, given, asked))


def _reference(name: str, template: Mapping[str, Any]) -> Iterator[str]:
    if name in _PSEUDO:
        yield _PSEUDO[name]
        return
    resource = template["Resources"].get(name)
    if resource is None:
        yield UNKNOWN
    elif resource["Type"] in _REF_IS_ARN:
        yield _arn(name, resource["Type"])
    else:
        properties = resource.get("Properties", {})
        named = [properties[each] for each in _NAMES if each in properties]
        yield from texts(named[0], template) if named else [name]


def _attribute(name: str, attribute: str, template: Mapping[str, Any]) -> str:
    kind = template["Resources"].get(name, {}).get("Type")
    if attribute not in ("Arn", "TopicArn"):
        return name
    arn = _arn(name, kind) if kind in _ARN_OF else UNKNOWN
    return arn + ":*" if kind == "AWS::Logs::LogGroup" else arn


def _arn(name: str, kind: str) -> str:
    form = form_of(*_ARN_OF[kind])
    for known in ("AWS::Partition", "AWS::Region", "AWS::AccountId"):
        form = form.replace(
            f"${{{known.removeprefix('AWS::').removesuffix('Id')}}}", _PSEUDO[known]
        )
    return _PLACEHOLDER.sub(name, form)


def _substituted(
    text: str, variables: Mapping[str, Any], template: Mapping[str, Any]
) -> Iterator[str]:
    choices = [
        list(_part(part, variables, template)) if part.startswith("${") else [part]
        for part in _SUBSTITUTED.split(text)
    ]
    yield from ("".join(chosen) for chosen in itertools.product(*choices))


def _part(part: str, variables: Mapping[str, Any], template: Mapping[str, Any]) -> Iterator[str]:
    name = part[2:-1]
    if name in variables:
        yield from texts(variables[name], template)
    elif name.startswith("!"):  # a variable of IAM's own, such as ${!aws:username}
        yield UNKNOWN
    elif "." in name:
        resource, _, attribute = name.partition(".")
        yield _attribute(resource, attribute, template)
    elif name in template.get("Parameters", {}):
        yield name  # a parameter within an ARN is one name
    else:
        yield from _reference(name, template)


@cache
def _overlap(given: str, asked: str) -> bool:
    """Return whether a text with wildcards and a form with placeholders have a text in common."""
    return _share(given, tuple(_tokens(asked)))


def _tokens(form: str) -> Iterator[str | tuple[str, str]]:
    """The form letter by letter; a placeholder is one letter at least, of those it may hold."""
    for part in _PLACEHOLDER.split(form):
        if not part.startswith("${"):
            yield from part
            continue
        excluded = ("" if _WITH_SLASHES.fullmatch(part) else "/") + (
            "" if part in _WITH_COLONS else ":"
        )
        yield ("one", excluded)
        yield ("more", excluded)


@cache
def _share(given: str, asked: tuple[str | tuple[str, str], ...]) -> bool:
    wildcard = given[:1] in ("*", UNKNOWN)
    if not asked:
        return not given.strip("*" + UNKNOWN)
    if wildcard and _share(given[1:], asked):
        return True
    token, rest = asked[0], asked[1:]
    if isinstance(token, tuple) and token[0] == "more":
        if _share(given, rest):
            return True
        return bool(given) and not wildcard and _holds(token, given[0]) and _share(given[1:], asked)
    if wildcard:
        return _share(given, rest)
    return bool(given) and _holds(token, given[0]) and _share(given[1:], rest)


def _holds(token: str | tuple[str, str], letter: str) -> bool:
    if isinstance(token, tuple):
        return letter not in token[1]
    return letter in (token, "?")
