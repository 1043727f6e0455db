"""What a rule can distinguish is tried, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest

from local.aws_rules import Template
from local.cloudformation.choices import Choices, explore
from local.cloudformation.parameters import admits, longest_value, values
from local.cloudformation.resolution import TemplateWorld

TEMPLATE = Template(
    {
        "Parameters": {
            "Kind": {"Type": "String", "Default": "one", "AllowedValues": ["one", "two", "none"]},
            "Key": {"Type": "String", "Default": ""},
        },
        "Conditions": {
            "Any": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Kind"}, "none"]}]},
            "Two": {"Fn::And": [{"Condition": "Any"}, {"Fn::Equals": [{"Ref": "Kind"}, "two"]}]},
        },
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Two"},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
        },
    }
)


def options(name: str) -> Sequence[str]:
    return {"a": ("1", "2"), "b": ("x", "y", "z"), "c": ("never",)}[name]


def test_every_combination_of_what_is_asked_for_is_tried_once() -> None:
    def run(choices: Choices) -> tuple[str, str]:
        return choices.take("a"), choices.take("b")

    found = [result for _, result in explore(options, run)]

    assert sorted(found) == [(a, b) for a in ("1", "2") for b in ("x", "y", "z")]


def test_what_is_asked_for_on_one_way_only_is_varied_there_only() -> None:
    def run(choices: Choices) -> tuple[str, ...]:
        return ("1", choices.take("b")) if choices.take("a") == "1" else ("2",)

    found = [result for _, result in explore(options, run)]

    assert sorted(found) == [("1", "x"), ("1", "y"), ("1", "z"), ("2",)]


def test_a_question_has_one_answer_in_a_run() -> None:
    runs = list(explore(options, lambda choices: (choices.take("b"), choices.take("b"))))

    assert sorted(result for _, result in runs) == [("x", "x"), ("y", "y"), ("z", "z")]
    assert all(result[0] == taken["b"] for taken, result in runs)


@pytest.mark.parametrize(
    ("parameter", "conditions", "expected"),
    [
        ({"Type": "String", "AllowedValues": ["a", "b"], "Default": "b"}, {}, ["b", "a"]),
        ({"Type": "Number", "Default": 5, "MinValue": 2, "MaxValue": 9}, {}, [5, 2, 9]),
        ({"Type": "String", "Default": "7", "AllowedPattern": "[1-9]"}, {}, ["7", "1"]),
        (
            {"Type": "String", "Default": ""},
            {"Has": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]}},
            ["", "a-name"],
        ),
        (
            {"Type": "CommaDelimitedList", "Default": ""},
            {"Has": {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "P"}]}, ""]}},
            [[""], ["a-name"]],
        ),
    ],
)
def test_a_parameter_is_tried_with_what_conditions_and_bounds_distinguish(
    parameter: dict[str, Any], conditions: dict[str, Any], expected: list[Any]
) -> None:
    assert list(values("P", parameter, conditions, longest=False)) == expected


def test_a_parameter_that_admits_an_alias_is_tried_with_one() -> None:
    parameter = {"Type": "String", "Default": "", "AllowedPattern": "^(arn:[^:]+:kms:.+)?$"}

    found = values("P", parameter, {}, longest=False)

    assert [each.rpartition(":")[2].partition("/")[0] for each in found] == ["", "key", "alias"]


@pytest.mark.parametrize(
    ("parameter", "length"),
    [
        ({"Type": "String"}, 4096),
        ({"Type": "String", "MaxLength": 50, "AllowedPattern": "^[a-z0-9](-?[a-z0-9])*$"}, 50),
        ({"Type": "String", "AllowedPattern": "^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$"}, 63),
        ({"Type": "String", "MaxLength": 100, "AllowedPattern": "^s3://[a-z-]+/.+$"}, 100),
    ],
)
def test_the_longest_value_is_as_long_as_the_parameter_admits(
    parameter: dict[str, Any], length: int
) -> None:
    found = longest_value(parameter)

    assert len(found) == length
    assert admits(parameter, found)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::AccountId"}]]}, "a-123456789012"),
        ({"Fn::Sub": "${AWS::StackName}/${!Kept}/${Kind}"}, "relay/${Kept}/one"),
        ({"Fn::Sub": ["${A}${Kind}", {"A": {"Ref": "Kind"}}]}, "oneone"),
        ({"Fn::Select": [1, {"Fn::Split": ["/", "a/b"]}]}, "b"),
        ({"Fn::If": ["Two", "two", {"Fn::If": ["Any", "one", "none"]}]}, "one"),
        ([{"Fn::If": ["Two", "two", {"Ref": "AWS::NoValue"}]}, "kept"], ["kept"]),
        ({"Ref": "Topic"}, "arn:aws:sns:us-east-1:123456789012:news"),
        ({"Fn::GetAtt": ["Topic", "TopicName"]}, "news"),
        ({"Fn::Sub": "${Topic.TopicName}.${AWS::URLSuffix}"}, "news.amazonaws.com"),
    ],
)
def test_functions_are_resolved_as_cloudformation_does(value: Any, resolved: Any) -> None:
    assert world({}).resolve(value) == resolved


def test_a_reference_to_a_missing_resource_is_found() -> None:
    absent, there = world({"Kind": 0}), world({"Kind": 1})

    absent.resolve({"Fn::GetAtt": ["Queue", "Arn"]})
    there.resolve({"Fn::GetAtt": ["Queue", "Arn"]})

    assert (absent.missing, there.missing) == (["Queue"], [])


def world(chosen: dict[str, int]) -> TemplateWorld:
    """With the values of these numbers, and the first ones otherwise."""

    def pick(name: str) -> Sequence[Any]:
        known = ("aws",) if name == "AWS::Partition" else TEMPLATE.values(name, False)
        return known[chosen.get(name, 0) :]

    return TemplateWorld(TEMPLATE, Choices(pick, ()), measures=False)
