"""What `sam build` made: complete, pure Python, and nothing in it that does not belong there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.clients import Clients
from local.deployed_functions import NAMES, built, deployed_function, logical_id
from local.lambda_surroundings import python, variables
from local.settings import REPOSITORY
from tests.stack import RunningStack

_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE | re.IGNORECASE)


@pytest.fixture(scope="session")
def layer(stack: RunningStack) -> Path:
    return built("RelayLayer", stack.settings) / "python"


def files(directory: Path) -> Iterator[Path]:
    found = directory.rglob("*")
    return (each.relative_to(directory) for each in found if each.is_file())


def sources(directory: Path) -> set[Path]:
    return {path for path in files(directory) if "__pycache__" not in path.parts}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_its_own_files_and_nothing_else(name: str, stack: RunningStack) -> None:
    assert sources(built(logical_id(name), stack.settings)) == sources(
        REPOSITORY / "functions" / name
    )


def test_the_layer_holds_the_relay_package_as_it_is_in_the_repository(layer: Path) -> None:
    package = REPOSITORY / "layers" / "relay" / "relay"

    assert sources(layer / "relay") == sources(package)
    for path in sources(package):
        assert (layer / "relay" / path).read_bytes() == (package / path).read_bytes()


def test_the_layer_holds_what_is_pinned_for_it_and_no_other_distribution(layer: Path) -> None:
    pinned = _PINNED.findall((REPOSITORY / "layers/relay/requirements.txt").read_text())

    found = [path.name.split("-")[0] for path in layer.glob("*.dist-info")]

    assert sorted(map(_normal, found)) == sorted(map(_normal, pinned))


def test_the_layer_is_pure_python_so_that_one_build_runs_on_both_processors(layer: Path) -> None:
    assert not [path for path in files(layer) if path.suffix in (".so", ".pyd", ".dylib")]


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_imports_in_a_clean_interpreter_from_function_and_layer_alone(
    name: str, stack: RunningStack, layer: Path, tmp_path: Path
) -> None:
    function = deployed_function(name, stack.settings, Clients(stack.settings))
    program = (
        "import sys, app; assert callable(app.handler); "
        "print(*{getattr(m, '__file__', None) or '' for m in sys.modules.values()}, sep='\\n')"
    )

    done = subprocess.run(
        [python(), "-S", "-s", "-P", "-c", program],
        env=variables(function, tmp_path),
        cwd=function.code,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    loaded = [Path(line) for line in done.stdout.splitlines() if "site-packages" in line]
    assert not loaded
    assert str(layer / "boto3") in done.stdout


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
