"""Each fault in a stack is found by name, and the calls of its finding take it back."""

from collections.abc import Iterator

import pytest

from relayctl.doctor.doctor import examine
from relayctl.doctor.findings import Finding, Severity
from tests.support.relayctl.deployed import Deployed
from tests.support.relayctl.drift import FAULTS
from tests.support.relayctl.drift.fault import Fault


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployed]:
    """One good stack, with all alarms. Each test takes its fault back."""
    yield Deployed.with_operators().deploy()


def found(stack: Deployed) -> list[Finding]:
    return examine(stack.again())


def test_nothing_is_found_on_a_good_stack(stack: Deployed) -> None:
    assert found(stack) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_by_name_and_taken_back_by_what_the_finding_says(
    fault: Fault, stack: Deployed
) -> None:
    fault.change(stack)
    (finding, *others) = found(stack)

    assert (finding.check, finding.resource) == (fault.check, fault.resource)
    assert not others
    assert finding.severity in (Severity.ERROR, Severity.WARNING)
    assert finding.problem
    assert finding.action

    if fault.undo:
        fault.undo(stack)
    for call in finding.repair:
        getattr(stack.client(call.service), call.operation)(**call.parameters)
    assert found(stack) == []
