"""Conditions of policies."""

from collections.abc import Iterator
from typing import Any

from local.aws_rules.rule import Problem, rule
from local.cloudformation.world import Resource

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
    *("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"),
    words="Invalid Condition type",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
    leafwise=True,
)
def a_condition_uses_an_operator_of_iam(resource: Resource) -> Iterator[Problem]:
    for path, operators in _conditions(resource.get(), ""):
        for operator in operators:
            plain = operator.rpartition(":")[2].removesuffix("IfExists")
            prefix = operator.rpartition(":")[0]
            if plain not in _OPERATORS or prefix not in ("", "ForAllValues", "ForAnyValue"):
                yield Problem(
                    f"{path}.{operator}",
                    f"write an operator of IAM, such as StringEquals or ArnLike, not {operator}",
                    f"Invalid Condition type : {operator}.",
                )


def _conditions(value: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "Condition" and isinstance(each, dict):
                yield f"{path}.{key}".lstrip("."), [str(one) for one in each]
            else:
                yield from _conditions(each, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from _conditions(each, path)
