"""Succession: a further attempt follows only one that is closed as RETRIED.

Route sends the retry first and closes the attempt after it. A crash in between leaves the attempt
open, and another notification of it may yet end in a result. So whoever submits the next attempt
closes the last one before; and where a result went out already, there is nothing left to submit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relay.attempts import Job
from relay.errors import RelayError
from relay.ids import attempt_id
from relay.model import AttemptState, Closing
from relay.ports import Ledger


@dataclass(frozen=True, slots=True)
class Successors:
    """What to do with jobs: submit them, drop those that come too late, or come back to them."""

    rightful: Sequence[Job]
    late: Sequence[Job]
    unsettled: Sequence[tuple[Job, RelayError]]


def succeed(jobs: Sequence[Job], ledger: Ledger, now: datetime) -> Successors:
    """Closes the last attempts before the ones that are to be submitted."""
    last = {job.attempt.id: _last_id(job) for job in jobs if job.attempt.number > 1}
    if not last:
        return Successors(jobs, (), ())
    closings = [
        Closing(replace(job.attempt, id=last[job.attempt.id]), AttemptState.RETRIED, now)
        for job in jobs
        if job.attempt.id in last
    ]
    unclosed = ledger.close(closings)
    known = ledger.look_up(list(last.values()))
    rightful, late, unsettled = [], [], []
    for job in jobs:
        last_id = last.get(job.attempt.id, "")
        if last_id in unclosed:
            unsettled.append((job, unclosed[last_id]))
        elif last_id in known and known[last_id].state is not AttemptState.RETRIED:
            late.append(job)
        else:
            rightful.append(job)
    return Successors(rightful, late, unsettled)


def _last_id(job: Job) -> str:
    return attempt_id(job.request.id, job.attempt.number - 1)
