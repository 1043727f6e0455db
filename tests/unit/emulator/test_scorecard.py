"""The scorecard names tests that exist, and clients that ran."""

import re
from pathlib import Path

import pytest

from tests.clients.record import recorded
from tests.support.emulator.conformance.cases import cases
from tests.support.emulator.conformance.members import members
from tests.support.emulator.conformance.operations import Operation, emulated
from tests.support.emulator.conformance.scorecard import Fact, facts

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact.test.partition("::")[2])
def test_the_test_of_a_fact_exists(fact: Fact) -> None:
    file, _, name = fact.test.partition("::")

    assert re.search(rf"def {name}\(", (REPOSITORY / file).read_text())


def test_every_client_of_others_has_passed() -> None:
    assert {each.client: each.outcome for each in recorded()} == dict.fromkeys(
        (
            "AWS CLI 1",
            "SageMaker Python SDK 2",
            "sagemaker-core 2",
            "AWS SDK for JavaScript 3",
        ),
        "passed",
    )


@pytest.mark.parametrize("operation", emulated(), ids=lambda operation: operation.name)
def test_every_member_has_a_case_that_is_accepted(operation: Operation) -> None:
    accepted = {each.path for each in cases(operation) if each.code is None}

    assert {each.path for each in members(operation)} - accepted <= _only_refused(operation)


def _only_refused(operation: Operation) -> set[str]:
    """Required structures, whose members have the cases, and what REST has in no form but text."""
    return {each.path for each in members(operation) if each.required}


def test_a_case_is_written_as_aws_writes_it() -> None:
    [case] = [
        each
        for each in cases(Operation("sagemaker", "DescribeEndpoint"))
        if (each.kind, each.path) == ("too large", "endpointName")
    ]

    name, pattern = "a" * 64, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    assert case.message == (
        f"2 validation errors detected: Value '{name}' at 'endpointName' failed to satisfy "
        f"constraint: Member must satisfy regular expression pattern: {pattern}; Value '{name}' at "
        "'endpointName' failed to satisfy constraint: Member must have length less than or equal "
        "to 63"
    )
