"""Parameters that have to be whole numbers where they land."""

import json
import re
from typing import Any

import pytest

from tests.template.template import source, transformed

RANGES = {
    "ModelLatencyAlarmSeconds": (1, 3600),
    "InvocationTimeoutSeconds": (1, 3600),
    "RequestTtlSeconds": (60, 21_600),
    "MaxAttempts": (1, 10),
    "RetryDelaySeconds": (0, 900),
    "OverdueSlackSeconds": (0, 86_400),
    "SubmitMaximumConcurrency": (2, 1000),
    "RouteMaximumConcurrency": (2, 1000),
}


def matches(name: str, value: object) -> bool:
    return bool(re.fullmatch(source()["Parameters"][name]["AllowedPattern"], str(value)))


@pytest.mark.parametrize(("name", "bounds"), RANGES.items())
class TestAWholeNumber:
    def test_is_taken_throughout_its_range_and_nowhere_else(
        self, name: str, bounds: tuple[int, int]
    ) -> None:
        lowest, highest = bounds

        taken = [number for number in range(-1, 100_000) if matches(name, number)]

        assert taken == list(range(lowest, highest + 1))
        assert (
            f"from {lowest} to {highest}" in source()["Parameters"][name]["ConstraintDescription"]
        )

    @pytest.mark.parametrize("value", ["", "1.5", "60.0", "1e2", "060", "+60", " 60", "60s"])
    def test_is_not_what_only_looks_like_one(
        self, name: str, bounds: tuple[int, int], value: str
    ) -> None:
        assert not matches(name, value)

    def test_has_a_default_in_its_range(self, name: str, bounds: tuple[int, int]) -> None:
        assert matches(name, source()["Parameters"][name]["Default"])


def test_no_number_that_may_be_a_fraction_becomes_a_variable_or_a_part_of_a_text() -> None:
    """CloudFormation's type Number takes 1.5. `${Seconds}000000` would make 1.5000000 of it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    numbers = {
        name
        for name, each in source()["Parameters"].items()
        if each["Type"] == "Number" and "AllowedValues" not in each
    }
    found = transformed()["Resources"].values()
    texts = json.dumps([each.get("Properties", {}) for each in found])
    variables: list[Any] = [
        value
        for each in found
        for value in each.get("Properties", {}).get("Environment", {}).get("Variables", {}).values()
    ]

    assert [name for name in numbers if "${" + name + "}" in texts] == []
    assert [name for name in numbers if {"Ref": name} in variables] == []
