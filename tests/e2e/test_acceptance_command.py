"""`make acceptance TARGET=aws`, with the local stack in the place of AWS."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from local.stack.settings import REPOSITORY
from tests.acceptance.targets.removal import Removal
from tests.acceptance.targets.target import Target, eventually
from tests.support.stack import RunningStack

_NAME = re.compile(r"relay-acceptance-[0-9a-f]{6}")
_SECONDS = 240


@contextmanager
def acceptance(stack: RunningStack, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command with what a shell has after `source .local/env`, and a few of the tests."""
    with stack.variables():
        environment = dict(os.environ)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.acceptance", "--target", "aws", "--yes"),
                *("--no-scaling", "--only", "inline or missing_bus or scales_to_zero"),
            ],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def name_in(log: Path) -> str:
    found = _NAME.search(log.read_text())
    return found[0] if found else ""


def left(stack: RunningStack, name: str) -> list[str]:
    with stack.variables():
        return Removal(boto3.Session(), name, print).left()


def test_a_run_deploys_observes_reports_and_removes_everything(
    stack: RunningStack, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with acceptance(stack, log) as process:
        code = process.wait(_SECONDS)

    text, name = log.read_text(), name_in(log)
    assert code == 0, text
    assert f"the stack {name}, " in text
    report = REPOSITORY / ".local" / "acceptance" / f"{name}.json"
    found = {each["id"]: each for each in json.loads(report.read_text())["assumptions"]}
    assert found["inline-body"]["verdict"] == "held"
    assert found["eventbridge-accepts-missing-bus"]["verdict"] in ("held", "broken")
    assert found["zero-instances-queue"]["detail"] == "the run leaves scaling out (SCALING=0)"
    assert found["fifo-deduplication"]["verdict"] == "not observed"
    assert f"nothing is left of {name}" in text
    assert left(stack, name) == []


def test_a_run_that_is_interrupted_while_it_builds_leaves_nothing(
    stack: RunningStack, target: Target, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with acceptance(stack, log) as process:
        eventually(lambda: has_bucket(target, name_in(log)), _SECONDS, "the bucket of artifacts")

        process.send_signal(signal.SIGINT)
        code = process.wait(_SECONDS)

    name, text = name_in(log), log.read_text()
    assert code == 130, text
    assert "the run was interrupted" in text
    assert f"nothing is left of {name}" in text
    assert left(stack, name) == []


def test_a_run_that_is_killed_while_it_deploys_leaves_nothing(
    stack: RunningStack, target: Target, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with acceptance(stack, log) as process:
        eventually(lambda: creating(target, name_in(log)), _SECONDS, "the stack that is made")

        process.kill()

    name = name_in(log)
    ended = f"nothing is left of {name}"
    eventually(lambda: ended in log.read_text(), _SECONDS, "the end of the removal")
    assert left(stack, name) == []
    assert not (REPOSITORY / ".local" / "acceptance" / name).exists()


def has_bucket(target: Target, name: str) -> bool:
    found = target.client("s3").list_buckets()["Buckets"]
    return bool(name) and any(each["Name"].startswith(name) for each in found)


def creating(target: Target, name: str) -> bool:
    pages = target.client("cloudformation").get_paginator("describe_stacks").paginate()
    return bool(name) and any(
        stack["StackName"] == name and stack["StackStatus"] == "CREATE_IN_PROGRESS"
        for page in pages
        for stack in page["Stacks"]
    )
