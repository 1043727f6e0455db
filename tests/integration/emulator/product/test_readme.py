"""The code in the emulator's README works as it is written."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.emulator.conftest import running_emulator, variables
from tests.integration.emulator.product.test_plugin import PYTEST, environment
from tests.support.emulator.readme import blocks, files


def test_the_tests_of_the_readme_pass(tmp_path: Path) -> None:
    for name in ("upper.py", "test_upper.py", "test_patience.py"):
        (tmp_path / name).write_text(files()[name])

    done = subprocess.run(
        [*PYTEST, "--timeout", "100"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert "3 passed" in done.stdout, done.stdout


def test_the_script_prints_what_the_readme_says(
    moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [configuration] = blocks("toml")
    (tmp_path / "upper.py").write_text(files()["upper.py"])
    monkeypatch.syspath_prepend(tmp_path)  # PYTHONPATH=$PWD

    with running_emulator(moto, tmp_path, configuration, suffix=".toml") as (url, _):
        services = ("SAGEMAKER", "SAGEMAKER_RUNTIME")
        done = subprocess.run(
            [sys.executable, "-c", files()["hello.py"]],
            env=variables(moto) | {f"AWS_ENDPOINT_URL_{each}": url for each in services},
            capture_output=True,
            text=True,
            timeout=100,
        )

    assert done.stdout == "b'HELLO'\n", done.stderr
