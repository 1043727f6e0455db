"""The workflows parse, run commands that exist, and have no weakness that a tool finds."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.stack.settings import REPOSITORY
from release.sbom import TOOLS

GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*"))
REQUIREMENTS = sorted(
    str(each.relative_to(REPOSITORY))
    for pattern in ("requirements*.txt", "layers/*/requirements*.txt", "emulator/requirements*.txt")
    for each in REPOSITORY.glob(pattern)
)

# One weakness of each kind that the tool has to see: an action by a tag that can be moved, a token
# that may write, text of a stranger in a script, a secret in files of the job.
BAD = """
name: bad
on: pull_request_target
permissions: write-all
jobs:
  bad:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: echo "${{ github.event.pull_request.title }}"
"""


# What a job may do besides reading the repository. None of these runs code of the repository or of
# its requirements.
MORE_PERMISSIONS = {
    "analyze": {"contents": "read", "security-events": "write"},
    "attest": {"attestations": "write", "id-token": "write"},
    "publish": {"contents": "write"},
    "scorecard": {"contents": "read", "security-events": "write"},
}


def _workflow(path: Path) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load(path.read_text())
    return workflow


def _jobs() -> Iterator[dict[str, Any]]:
    for path in WORKFLOWS:
        yield from _workflow(path)["jobs"].values()


def _commands() -> list[str]:
    return [step["run"] for job in _jobs() for step in job["steps"] if "run" in step]


def test_every_command_is_a_target_of_the_makefile() -> None:
    """But for the entry of continuous integration, and the publication of what was built."""
    targets = re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.M)
    other = [each for each in _commands() if each not in [f"make {name}" for name in targets]]

    assert {"make check", "make vulnerabilities", "make sbom"} <= set(_commands())
    assert sorted(each.partition(' "')[0] for each in other) == [".ci/run", "gh release create"]


def test_jobs_that_look_at_earlier_commits_have_the_history() -> None:
    """Without it the tests of upgrades are skipped: actions/checkout fetches one commit."""
    needed = {"make check", ".ci/run", "make release"}
    jobs = [job for job in _jobs() if {step.get("run") for step in job["steps"]} & needed]

    assert len(jobs) == len(needed & set(_commands())) >= 2
    assert [job["name"] for job in jobs if job["steps"][0]["with"]["fetch-depth"] != 0] == []


def test_every_job_may_only_read_the_repository() -> None:
    """The exceptions are listed above."""
    for path in WORKFLOWS:
        workflow = _workflow(path)
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            assert job["permissions"] == MORE_PERMISSIONS.get(name, {"contents": "read"}), name


def test_a_job_that_may_write_runs_no_code_of_packages() -> None:
    for path in WORKFLOWS:
        for name, job in _workflow(path)["jobs"].items():
            if "write" in job["permissions"].values():
                runs = [step["run"] for step in job["steps"] if "run" in step]
                assert [each for each in runs if not each.startswith("gh ")] == [], name


def test_actions_are_used_by_commit_and_the_same_everywhere() -> None:
    """A comment names the version. Offline, no test can see whether the commit is the version's."""
    used: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses:" in line:
                found = re.fullmatch(
                    r" +- uses: ([\w-]+/[\w-]+)\S*@([0-9a-f]{40} # v\d+\.\d+\.\d+)",
                    line.replace("        uses:", "      - uses:"),
                )
                assert found, line
                used.setdefault(found[1], set()).add(found[2])

    assert "actions/checkout" in used
    assert {action: found for action, found in used.items() if len(found) > 1} == {}


def test_what_is_published_was_built_and_attested_in_the_same_run() -> None:
    (jobs,) = (_workflow(path)["jobs"] for path in WORKFLOWS if path.stem == "release")
    names = {
        name: [step["with"]["name"] for step in job["steps"] if "name" in step.get("with", {})]
        for name, job in jobs.items()
    }

    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "build": None,
        "attest": "build",
        "publish": "attest",
    }
    assert set(names["build"]) == set(names["attest"]) == set(names["publish"]) == {"release"}


def test_runs_do_not_pile_up() -> None:
    for path in WORKFLOWS:
        workflow = _workflow(path)
        assert "github.ref" in workflow["concurrency"]["group"], path.name
        assert [
            job["name"] for job in workflow["jobs"].values() if "timeout-minutes" not in job
        ] == []


def test_all_checks_run_on_every_python_of_the_layer() -> None:
    runtimes = re.search(
        r"^RUNTIMES \?= (.*)", (REPOSITORY / "layers/relay/Makefile").read_text(), re.M
    )
    (job,) = (job for job in _jobs() if {"run": "make check"} in job["steps"])
    pythons = [f"python{each}" for each in job["strategy"]["matrix"]["python"]]

    assert runtimes is not None
    assert pythons == runtimes[1].split()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={pythons[0].removeprefix('python')}"


def test_vulnerabilities_are_asked_for_on_the_oldest_and_the_newest_python() -> None:
    check, asked = (
        next(job["strategy"]["matrix"]["python"] for job in _jobs() if {"run": run} in job["steps"])
        for run in ("make check", "make vulnerabilities")
    )

    assert asked == [check[0], check[-1]]


def test_every_kind_of_requirement_has_proposals_of_updates() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    watched = {
        (each["package-ecosystem"], directory.strip("/"))
        for each in updates
        for directory in each.get("directories", [each.get("directory")])
    }

    files = [Path(each).parent for each in REQUIREMENTS]
    pip = {("pip", "" if each == Path() else str(each)) for each in files}
    npm = {("npm", f"tests/{each.parent.name}") for each in REPOSITORY.glob("tests/*/package.json")}
    assert ("npm", "tests/audit") in npm
    assert watched == {*pip, *npm, ("github-actions", "")}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """An environment whose pip-audit, and npm, write down how they are called."""
    log = tmp_path / "calls"
    for name in ("supply/bin/pip-audit", "npm"):
        script = tmp_path / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f'#!/bin/sh\necho "$(basename "$0") $*" >> "{log}"\ntest ! "$FAIL"\n')
        script.chmod(0o755)
    (tmp_path / "supply/ready").touch()
    return tmp_path


def _make_vulnerabilities(tools: Path, **environment: str) -> tuple[int, list[str]]:
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - a fixed command
        ["make", "vulnerabilities", f"VENV={tools}"],  # noqa: S607
        cwd=REPOSITORY,
        env={**os.environ, "PATH": path, "MAKEFLAGS": "", **environment},
        capture_output=True,
    )
    return done.returncode, (tools / "calls").read_text().splitlines()


def test_vulnerabilities_are_asked_for_in_every_file_of_requirements(tools: Path) -> None:
    """Strictly: a package that the service does not know must not count as one without any."""
    status, calls = _make_vulnerabilities(tools)

    assert status == 0
    asked = [each for each in calls if each.startswith("pip-audit ")]
    assert [
        each for each in asked if "--strict" not in each or "--require-hashes" not in each
    ] == []
    assert sorted(each.rpartition(" -r ")[2] for each in asked) == REQUIREMENTS
    assert "npm audit --package-lock-only" in calls


def test_a_known_vulnerability_fails_the_command(tools: Path) -> None:
    status, calls = _make_vulnerabilities(tools, FAIL="yes")

    assert status != 0
    assert len(calls) == 1


def _findings(path: Path) -> set[str]:
    form = ("--offline", "--no-progress", "--persona", "pedantic", "--strict-collection")
    done = subprocess.run(
        [TOOLS / "zizmor", *form, "--no-exit-codes", "--format", "json-v1", path],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {each["ident"] for each in json.loads(done.stdout)}


def test_zizmor_finds_nothing() -> None:
    assert WORKFLOWS
    assert _findings(GITHUB) == set()


def test_zizmor_finds_what_is_wrong_in_a_bad_workflow(tmp_path: Path) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "bad.yml").write_text(BAD)

    assert _findings(tmp_path) >= {
        "artipacked",
        "dangerous-triggers",
        "excessive-permissions",
        "template-injection",
        "unpinned-uses",
    }
