"""The course of a soak: deploy as it is, upload much, measure all the way."""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local.console.progress import Progress
from local.demo.inputs import Input
from local.demo.results import Inbox, queue_depths
from local.functions import logs
from local.load.exchange import exchange, read_outputs, unsettled, wait_until_settled
from local.load.rows import many_inputs
from local.load.tally import Tally
from local.load.uploads import Uploader, Window
from local.load.usage import read_usage
from local.soak.accounts import Account
from local.soak.measure import Rates, Sample, describe, describe_processor_time
from local.stack.clients import Clients
from local.stack.settings import StackSettings
from local.stack.stack import Stack, stack_beside
from local.stack.up import Narrator, bring_up, train_model

_SILENCE_SECONDS = 120.0
_SETTLE_SECONDS = 60.0
_SAMPLES = 20
_OUTPUTS_READ = 200
_PROBLEMS_SHOWN = 20


def run(settings: StackSettings, count: int) -> int:
    """Returns the exit code: 0 when every upload had exactly one result, and the right one."""
    tell = Narrator()
    with stack_beside(settings, "soak") as own:
        account = _Soak(own, count, tell).run()
    problems = account.problems()
    for problem in problems[:_PROBLEMS_SHOWN]:
        print(f"wrong: {problem}", file=sys.stderr)
    if problems:
        print(f"{len(problems)} things are wrong. All logs are in {own.logs}", file=sys.stderr)
    print(account.summary(), flush=True)
    return 1 if problems else 0


@dataclass(slots=True)
class _Clock:
    """Seconds since the first upload."""

    started: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class _Soak:
    def __init__(self, settings: StackSettings, count: int, tell: Narrator) -> None:
        self._settings = settings
        self._count = count
        self._tell = tell
        self._clients = Clients(settings)
        self._stack = Stack(settings)
        self._progress = Progress()
        self._samples: list[Sample] = []
        self._arrivals: list[float] = []

    def run(self) -> Account:
        model = train_model(self._settings)
        deployed = bring_up(self._settings, model, self._tell)
        uploads = many_inputs(model, deployed["DataBucketName"], self._count)
        tally = Tally(uploads)
        try:
            pending = self._exchange(deployed, uploads, tally)
            some = list(tally.first.values())[:: max(1, self._count // _OUTPUTS_READ)]
            outputs = read_outputs(self._clients.s3, some)
            depths = queue_depths(self._clients)
        finally:
            self._save_logs()
        print(f"\n{describe(self._samples)}\n\n{describe_processor_time(self._samples)}\n")
        return Account(
            uploads,
            tally,
            outputs,
            Rates.of(self._arrivals),
            self._samples,
            parked={name: n for name, n in depths.items() if n and "DeadLetterQueue" in name},
            unsettled=pending,
        )

    def _exchange(
        self, deployed: Mapping[str, str], uploads: Mapping[str, Input], tally: Tally
    ) -> Sequence[str]:
        clients = self._clients
        inbox = Inbox(clients.sqs, deployed["CompletedQueueUrl"], deployed["FailedQueueUrl"])
        clock = _Clock(time.monotonic())
        self._sample(clock, tally)

        def meanwhile() -> None:
            self._stack.check()
            done = len(tally.first)
            self._arrivals += [clock.seconds] * (done - len(self._arrivals))
            if done * _SAMPLES // self._count > self._samples[-1].results * _SAMPLES // self._count:
                self._sample(clock, tally)
            self._progress.show(f"          {uploader.started:,} uploaded, {done:,} results")

        with Uploader(clients.s3, deployed["DataBucketName"], uploads, Window()) as uploader:
            exchange(uploader, inbox, tally, _SILENCE_SECONDS, meanwhile)
        self._progress.done(f"{self._tell.seconds:6.1f} s  {len(tally.first):,} results received")
        pending = wait_until_settled(
            lambda: unsettled(clients, self._settings, deployed["LedgerTableName"]),
            _SETTLE_SECONDS,
            lambda found: self._progress.show(f"          {', '.join(found)}"),
        )
        for result in inbox.receive():
            tally.take(result)
        return pending

    def _sample(self, clock: _Clock, tally: Tally) -> None:
        usage = read_usage(self._settings)
        self._samples.append(Sample(clock.seconds, len(tally.first), usage))

    def _save_logs(self) -> None:
        # After a crash of MiniStack there is nothing to save, and the crash is the news.
        with suppress(BotoCoreError, ClientError):
            logs.save_function_logs(self._clients.logs, self._settings.logs)
