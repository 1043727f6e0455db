"""What `make parity` does on an account, on the emulator with signatures."""

from collections.abc import Iterator

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from tests.parity.__main__ import compare, refused
from tests.support.emulator.conformance.cases import Case
from tests.support.emulator.conformance.operations import CONTROL, EMULATED, Operation
from tests.support.emulator.conformance.wire import Signer, Wire
from tests.support.emulator.stack import SCRIPTED, Stack

_KEY = ReadOnlyCredentials("test", "test", None, "0")


@pytest.fixture
def wires(emulator: str) -> Iterator[dict[str, Wire]]:
    wires = {each: Wire(emulator, Signer(_KEY, "us-east-1", "sagemaker")) for each in EMULATED}
    yield wires
    for wire in wires.values():
        wire.close()


def test_only_operations_that_cannot_change_what_an_account_has_are_asked() -> None:
    names = {each.operation.name for each in refused()}

    assert {name for name in names if name.startswith(("Delete", "Update", "Put", "Add"))} == set()
    assert {"CreateModel", "DescribeEndpoint", "InvokeEndpointAsync"} <= names


def test_what_is_answered_as_the_suite_says_is_no_difference(wires: dict[str, Wire]) -> None:
    asked = [each for each in refused() if each.operation.name == "DescribeEndpoint"]

    assert list(compare(wires, asked, 0)) == []


def test_what_is_created_against_expectation_is_recorded_and_deleted(
    wires: dict[str, Wire], stack: Stack
) -> None:
    document = {
        "ModelName": f"parity-{stack.suffix}",
        "ExecutionRoleArn": stack.role_arn,
        "PrimaryContainer": {"Image": SCRIPTED},
    }
    operation = Operation(CONTROL, "CreateModel")
    accepted = Case(operation, "pattern", "modelName", document, "ValidationException", "no")

    [found] = compare(wires, [accepted], 0)

    assert found.operation == "CreateModel"
    assert found.text.startswith("pattern at modelName: 200 : ")
    with pytest.raises(ClientError, match="Could not find model"):
        stack.sagemaker.describe_model(ModelName=document["ModelName"])
