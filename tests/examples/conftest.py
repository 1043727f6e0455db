"""An environment with the emulator's wheel and what its examples need, and nothing of this
repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = REPOSITORY / ".venv" / "examples"
PYTHON = ENVIRONMENT / "bin" / "python"
_SECONDS = 300

Run = Callable[..., str]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, because setuptools writes beside the sources."""
    directory = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(
        REPOSITORY / "emulator",
        directory / "emulator",
        ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"),
    )
    offline = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    options = (*offline, "--wheel-dir", str(directory), str(source))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", *options]
    subprocess.run(command, check=True, timeout=_SECONDS)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def run(wheel: Path) -> Run:
    """Run a command of the environment in a directory; return its output."""
    if not PYTHON.exists():
        pytest.skip("make examples makes the environment")
    options = ("--no-deps", "--no-index", "--force-reinstall", "--disable-pip-version-check")
    subprocess.run(
        [PYTHON, "-m", "pip", "install", "--quiet", *options, wheel], check=True, timeout=_SECONDS
    )

    def call(directory: Path, command: Sequence[str]) -> str:
        program, *arguments = command
        done = subprocess.run(
            [ENVIRONMENT / "bin" / program, *arguments],
            cwd=directory,
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return call
