"""The course of the demo: bring up, upload, receive, check, report, stop."""

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from local.console.progress import Progress
from local.demo.accounts import Account, settle
from local.demo.early import upload_before_service
from local.demo.inputs import (
    Input,
    deleted_input,
    early_input,
    refused_inputs,
    row_inputs,
    too_long_input,
)
from local.demo.report import describe
from local.demo.results import Inbox, Result, queue_depths, read_output
from local.demo.rows import held_out_rows
from local.functions import logs
from local.stack.clients import Clients
from local.stack.errors import LocalStackError
from local.stack.lock import exclusive
from local.stack.settings import StackSettings
from local.stack.stack import Stack
from local.stack.tcp_ports import free_ports
from local.stack.up import Narrator, bring_up, train_model

_ROWS = 200
_REFUSED = 5

# Longer than the longest delay after which a request that came too early is tried again.
_SILENCE_SECONDS = 90.0
_QUIET_SECONDS = 30.0
_PAUSE_SECONDS = 0.2
_PROBLEMS_SHOWN = 12

# Where what can never be processed would lie.
_DEAD_LETTERS = "DeadLetterQueue"
# Where a message would lie that could still become a second result.
_ON_THE_WAY = ("SubmitQueue", "NotificationQueue")


def run(settings: StackSettings) -> int:
    """Runs the demo on free ports in its own directory, so a stack that is up stays as it is.

    Returns the exit code: 0 when every input had exactly one result, and the right one.
    """
    aws_port, sagemaker_port = free_ports(2)
    own = replace(
        settings,
        directory=settings.directory / "demo",
        aws_port=aws_port,
        sagemaker_port=sagemaker_port,
    )
    tell = Narrator()
    with exclusive(own):
        try:
            account, problems = _Demo(own, tell).run()
        except (LocalStackError, BotoCoreError, ClientError):
            _show_trouble(own)
            raise
        finally:
            Stack(own).stop()
    if problems:
        _show_problems(problems)
        _show_trouble(own)
    print(account.summary(tell.seconds), flush=True)
    return 1 if problems else 0


class _Demo:
    def __init__(self, settings: StackSettings, tell: Narrator) -> None:
        self._settings = settings
        self._tell = tell
        self._clients = Clients(settings)
        self._stack = Stack(settings)
        self._model = train_model(settings)
        first, *others = held_out_rows(self._model, _ROWS + 1)
        self._early = early_input(first)
        self._deleted = deleted_input(first)
        self._later = [
            *row_inputs(others),
            *refused_inputs(_REFUSED),
            too_long_input(first),
        ]

    def run(self) -> tuple[Account, list[str]]:
        """Returns the account and everything that is wrong."""
        deployed: Mapping[str, str] = {}
        try:
            deployed = bring_up(self._settings, self._model, self._tell, self._upload_early)
            bucket = deployed["DataBucketName"]
            inputs = {f"s3://{bucket}/{item.key}": item for item in self._inputs()}
            self._upload(bucket)
            results = self._receive(deployed, inputs)
            outputs = self._read_outputs(results)
            depths = queue_depths(self._clients)
        finally:
            self._save_logs()
        account = settle(inputs, results, outputs)
        problems = [
            *account.problems,
            *(f"{n} messages lie on {q}" for q, n in depths.items() if n and _DEAD_LETTERS in q),
            *(f"a role lacks a right: {line}" for line in logs.denials(self._settings.logs)),
        ]
        print(describe(inputs, results, outputs, depths, self._settings))
        return account, problems

    def _inputs(self) -> list[Input]:
        return [self._early, self._deleted, *self._later]

    def _upload_early(self, check: Callable[[], None]) -> None:
        upload_before_service(self._clients, self._early, self._deleted, check)
        self._tell("two inputs uploaded before the endpoint is in service, one deleted again")

    def _upload(self, bucket: str) -> None:
        progress = Progress()
        for n, item in enumerate(self._later, start=1):
            self._clients.s3.put_object(Bucket=bucket, Key=item.key, Body=item.body)
            progress.show(f"{self._tell.seconds:6.1f} s  {n} of {len(self._later)} uploaded")
        progress.done(f"{self._tell.seconds:6.1f} s  {len(self._later)} more inputs uploaded")

    def _receive(self, deployed: Mapping[str, str], inputs: Mapping[str, Input]) -> list[Result]:
        """Every result that comes until the pipeline is empty, or silent for too long."""
        inbox = Inbox(self._clients.sqs, deployed["CompletedQueueUrl"], deployed["FailedQueueUrl"])
        progress = Progress()
        results: list[Result] = []
        missing = set(inputs)
        last = time.monotonic()
        while missing and time.monotonic() - last < _SILENCE_SECONDS:
            self._stack.check()
            if found := list(inbox.receive()):
                last = time.monotonic()
                results += found
                missing -= {result.subject for result in found}
            received = len(inputs) - len(missing)
            progress.show(f"{self._tell.seconds:6.1f} s  {received} of {len(inputs)} results")
            if not found:
                time.sleep(_PAUSE_SECONDS)
        progress.done(f"{self._tell.seconds:6.1f} s  {len(results)} results received")
        self._wait_until_quiet()
        self._tell("nothing is on its way any more")
        # What comes now is a result too many, or one for something that was never uploaded.
        return results + list(inbox.receive())

    def _wait_until_quiet(self) -> None:
        """Waits until nothing is on its way any more that could become another result."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while time.monotonic() < deadline:
            depths = queue_depths(self._clients)
            if not any(depths[name] for name in _ON_THE_WAY):
                return
            time.sleep(_PAUSE_SECONDS)

    def _read_outputs(self, results: list[Result]) -> dict[str, str]:
        locations = {r.output_location for r in results if r.output_location}
        return {location: read_output(self._clients.s3, location) for location in locations}

    def _save_logs(self) -> None:
        # After a crash of MiniStack there is nothing to save, and the crash is the news.
        with suppress(BotoCoreError, ClientError):
            logs.save_function_logs(self._clients.logs, self._settings.logs)


def _show_problems(problems: list[str]) -> None:
    for problem in problems[:_PROBLEMS_SHOWN]:
        print(f"wrong: {problem}", file=sys.stderr)
    if len(problems) > _PROBLEMS_SHOWN:
        print(f"wrong: {len(problems) - _PROBLEMS_SHOWN} more of this kind", file=sys.stderr)


def _show_trouble(settings: StackSettings) -> None:
    for line in logs.trouble(settings.logs):
        print(f"log: {line}", file=sys.stderr)
    print(f"All logs are in {settings.logs}", file=sys.stderr)
