"""Conditions of policies."""

import re
from collections.abc import Iterator
from typing import Any

from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource, as_list

_IDENTITY = ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
# Keys whose values are service principals.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
_PRINCIPALS = {
    *("iam:passedtoservice", "iam:awsservicename", "aws:calledvia", "aws:calledviafirst"),
    *("aws:calledvialast", "aws:principalservicename"),
}
_OPERATORS = {
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    *("StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan"),
    *("NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals"),
    *("DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan"),
    *("DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals"),
    *("ArnLike", "ArnNotEquals", "ArnNotLike", "Null"),
}


@rule(
    *("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"),
    *_IDENTITY,
    words="Invalid Condition type",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
    leafwise=True,
)
def a_condition_uses_an_operator_of_iam(resource: Resource) -> Iterator[Problem]:
    for path, condition in _conditions(resource.get(), ""):
        for operator in map(str, condition):
            plain = operator.rpartition(":")[2].removesuffix("IfExists")
            prefix = operator.rpartition(":")[0]
            if plain not in _OPERATORS or prefix not in ("", "ForAllValues", "ForAnyValue"):
                yield Problem(
                    f"{path}.{operator}",
                    f"write an operator of IAM, such as StringEquals or ArnLike, not {operator}",
                    f"Invalid Condition type : {operator}.",
                )


@rule(
    *_IDENTITY,
    words="The condition never holds: no service has this name",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    enforced=Enforced.NEVER,
    leafwise=True,
)
def a_condition_names_services_as_aws_does(resource: Resource) -> Iterator[Problem]:
    for path, condition in _conditions(resource.get(), ""):
        for operator, tests in condition.items():
            for key, wanted in tests.items() if isinstance(tests, dict) else ():
                for value in as_list(wanted):
                    example = _example(key.lower(), str(value))
                    if example:
                        yield Problem(f"{path}.{operator}.{key}", f"write {example}, not {value}")


def _example(key: str, value: str) -> str:
    """How to name a service for the key; "" where the value does, or is a pattern."""
    if "*" in value or "?" in value:
        return ""
    if key in _PRINCIPALS and not re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com", value):
        return "the service's principal, such as lambda.amazonaws.com"
    hosts = r"[a-z0-9-]+\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?"
    if key == "kms:viaservice" and not re.fullmatch(hosts, value):
        return "the service's name with its region, such as sqs.${AWS::Region}.${AWS::URLSuffix}"
    return ""


def _conditions(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "Condition" and isinstance(each, dict):
                yield f"{path}.{key}".lstrip("."), each
            else:
                yield from _conditions(each, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from _conditions(each, path)
