"""What of a deployment depends on the machine."""

import pytest
from samcli.cli.types import CfnParameterOverridesType

from local.errors import LocalStackError
from local.stack.deployment import machine_parameters, parameter_override


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")],
)
def test_the_functions_run_on_this_python_and_processor(machine: str, architecture: str) -> None:
    assert machine_parameters((3, 12), machine) == (
        "PythonRuntime=python3.12",
        f"Architecture={architecture}",
    )


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_a_python_that_the_template_does_not_take_is_named(version: tuple[int, int]) -> None:
    with pytest.raises(LocalStackError, match=rf"3\.{version[1]}.*3\.11 to 3\.14"):
        machine_parameters(version, "x86_64")


def test_a_processor_that_lambda_does_not_have_is_named() -> None:
    with pytest.raises(LocalStackError, match="riscv64"):
        machine_parameters((3, 12), "riscv64")


@pytest.mark.parametrize("value", ["30", "a, b", '{"when": "a == \'b\'", "x": "\\\\d"}', ""])
def test_sam_reads_a_parameter_as_it_was_given(value: str) -> None:
    overrides = parameter_override("Routes", value)

    assert CfnParameterOverridesType().convert((overrides,), None, None) == {"Routes": value}
