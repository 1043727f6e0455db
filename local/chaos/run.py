"""The course of chaos: deploy with short times, let everything go wrong, hold it to account."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from local.chaos.announcements import Announcements
from local.chaos.hangs import Windows, hang, hanging_places, silencer, silences
from local.chaos.poison import Poisoner
from local.chaos.restarts import Restarter
from local.chaos.schedule import Schedule
from local.chaos.workers import Killer
from local.console.table import table
from local.load.account import Account
from local.load.metrics import count_metrics
from local.load.results import Result
from local.load.rows import many_inputs
from local.load.tally import Tally
from local.load.trial import Trial, run_beside
from local.stack.settings import StackSettings
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
_UPLOADS_WITH_RESTARTS = 500
# What a killed route had sent and not marked comes back after 271 s. If its repeat hung as well, or
# the first message had been a repeat, more than the five minutes would pass in which a FIFO queue
# recognises it. So nothing hangs any more when kills begin, and what hung has been repeated.
_HANGS_UNTIL_SECONDS = 90.0
_KILLS_FROM_SECONDS = 180.0
# Every attempt met the injected error: rare, and rightly reported as failed.
_INJECTED = re.compile(r"Received server error \(500\)")

FUNCTIONS = {"submit": "SubmitFunctionName", "route": "RouteFunctionName"}


@dataclass(frozen=True, slots=True)
class Options:
    """`kill` names functions, of FUNCTIONS."""

    uploads: int
    seed: int
    kill: Sequence[str]


def run(settings: StackSettings, options: Options) -> int:
    """Returns the exit code: 0 when every upload had exactly one result, and only poison was
    parked."""
    report = Narrator()
    report(f"chaos with seed {options.seed}: {options.uploads:,} uploads")
    return run_beside(settings, "chaos", lambda trial: _strike(trial, options), report)


def is_injected(result: Result) -> bool:
    """Whether what is injected explains that an upload has no completed result."""
    return result.outcome == "expired" or bool(_INJECTED.search(result.reason))


def summary(account: Account, counted: Mapping[str, int]) -> str:
    """The last line of the command. `counted` are the functions' metrics."""
    return account.summary(
        "chaos",
        recovered=counted.get("Recovered", 0),
        retried=counted.get("Retried", 0),
        expired=account.tally.outcomes["expired"],
        parked=sum(account.parked.values()),
    )


def _strike(trial: Trial, options: Options) -> tuple[Account, str]:
    """Uploads, receives and breaks things."""
    model = train_model(trial.settings)
    trial.outputs = bring_up(trial.settings, model, trial.report, parameters=_SHORT_TIMES)
    outputs, clients = trial.outputs, trial.clients
    uploads = many_inputs(model, outputs["DataBucketName"], options.uploads)
    tally = Tally(uploads)
    schedule = Schedule(options.seed)
    announcements = Announcements(
        clients.sqs, outputs["SubmitQueueUrl"], schedule.second_announcement
    )
    announcements.listen(clients.s3, outputs["DataBucketName"])
    silence = Windows(silencer(trial.settings, schedule), silences(schedule), schedule.silences())
    trial.report("from now on, things go wrong")
    victims = [outputs[FUNCTIONS[name]] for name in options.kill]
    killer = Killer(trial.settings, victims, schedule.kills())
    hanging = Windows(partial(hang, trial.settings), hanging_places(outputs), schedule.hangs())
    poisoner = Poisoner(clients.sqs, outputs, schedule.poison())
    restarter = Restarter(
        trial.settings,
        clients.sagemaker,
        outputs["EndpointName"],
        schedule.faults(),
        restarts(options.uploads),
    )

    began = time.monotonic()

    def meanwhile() -> str:
        seconds = time.monotonic() - began
        announcements.repeat()
        for windows in (hanging, silence):
            if seconds < _HANGS_UNTIL_SECONDS:
                windows.strike()
            else:
                windows.stop()
        if seconds >= _KILLS_FROM_SECONDS:
            killer.strike()
        poisoner.strike()
        restarter.strike(len(tally.first))
        return f", {killer.killed} workers killed"

    trial.exchange(uploads, tally, _SILENCE_SECONDS, meanwhile)
    hanging.stop()
    silence.stop()
    trial.report("waiting until nothing is left that could become a second result")
    pending = trial.settle(tally, _SETTLE_SECONDS, announcements.repeat)
    happened = {
        "uploads announced twice": announcements.repeated,
        "workers killed": killer.killed,
        "windows in which a service hung": hanging.windows,
        "windows in which the endpoint did not answer some calls": silence.windows,
        "poisoned messages": sum(map(len, poisoner.sent.values())),
        "endpoint emulator killed": restarter.restarts,
    }
    print(f"\n{injected(happened, restarter.counters(), tally)}\n")
    account = trial.account(uploads, tally, pending, explained=is_injected, poison=poisoner.sent)
    counted = count_metrics(trial.settings.logs, ("submit", "route", "reconcile"))
    return account, summary(account, counted)


def restarts(uploads: int) -> tuple[int, ...]:
    """After how many results the endpoint emulator is killed; in a short run not at all."""
    return (uploads // 3, uploads * 2 // 3) if uploads >= _UPLOADS_WITH_RESTARTS else ()


def injected(happened: Mapping[str, int], counters: Mapping[str, int], tally: Tally) -> str:
    """Return a table of what happened. `counters` are the emulator's."""
    rows = {
        **happened,
        "calls throttled": counters["throttled"],
        "calls that the endpoint did not take or answer": counters["hung"],
        "calls that the endpoint took and did not answer": counters["answers_lost"],
        "notifications lost": counters["notifications_lost"],
        "notifications doubled": counters["notifications_duplicated"],
        "notifications delayed": counters["notifications_delayed"],
        "inferences": counters["invocations"],
        "inferences failed": counters["failed"],
        **{f"results: {outcome}": n for outcome, n in sorted(tally.outcomes.items())},
    }
    return table(("what happened", "times"), [(what, f"{n:,}") for what, n in rows.items()])
