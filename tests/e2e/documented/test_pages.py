"""The commands of the pages about a stack, as a reader types them after `. .local/env`.

They run on the stack of the test run, in the order of each page, with what is there in place of
the names that a page leaves to its reader.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from local.stack.settings import REPOSITORY
from tests.e2e.documented.prepared import PREPARED, ROW, Place, filled
from tests.support.pages.blocks import Command, blocks, shell
from tests.support.pages.folders import environment
from tests.support.pages.runs import PAGES, RUN_BY, runner, statuses, until
from tests.support.pages.terminal import Terminal, terminal
from tests.support.stack import command_environment

SECONDS = 180
# What a command shows, by its beginning.
SHOWN = {
    ". .local/env": "",
    "aws lambda invoke --function-name FUNCTION": '"StatusCode": 200',
    'aws lambda invoke --function-name "$ProvisionFunctionName"': '"events": "own"',
    "aws s3 cp": "upload: ",
    "aws s3api put-bucket-notification-configuration": "",
    "aws sqs create-queue": '"QueueUrl": ',
    # The queue of the team whose file was submitted.
    "aws sqs get-queue-attributes": '"ApproximateNumberOfMessages": "1"',
    "aws ssm put-parameter": '"Version": ',
    "emulator -X PUT": "0.01",
    'emulator "$AWS_ENDPOINT_URL_SAGEMAKER': '"in_flight": ',
    "emulator() {": "",
    "make cost": "A month of 1,000,000 requests",
    "make invoke": '"batchItemFailures": []',
    'provision \'{"action": "deploy"': '"status": "accepted"',
    'provision \'{"action": "rollback"': '"roll_out": "rollback ',
    "provision() {": "",
    "relayctl backfill preview": "objects      3",
    "relayctl backfill start": "is running",
    "relayctl backfill status": "outcomes     3 completed",
    "relayctl console": "http://127.0.0.1:",
    "relayctl deploy": "\nsucceeded",
    "relayctl endpoint": "InService",
    "relayctl parked  ": "not JSON",
    "relayctl parked drop": "dropped ",
    "relayctl parked redrive": "redriven ",
    "relayctl parked show": "not JSON",
    "relayctl rollback": "\nsucceeded",
    "relayctl routes check": "  + ",
    "relayctl routes explain ID": "delivered by completed",
    "relayctl routes explain inputs/orders/": "  + orders -> ",
    "relayctl routes set": "is in force within 5 seconds",
    "relayctl routes show": '"otherwise"',
    "relayctl submit": "  completed  ",
    "sleep 5": "",
}


@pytest.fixture
def typed(place: Place, tmp_path: Path) -> Iterator[Terminal]:
    own = {
        name: value
        for name, value in command_environment(place.stack.settings).items()
        if name.startswith("RELAY_")
    }
    variables = environment(REPOSITORY, os.environ) | own | {"BROWSER": "true"}
    variables["PATH"] = f"{_programs(tmp_path / 'bin')}{os.pathsep}{variables['PATH']}"
    with terminal(place.folder, variables, tmp_path / "command") as opened:
        outputs = (f"{name}={shlex.quote(each)}" for name, each in place.stack.outputs.items())
        assert opened.run("\n".join([". .local/env", *outputs]), SECONDS) == (0, "")
        yield opened


def _programs(folder: Path) -> Path:
    """A folder with an `aws`, where AWS CLI 2 is not installed."""
    folder.mkdir()
    found = shutil.which("aws")
    version = (
        found
        and subprocess.run(  # noqa: S603 - the program of this machine
            [found, "--version"], capture_output=True, text=True, check=False
        ).stdout
    )
    if not (version or "").startswith("aws-cli/2."):
        module = "tests.support.pages.aws_stand_in"
        command = f'exec {shlex.quote(sys.executable)} -m {module} "$@"'
        (folder / "aws").write_text(f"#!/bin/sh\n{command}\n")
        (folder / "aws").chmod(0o755)
    return folder


def of(page: str) -> list[Command]:
    return [each for each in shell() if each.block.page == page and runner(each)]


def test_every_page_has_what_its_commands_find() -> None:
    assert PREPARED.keys() == {page for page, test in RUN_BY.items() if test == PAGES}


@pytest.mark.parametrize("page", PREPARED)
def test_the_commands_of_a_page_run(page: str, place: Place, typed: Terminal) -> None:
    with PREPARED[page](place) as replaced:
        for command in of(page):
            status, shown = typed.run(filled(command.text, replaced), SECONDS, until(command))

            assert status in statuses(command), f"{command}: {status}: {shown}"
            assert expected(command) in shown.replace("\r\n", "\n"), f"{command}: {shown}"
            assert "Traceback" not in shown


def expected(command: Command) -> str:
    (found,) = (shown for begin, shown in SHOWN.items() if command.text.startswith(begin))
    return found


def test_the_code_of_a_sender_and_a_consumer_runs(place: Place) -> None:
    page = "docs/how-to/coming-from.md"
    (block,) = (
        each
        for each in blocks()
        if (each.page, each.language) == (page, "python") and not each.reason
    )
    folder = f"inputs/{uuid4().hex}"
    code = filled(block.text, {"inputs/rows": folder, "WaitTimeSeconds=20": "WaitTimeSeconds=5"})
    saved: dict[str, str] = {}
    names = {"bucket": place.bucket, "queue": place.stack.outputs["CompletedQueueUrl"]}
    given = {**names, "rows": [ROW.encode()] * 2, "save": saved.setdefault}

    with place.stack.variables():
        exec(code, given)  # noqa: S102 - of this page

    for number in range(2):
        assert "/outputs/" in saved[f"s3://{place.bucket}/{folder}/{number}.csv"]
