"""The quick start of the emulator's README works as it is written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.emulator.conftest import REPOSITORY, running_emulator, variables


def blocks(language: str) -> list[str]:
    """The code in the README, in its order."""
    text = (REPOSITORY / "emulator" / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_quick_start_prints_what_the_readme_says(
    moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, script = blocks("python")
    [configuration] = blocks("json")
    (tmp_path / "upper.py").write_text(server)
    monkeypatch.syspath_prepend(tmp_path)  # PYTHONPATH=$PWD

    with running_emulator(moto, tmp_path, configuration) as (url, _):
        services = ("SAGEMAKER", "SAGEMAKER_RUNTIME")
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=variables(moto) | {f"AWS_ENDPOINT_URL_{each}": url for each in services},
            capture_output=True,
            text=True,
            timeout=100,
        )

    assert done.stdout == "b'HELLO'\n", done.stderr
