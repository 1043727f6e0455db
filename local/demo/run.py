"""The course of the demo: bring up, upload, receive, check, report, stop."""

from collections.abc import Callable
from itertools import islice

from local.demo.early import upload_before_service
from local.demo.inputs import deleted_input, early_input, refused_inputs, too_long_input
from local.demo.operate import operate
from local.demo.report import describe, directions
from local.load.account import Account
from local.load.inputs import row_inputs
from local.load.rows import held_out_rows
from local.load.tally import Tally
from local.load.trial import Trial, run_beside
from local.stack.settings import StackSettings
from local.stack.up import Narrator, bring_up, train_model

_ROWS = 200
_REFUSED = 5

# Longer than the longest delay after which a request that came too early is tried again.
_SILENCE_SECONDS = 90.0
_SETTLE_SECONDS = 60.0


def run(settings: StackSettings) -> int:
    """Runs the demo on free ports in its own directory, so a stack that is up stays as it is."""
    return run_beside(settings, "demo", _demonstrate, Narrator())


def _demonstrate(trial: Trial) -> tuple[Account, str]:
    model = train_model(trial.settings)
    rows = iter(held_out_rows(model))
    first = next(rows)
    early, deleted = early_input(first), deleted_input(first)
    later = [
        *row_inputs(islice(rows, _ROWS)),
        *refused_inputs(_REFUSED),
        too_long_input(first),
    ]

    def upload_early(check: Callable[[], None]) -> None:
        upload_before_service(trial.clients, early, deleted, check)
        trial.report("two inputs uploaded before the endpoint is in service, one deleted again")

    trial.outputs = bring_up(trial.settings, model, trial.report, upload_early)
    bucket = trial.outputs["DataBucketName"]
    uploads = {f"s3://{bucket}/{item.key}": item for item in (early, deleted, *later)}
    tally = Tally(uploads)
    remaining = {uri: item for uri, item in uploads.items() if item in later}
    trial.exchange(remaining, tally, _SILENCE_SECONDS)
    account = trial.account(uploads, tally, trial.settle(tally, _SETTLE_SECONDS))
    print(describe(account))
    for text in operate(trial.settings):
        print(text)
    print(directions(trial.settings))
    return account, summary(account, trial.report.seconds)


def summary(account: Account, seconds: float) -> str:
    """The last line of the command."""
    tally = account.tally
    counts = " ".join(f"{o}={tally.outcomes[o]}" for o in ("completed", "failed", "rejected"))
    return (
        f"demo: uploaded={len(account.uploads)} {counts} lost={len(tally.lost)} "
        f"duplicated={len(tally.doubled)} seconds={seconds:.0f}"
    )
