"""A stack of its own, many uploads, and an account: what demo, chaos and soak have in common."""

import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.console.progress import Progress
from local.errors import LocalStackError
from local.functions import logs
from local.load.account import Account
from local.load.inputs import Input
from local.load.results import Result, parked_ids, queue_depths, read_outputs, receive_results
from local.load.tally import Tally
from local.load.uploads import Uploader, Window
from local.machine.interruption import Interrupted
from local.stack.clients import Clients
from local.stack.emulator import read_counters
from local.stack.settings import StackSettings
from local.stack.stack import Stack, stack_beside
from local.stack.up import Narrator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PAUSE_SECONDS = 0.1
_PROBLEMS_SHOWN = 20

# Where a message would lie that could still become a second result.
_ON_THE_WAY = ("SubmitQueue", "NotificationQueue")


class Trial:
    """A stack, and what a run does on it. `outputs` are the deployed stack's."""

    def __init__(self, settings: StackSettings, report: Narrator) -> None:
        self.settings = settings
        self.report = report
        self.stack = Stack(settings)
        self.outputs: Mapping[str, str] = {}
        self._progress = Progress()

    @cached_property
    def clients(self) -> Clients:
        """Root's, whose key is made when the stack starts."""
        return Clients(self.settings)

    def show(self, text: str) -> None:
        """How far it is, on a line that the next one replaces."""
        self._progress.show(f"{self.report.seconds:6.1f} s  {text}")

    def done(self, text: str) -> None:
        self._progress.done(f"{self.report.seconds:6.1f} s  {text}")

    def exchange(
        self,
        uploads: Mapping[str, Input],
        tally: Tally,
        silence_seconds: float,
        meanwhile: Callable[[], str] = lambda: "",
    ) -> None:
        """Uploads and receives at the same time, as a producer and a consumer would.

        Goes on until every upload has its result, or no result came for so long. `meanwhile` is
        called several times a second and may say more on how far it is; what it raises ends it.
        """
        bucket = self.outputs["DataBucketName"]
        last = time.monotonic()
        with Uploader(self.clients.s3, bucket, uploads, Window()) as uploader:
            while tally.missing and time.monotonic() - last < silence_seconds:
                before = last
                uploader.fill()
                for result in receive_results(self.clients.sqs, self.outputs):
                    tally.take(result)
                    uploader.arrived(result.subject)
                    uploader.fill()
                    last = time.monotonic()
                self.stack.check()
                more = meanwhile()
                self.show(f"{uploader.started:,} uploaded, {len(tally.first):,} results{more}")
                if last == before:
                    time.sleep(_PAUSE_SECONDS)
        self.done(f"{uploader.started:,} uploaded, {len(tally.first):,} results received")

    def settle(
        self, tally: Tally, seconds: float, meanwhile: Callable[[], object] = lambda: None
    ) -> list[str]:
        """Waits until nothing is left that could become another result; returns what still is."""

        def wait(found: list[str]) -> None:
            self.stack.check()
            meanwhile()
            self.show(", ".join(found))

        found = wait_until_settled(self._unsettled, seconds, wait)
        for result in receive_results(self.clients.sqs, self.outputs):
            tally.take(result)
        self.done(", ".join(found) or "nothing is on its way any more")
        return found

    def account(
        self,
        uploads: Mapping[str, Input],
        tally: Tally,
        unsettled: list[str],
        *,
        outputs_read: int | None = None,
        explained: Callable[[Result], bool] = lambda result: False,
        poison: Mapping[str, Collection[str]] | None = None,
    ) -> Account:
        """Reads outputs, about `outputs_read` of them or all, queues and logs."""
        every = max(1, len(uploads) // outputs_read) if outputs_read else 1
        outputs = read_outputs(self.clients.s3, list(tally.first.values())[::every])
        depths = queue_depths(self.clients)
        parked = {
            name: parked_ids(self.clients.sqs, self.outputs[f"{name}Url"]) for name in poison or {}
        }
        self.save_logs()
        denials = logs.denials(self.settings.logs)
        return Account(
            uploads,
            tally,
            outputs,
            depths,
            unsettled,
            denials,
            explained,
            poison=poison or {},
            parked_poison=parked,
        )

    def save_logs(self) -> None:
        # After a crash of MiniStack there is nothing to save, and the crash is the news.
        with suppress(BotoCoreError, ClientError, LocalStackError):
            logs.save_function_logs(self.clients.logs, self.settings.logs)

    def _unsettled(self) -> list[str]:
        depths = queue_depths(self.clients)
        counters = read_counters(self.settings)
        found = {
            **{f"messages on {name}": depths[name] for name in _ON_THE_WAY},
            "requests at the endpoint": counters["backlog"] + counters["in_flight"],
            "attempts open in the ledger": _open_attempts(
                self.clients.dynamodb, self.outputs["LedgerTableName"]
            ),
        }
        return [f"{number} {what}" for what, number in found.items() if number]


def run_beside(
    settings: StackSettings,
    name: str,
    course: Callable[[Trial], tuple[Account, str]],
    report: Narrator,
) -> int:
    """Runs a course, which returns its account and last line, beside any stack that is up.

    Returns the exit code: 0 when every upload had exactly one result, and the correct one.
    """
    with stack_beside(settings, name) as own:
        trial = Trial(own, report)
        try:
            account, summary = course(trial)
        except BaseException as error:
            trial.save_logs()
            if not isinstance(error, Interrupted):
                _show_trouble(own)
            raise
    problems = account.problems()
    for problem in problems[:_PROBLEMS_SHOWN]:
        print(f"wrong: {problem}", file=sys.stderr)
    if problems:
        print(f"{len(problems)} things are wrong", file=sys.stderr)
        _show_trouble(own)
    print(summary, flush=True)
    return 1 if problems else 0


def wait_until_settled(
    pending: Callable[[], list[str]], seconds: float, meanwhile: Callable[[list[str]], None]
) -> list[str]:
    """Waits until nothing is pending, at most so long; returns what still is."""
    deadline = time.monotonic() + seconds
    while (found := pending()) and time.monotonic() < deadline:
        meanwhile(found)
        time.sleep(1)
    return found


def _open_attempts(dynamodb: "DynamoDBClient", table: str) -> int:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        Select="COUNT",
        FilterExpression="#state = :open",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":open": {"S": "OPEN"}},
    )
    return sum(page["Count"] for page in pages)


def _show_trouble(settings: StackSettings) -> None:
    for line in logs.trouble(settings.logs):
        print(f"log: {line}", file=sys.stderr)
    print(f"All logs are in {settings.logs}", file=sys.stderr)
