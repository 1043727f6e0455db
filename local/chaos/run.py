"""The course of chaos: deploy with short times, let everything go wrong, hold it to account."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local.chaos.accounts import Account
from local.chaos.announcements import Announcements
from local.chaos.schedule import Schedule
from local.chaos.workers import Killer
from local.console.progress import Progress
from local.console.table import table
from local.demo.inputs import Input
from local.demo.results import Inbox, queue_depths
from local.functions import logs
from local.load.emulator import read_counters, set_faults
from local.load.exchange import exchange, read_outputs, unsettled, wait_until_settled
from local.load.metrics import count_metrics
from local.load.rows import many_inputs
from local.load.tally import Tally
from local.load.uploads import Uploader, Window
from local.stack.clients import Clients
from local.stack.settings import StackSettings
from local.stack.stack import Stack, stack_beside
from local.stack.up import Narrator, bring_up, train_model

# What the template's parameters allow. An attempt is overdue after 70 s.
_SHORT_TIMES = {
    "RequestTtlSeconds": "60",
    "InvocationTimeoutSeconds": "5",
    "OverdueSlackSeconds": "5",
    "ReconcileSchedule": "rate(1 minute)",
    "RetryDelaySeconds": "2",
}
# The batch of a killed worker comes back after 270 s, and may meet the next kill.
_SILENCE_SECONDS = 600.0
_SETTLE_SECONDS = 600.0
_PROBLEMS_SHOWN = 20
_DEAD_LETTERS = "DeadLetterQueue"

FUNCTIONS = {"submit": "SubmitFunctionName", "route": "RouteFunctionName"}


@dataclass(frozen=True, slots=True)
class Options:
    """`kill` names functions, of FUNCTIONS."""

    uploads: int
    seed: int
    kill: Sequence[str]


def run(settings: StackSettings, options: Options) -> int:
    """Returns the exit code: 0 when every upload had exactly one result, and nothing was parked."""
    tell = Narrator()
    tell(f"chaos with seed {options.seed}: {options.uploads:,} uploads")
    with stack_beside(settings, "chaos") as own:
        chaos = _Chaos(own, options, tell)
        account = chaos.run()
    problems = account.problems()
    for problem in problems[:_PROBLEMS_SHOWN]:
        print(f"wrong: {problem}", file=sys.stderr)
    if problems:
        print(
            f"{len(problems)} things are wrong (seed {options.seed}). All logs are in {own.logs}",
            file=sys.stderr,
        )
    print(account.summary(), flush=True)
    return 1 if problems else 0


class _Chaos:
    def __init__(self, settings: StackSettings, options: Options, tell: Narrator) -> None:
        self._settings = settings
        self._options = options
        self._tell = tell
        self._schedule = Schedule(options.seed)
        self._clients = Clients(settings)
        self._stack = Stack(settings)
        self._progress = Progress()

    def run(self) -> Account:
        model = train_model(self._settings)
        deployed = bring_up(self._settings, model, self._tell, parameters=_SHORT_TIMES)
        uploads = many_inputs(model, deployed["DataBucketName"], self._options.uploads)
        tally = Tally(uploads)
        try:
            pending = self._strike(deployed, uploads, tally)
            outputs = read_outputs(self._clients.s3, list(tally.first.values()))
            depths = queue_depths(self._clients)
        finally:
            self._save_logs()
        return Account(
            uploads,
            tally,
            outputs,
            counted=count_metrics(self._settings.logs, ("submit", "route", "reconcile")),
            parked={name: n for name, n in depths.items() if n and _DEAD_LETTERS in name},
            unsettled=pending,
            denials=logs.denials(self._settings.logs),
        )

    def _strike(
        self, deployed: Mapping[str, str], uploads: Mapping[str, Input], tally: Tally
    ) -> list[str]:
        """Uploads, receives and breaks things; returns what has not come to rest."""
        clients, bucket = self._clients, deployed["DataBucketName"]
        announcements = Announcements(
            clients.sqs, deployed["SubmitQueueUrl"], self._schedule.second_announcement
        )
        announcements.listen(clients.s3, bucket)
        set_faults(self._settings, self._schedule.faults())
        self._tell("from now on, things go wrong")
        victims = [deployed[FUNCTIONS[name]] for name in self._options.kill]
        killer = Killer(self._settings, victims, self._schedule.kills())
        inbox = Inbox(clients.sqs, deployed["CompletedQueueUrl"], deployed["FailedQueueUrl"])

        def meanwhile() -> None:
            self._stack.check()
            announcements.repeat()
            killer.strike()
            self._show(tally, uploader, killer)

        with Uploader(clients.s3, bucket, uploads, Window()) as uploader:
            exchange(uploader, inbox, tally, _SILENCE_SECONDS, meanwhile)
        self._progress.done(
            f"{self._tell.seconds:6.1f} s  {len(tally.first):,} uploads have a result; "
            "waiting until nothing is left that could become a second one"
        )
        pending = wait_until_settled(
            lambda: unsettled(clients, self._settings, deployed["LedgerTableName"]),
            _SETTLE_SECONDS,
            lambda found: self._wait(found, announcements),
        )
        for result in inbox.receive():
            tally.take(result)
        self._progress.done(
            f"{self._tell.seconds:6.1f} s  " + (", ".join(pending) or "all is quiet")
        )
        self._tell_injected(announcements.repeated, killer.killed, tally)
        return pending

    def _wait(self, found: Sequence[str], announcements: Announcements) -> None:
        self._stack.check()
        announcements.repeat()
        self._progress.show(f"          {', '.join(found)}")

    def _show(self, tally: Tally, uploader: Uploader, killer: Killer) -> None:
        self._progress.show(
            f"          {uploader.started:,} uploaded, {len(tally.first):,} results, "
            f"{killer.killed} workers killed"
        )

    def _tell_injected(self, announced_twice: int, killed: int, tally: Tally) -> None:
        counters = read_counters(self._settings)
        rows = {
            "uploads announced twice": announced_twice,
            "workers killed": killed,
            "calls throttled": counters["throttled"],
            "notifications lost": counters["notifications_lost"],
            "notifications doubled": counters["notifications_duplicated"],
            "notifications delayed": counters["notifications_delayed"],
            "inferences": counters["invocations"],
            "inferences failed": counters["failed"],
            **{f"results: {outcome}": n for outcome, n in sorted(tally.outcomes.items())},
        }
        lines = table(("what happened", "times"), [(what, f"{n:,}") for what, n in rows.items()])
        print(f"\n{lines}\n")

    def _save_logs(self) -> None:
        # After a crash of MiniStack there is nothing to save, and the crash is the news.
        with suppress(BotoCoreError, ClientError):
            logs.save_function_logs(self._clients.logs, self._settings.logs)
