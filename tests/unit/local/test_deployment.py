"""What of a deployment depends on the machine."""

import pytest

from local.deployment import machine_parameters
from local.errors import LocalStackError


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
