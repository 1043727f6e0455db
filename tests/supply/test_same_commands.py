"""What runs before a commit, and what continuous integration runs, is what the Makefile runs."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from local.stack.settings import REPOSITORY
from release.sbom import TOOLS

HOOKS = REPOSITORY / ".pre-commit-config.yaml"
_WRITTEN = (REPOSITORY / "Makefile").read_text()
(_UNSTACKED,) = re.findall(r"^UNSTACKED := (.*)", _WRITTEN, re.M)
MAKEFILE = _WRITTEN.replace("$(UNSTACKED)", _UNSTACKED)


def _prerequisites(target: str) -> set[str]:
    """Return the targets that run with one, itself included."""
    found = re.search(rf"^{target}: (.*) ##", MAKEFILE, re.M)
    assert found, target
    direct = {each for each in found[1].split() if "/" not in each} - {"setup"}
    return {target}.union(*(_prerequisites(each) for each in direct))


def _recipe(target: str) -> str:
    """Return the commands of one."""
    found = re.search(rf"^{target}:.*##.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    assert found, target
    return found[1]


def test_continuous_integration_runs_all_tests_by_the_same_entry() -> None:
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text())
    commands = {
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    }

    assert (REPOSITORY / ".ci/run").read_text().rstrip().endswith("\nexec make test")
    assert commands == {"make check", ".ci/run", "make audit"}
    assert "check" in _prerequisites("test")


def test_the_entry_ends_with_the_status_of_the_tests(tmp_path: Path) -> None:
    """It calls `make test`, and nothing after it."""
    for name, body in {"make": 'echo "$*" > "$LOG"; exit 3', "chromium": "exit 0"}.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
    log = tmp_path / "calls"

    done = subprocess.run(  # noqa: S603 - a fixed command
        [REPOSITORY / ".ci/run"],
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "LOG": str(log)},
    )

    assert (done.returncode, log.read_text()) == (3, "test\n")


def test_make_test_runs_what_make_check_leaves_out() -> None:
    (check,), test = _recipe("check").splitlines(), _recipe("test").splitlines()

    assert "check" in _prerequisites("test")
    assert ' -m "not exhaustive" ' in check
    assert check.replace('"not exhaustive"', "exhaustive") in test


def test_each_hook_is_a_part_of_make_check() -> None:
    (repository,) = yaml.safe_load(HOOKS.read_text())["repos"]
    entries = [hook["entry"] for hook in repository["hooks"]]

    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    targets = _prerequisites("check")
    assert entries == ["make lint", "make types", "make workflows"]
    assert {"lint", "types"} <= targets
    # `make check` runs all of tests/supply, and `make workflows` some modules of it.
    assert " tests/supply " in _recipe("check")
    modules = re.findall(r"tests/supply/\w+\.py", _recipe("workflows"))
    assert str(Path(__file__).relative_to(REPOSITORY)) in modules
    assert [each for each in modules if not (REPOSITORY / each).exists()] == []


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("relayctl/app.py", "lint types"),
        (".github/workflows/ci.yml", "workflows"),
        (".ci/run", "workflows"),
        ("requirements-supply.txt", "workflows"),
        ("README.md", ""),
    ],
)
def test_a_changed_file_starts_the_hooks_that_check_it(
    tmp_path: Path, path: str, targets: str
) -> None:
    """pre-commit itself runs, with a `make` that writes down its target."""
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "$*" >> "$LOG"\n')
    make.chmod(0o755)
    log = tmp_path / "calls"
    log.touch()

    done = subprocess.run(  # noqa: S603 - a fixed command
        [TOOLS / "python", "-m", "pre_commit", "run", "--config", HOOKS, "--files", path],
        cwd=REPOSITORY,
        env={
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "LOG": str(log),
            "PRE_COMMIT_HOME": str(tmp_path / "home"),
            "HOME": str(tmp_path),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        },
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert log.read_text().split() == targets.split()
