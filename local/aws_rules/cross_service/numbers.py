"""Numbers that must be integers, where a parameter of type Number admits fractions."""

import re
from collections.abc import Iterator
from typing import Any

from local.aws_rules.rule import Problem, rule
from local.cloudformation.intrinsics import references
from local.cloudformation.parameters import admits_fractions
from local.cloudformation.resolution import TemplateResource
from local.cloudformation.world import Resource

# Properties of AWS's resources whose type is Integer or Long, by how they end.
_INTEGERS = re.compile(
    r"(Seconds|Days|Count|Period|Periods|Timeout|Size|Attempts|Units|Concurrency|Executions|Alarm)$"
    r"|^(Timeout|DelaySeconds|RetentionInDays|DatapointsToAlarm)$"
)


@rule(
    "AWS::*",
    "Custom::*",
    words="a parameter of type Number takes 1.5, where AWS takes an integer",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def a_number_that_must_be_an_integer_is_one(resource: Resource) -> Iterator[Problem]:
    if not isinstance(resource, TemplateResource):
        return
    parameters = resource.world.template.parameters
    own = resource.type.startswith("AWS::")
    for path, value in _leaves(resource.properties, ""):
        for name in references(value):
            if name not in parameters or not admits_fractions(parameters[name]):
                continue
            inside = "Fn::Sub" in value or "Fn::Join" in value
            if inside or (own and _INTEGERS.search(path.rpartition(".")[2])):
                yield Problem(
                    path,
                    f"let parameter {name} admit integers only: Type: String with AllowedPattern "
                    "'^[0-9]+$', or AllowedValues",
                )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every Ref, Fn::Sub and Fn::Join with the path of properties to it."""
    match value:
        case {"Ref": _} | {"Fn::Sub": _} | {"Fn::Join": _}:
            yield path, value
        case dict():
            for key, each in value.items():
                yield from _leaves(
                    each, path if key.startswith("Fn::") else f"{path}.{key}".lstrip(".")
                )
        case list():
            for each in value:
                yield from _leaves(each, path)
