"""Each operation accepts and refuses what its service model says, in AWS's form and words."""

from collections.abc import Iterator

import pytest

from tests.support.emulator.conformance.cases import cases
from tests.support.emulator.conformance.compare import difference
from tests.support.emulator.conformance.operations import (
    CONTROL,
    RUNTIME,
    SCALING,
    Operation,
    absent,
    emulated,
)
from tests.support.emulator.conformance.wire import Wire


@pytest.fixture(scope="module")
def wire(emulator: str) -> Iterator[Wire]:
    wire = Wire(emulator)
    yield wire
    wire.close()


@pytest.mark.timeout(600)  # CreateEndpointConfig has some two thousand cases
@pytest.mark.parametrize("operation", emulated(), ids=lambda operation: operation.name)
def test_an_operation_conforms_to_its_service_model(wire: Wire, operation: Operation) -> None:
    differences = [
        difference(case, wire.send(operation, case.document)) for case in cases(operation)
    ]

    assert [each for each in differences if each] == []


@pytest.mark.parametrize("service", [CONTROL, SCALING, RUNTIME])
def test_an_operation_that_is_not_emulated_is_unknown(wire: Wire, service: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html"""
    operations = [each for each in absent() if each.service == service]

    answers = {each.name: wire.send(each, {}) for each in operations}

    assert {name: (each.status, each.code) for name, each in answers.items()} == {
        each.name: (404, "UnknownOperationException") for each in operations
    }
