"""The emulator's wheel: what it contains, and that its commands start from it alone."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest
from async_endpoint_emulator import __version__

REPOSITORY = Path(__file__).parents[3]
PACKAGE = REPOSITORY / "emulator" / "src" / "async_endpoint_emulator"


def run(*command: str | Path, directory: Path) -> str:
    """The output of Python with these arguments, without PYTHONPATH."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("distribution")
    # A copy: setuptools writes beside the sources.
    source = shutil.copytree(
        REPOSITORY / "emulator",
        directory / "emulator",
        ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"),
    )
    pip = ("-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    offline = ("--no-deps", "--no-index", "--no-build-isolation")
    run(*pip, *offline, "--wheel-dir", directory, source, directory=directory)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> Sequence[str]:
    with ZipFile(wheel) as archive:
        return archive.namelist()


def read(wheel: Path, name: str) -> str:
    with ZipFile(wheel) as archive:
        return archive.read(f"async_endpoint_emulator-{__version__}.dist-info/{name}").decode()


def test_the_wheel_contains_every_module_and_nothing_else(names: Sequence[str]) -> None:
    modules = {str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*.py")}
    contained = {name for name in names if ".dist-info/" not in name}

    assert "async_endpoint_emulator/inference/queue.py" in modules
    assert contained == modules | {"async_endpoint_emulator/py.typed"}


def test_the_metadata_has_the_version_the_license_and_the_requirements(wheel: Path) -> None:
    metadata = Parser().parsestr(read(wheel, "METADATA"))

    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert all(">=" in each for each in metadata.get_all("Requires-Dist", [""]))
    assert read(wheel, "licenses/LICENSE") == (REPOSITORY / "LICENSE").read_text()
    assert "async_endpoint_emulator.__main__:main" in read(wheel, "entry_points.txt")


def test_the_emulator_starts_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    start = """
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("async_endpoint_emulator", run_name="__main__")
"""

    assert run("-c", start, wheel, "--version", directory=tmp_path) == (
        f"async-endpoint-emulator {__version__}\n"
    )
