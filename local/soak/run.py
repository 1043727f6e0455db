"""The course of a soak: deploy as it is, upload much, measure all the way."""

import time
from collections.abc import Sequence

from local.load.account import Account
from local.load.rows import many_inputs
from local.load.tally import Tally
from local.load.trial import Trial, run_beside
from local.load.usage import read_usage
from local.soak.measure import Rates, Sample, describe, describe_processor_time
from local.stack.settings import StackSettings
from local.stack.up import Narrator, bring_up, train_model

_SILENCE_SECONDS = 120.0
_SETTLE_SECONDS = 60.0
_SAMPLES = 20
_OUTPUTS_READ = 200


def run(settings: StackSettings, count: int) -> int:
    """Returns the exit code: 0 when every upload had exactly one result, and the correct one."""
    return run_beside(settings, "soak", lambda trial: _soak(trial, count), Narrator())


def summary(account: Account, rates: Rates, samples: Sequence[Sample]) -> str:
    """The last line of the command. Memory is that of all parts, at the first tenth (when all
    have started) and at the end."""
    first = samples[min(len(samples) - 1, max(1, len(samples) // 10))].resident_mebibytes
    return account.summary(
        "soak",
        seconds=round(samples[-1].seconds),
        first=f"{rates.first:.1f}/s",
        last=f"{rates.last:.1f}/s",
        memory=f"{first}MiB..{samples[-1].resident_mebibytes}MiB",
    )


def _soak(trial: Trial, count: int) -> tuple[Account, str]:
    model = train_model(trial.settings)
    trial.outputs = bring_up(trial.settings, model, trial.report)
    uploads = many_inputs(model, trial.outputs["DataBucketName"], count)
    tally = Tally(uploads)
    arrivals: list[float] = []  # of each result, in seconds since the first upload
    begun = time.monotonic()
    samples = [Sample(0.0, 0, read_usage(trial.settings))]

    def meanwhile() -> str:
        done, seconds = len(tally.first), time.monotonic() - begun
        arrivals.extend([seconds] * (done - len(arrivals)))
        if done * _SAMPLES // count > samples[-1].results * _SAMPLES // count:
            samples.append(Sample(seconds, done, read_usage(trial.settings)))
        return ""

    trial.exchange(uploads, tally, _SILENCE_SECONDS, meanwhile)
    pending = trial.settle(tally, _SETTLE_SECONDS)
    account = trial.account(uploads, tally, pending, outputs_read=_OUTPUTS_READ)
    print(f"\n{describe(samples)}\n\n{describe_processor_time(samples)}\n")
    return account, summary(account, Rates.of(arrivals), samples)
