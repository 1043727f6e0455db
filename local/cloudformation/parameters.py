"""Which values of a parameter a rule has to try: one for each case that can matter."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from local.cloudformation.intrinsics import references

# A value of a parameter is at most this long.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_LONGEST_VALUE = 4096
PARTITIONS = {
    "aws": ("us-east-1", "amazonaws.com"),
    "aws-cn": ("cn-north-1", "amazonaws.com.cn"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com"),
}
# The longest name of a region in each partition.
LONG_REGIONS = {"aws": "ap-southeast-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
# What people give to parameters; a parameter that admits one is tried with it.
_KEY = "arn:${AWS::Partition}:kms:${AWS::Region}:111122223333:"
_SAMPLES = (
    f"{_KEY}key/1234abcd-12ab-34cd-56ef-1234567890ab",
    f"{_KEY}alias/model-data",
    "arn:${AWS::Partition}:sns:${AWS::Region}:111122223333:operators",
    "arn:${AWS::Partition}:sqs:${AWS::Region}:111122223333:results",
    "arn:${AWS::Partition}:iam::111122223333:role/service-role/Inference",
    "s3://a-bucket/a/key.tar.gz",
    "arn:${AWS::Partition}:iam::111122223333:policy/inference",
)
# Numbers in a parameter of type String, whose pattern is to bound them.
_DIGITS = ("0", "1", "999", "1000000")
_NAMES = ("a-name", "AName", "a-bucket-name", "subnet-0123456789abcdef0", "sg-0123456789abcdef0")


def values(
    name: str, parameter: Mapping[str, Any], conditions: Mapping[str, Any], longest: bool
) -> Sequence[Any]:
    """The default first.

    `longest`: only the longest of the values that no condition tells apart.
    """
    literals = _compared(name, conditions)
    if "AllowedValues" in parameter:
        return _allowed(parameter, literals, longest)
    if parameter["Type"] == "Number":
        return _numbers(parameter, longest)
    admitted = [each for each in dict.fromkeys(literals) if admits(parameter, each)]
    if longest:
        found = [longest_value(parameter), *admitted]
    else:
        tried = [str(parameter.get("Default", "")), *admitted]
        if "AllowedPattern" in parameter:
            tried += _SAMPLES
            tried += _DIGITS if str(parameter.get("Default", "")).isdigit() else ()
        elif literals:
            tried += [_typical(name)]
        found = [each for each in tried if admits(parameter, each)]
        if not set(found) - {"", *literals}:
            found += [each for each in _NAMES if admits(parameter, each)][:1]
        found = found or [longest_value(parameter)]
    is_list = "List" in parameter["Type"]
    return [each.split(",") if is_list else each for each in dict.fromkeys(found)]


def _typical(name: str) -> str:
    """What a parameter without a pattern is meant for, judged by its name."""
    kinds = (
        *(("KeyArn", _SAMPLES[0]), ("PolicyArn", _SAMPLES[6]), ("Arn", _SAMPLES[3])),
        ("Ur", _SAMPLES[5]),
    )
    return next((sample for word, sample in kinds if word in name), _NAMES[0])


def admits(parameter: Mapping[str, Any], value: str) -> bool:
    """Whether CloudFormation takes the value: its pattern matches all of it, or every member."""
    members = value.split(",") if "List" in parameter["Type"] else [value]
    pattern = parameter.get("AllowedPattern")
    written = [re.sub(r"\$\{AWS::(\w+)\}", _written, each) for each in members]
    if pattern is not None and not all(re.fullmatch(pattern, each) for each in written):
        return False
    low, high = parameter.get("MinLength", 0), parameter.get("MaxLength", _LONGEST_VALUE)
    return bool(int(low) <= len(value) <= int(high))


def admits_fractions(parameter: Mapping[str, Any]) -> bool:
    """A parameter of type Number takes integers and floats.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    if parameter["Type"] not in ("Number", "List<Number>") or "AllowedValues" in parameter:
        return False
    return bool(parameter.get("MinValue", 0) != parameter.get("MaxValue", 1))


def longest_value(parameter: Mapping[str, Any]) -> str:
    """One of the longest values that the parameter admits, so far as samples find it."""
    return _longest_value(json.dumps(parameter))


@cache
def _longest_value(written: str) -> str:
    """Templates that are changed elsewhere have the same parameters."""
    parameter = json.loads(written)
    limit = int(parameter.get("MaxLength", _LONGEST_VALUE))
    starts: list[str] = [str(parameter.get("Default", "")), *_SAMPLES, *_NAMES, ""]
    plain = [re.sub(r"\$\{AWS::(\w+)\}", _written, each) for each in starts]
    found: list[str] = [_grown(parameter, start, limit) for start in dict.fromkeys(plain)]
    return max(found, key=len)


def _grown(parameter: Mapping[str, Any], start: str, limit: int) -> str:
    lengths: list[int] = [limit, *range(min(limit, 1100), len(start), -1)]
    for length in lengths if "AllowedPattern" in parameter else lengths[:1]:
        grown = start + "a" * (length - len(start))
        if admits(parameter, grown):
            return grown
    return start if admits(parameter, start) else ""


def _written(match: re.Match[str]) -> str:
    return {"Partition": "aws", "Region": "us-east-1"}[match[1]]


def _allowed(parameter: Mapping[str, Any], literals: Sequence[str], longest: bool) -> Sequence[Any]:
    allowed = parameter["AllowedValues"]
    default = parameter.get("Default", allowed[0])
    if longest and not literals:
        return [max(allowed, key=lambda each: len(str(each)))]
    return list(dict.fromkeys([default, *allowed]))


def _numbers(parameter: Mapping[str, Any], longest: bool) -> Sequence[Any]:
    low, high = parameter.get("MinValue"), parameter.get("MaxValue")
    bounds = [each for each in (low, high) if each is not None]
    if longest:
        # The decimal of a fraction is of any length: a few digits here.
        return [max([parameter.get("Default", 0), *bounds, 1_000_000], key=lambda n: len(str(n)))]
    return list(dict.fromkeys([parameter.get("Default", low or 0), *bounds]))


def _compared(name: str, conditions: Mapping[str, Any]) -> list[str]:
    """The literals that conditions compare the parameter with."""
    return [
        literal
        for condition in conditions.values()
        for one, other in _comparisons(condition)
        for literal, about in ((one, other), (other, one))
        if isinstance(literal, str) and name in references(about)
    ]


def _comparisons(condition: Any) -> Iterator[tuple[Any, Any]]:
    match condition:
        case {"Fn::Equals": [one, other]}:
            yield one, other
        case dict():
            for each in condition.values():
                yield from _comparisons(each)
        case list():
            for each in condition:
                yield from _comparisons(each)
