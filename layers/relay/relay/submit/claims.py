"""Claiming: which jobs are ours to submit now, and what becomes of a claim afterwards.

A claim that comes before the invocation means that a quick model's notification finds its attempt.
One that is released when the endpoint refuses means that the redelivery starts afresh; one left
behind by a crash is taken over by the redelivery of the same message, and by nothing else. What was
taken over may have been invoked before, so it is never released: its notification may come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from relay.dispositions import Disposition, Duplicate, Submitted, TryAgain
from relay.errors import RelayError
from relay.ids import attempt_id
from relay.model import Attempt, AttemptState, Closing, Job
from relay.ports import Clock, Ledger
from relay.report import Level, Report


class Claiming:
    """Claims of jobs in the ledger, from first to last."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def claim(self, chunk: Sequence[Job]) -> tuple[list[Job], list[Disposition]]:
        """Return the jobs that are ours to do now, and what becomes of the others."""
        try:
            rightful, others = succeed(chunk, self._ledger, self._clock.now())
            claims = self._ledger.claim([job.attempt for job in rightful])
        except RelayError as unavailable:
            return [], [TryAgain(job, unavailable, claim_kept=True) for job in chunk]
        ours: list[Job] = []
        left_behind: list[Job] = []
        for job in rightful:
            existing = claims.existing.get(job.attempt.id)
            problem = claims.unavailable.get(job.attempt.id)
            if problem is not None:
                others.append(TryAgain(job, problem, claim_kept=True))
            elif existing is None:
                ours.append(job)
            elif _left_behind(existing, job):
                left_behind.append(replace(job, taken_over=True))
            else:
                others.append(duplicate(job))
        failures = self._ledger.renew([job.attempt for job in left_behind]) if left_behind else {}
        for job in left_behind:
            problem = failures.get(job.attempt.id)
            if problem is None:
                ours.append(job)
            else:
                others.append(TryAgain(job, problem, claim_kept=True))
        return ours, others

    def release(self, refused: Sequence[TryAgain]) -> list[TryAgain]:
        """Release claims, so that the next delivery starts afresh. Those that fail are kept."""
        attempts = [each.job.attempt for each in refused]
        failures = self._ledger.release(attempts) if attempts else {}
        return [
            replace(each, claim_kept=failure is not None, failure=failure)
            for each in refused
            for failure in (failures.get(each.job.attempt.id),)
        ]

    def settle(self, dispositions: Iterable[Disposition], report: Report) -> None:
        """Keep submitted jobs from being submitted again by a message that comes back.

        Only a message with several requests of which some must wait needs it.
        """
        attempts = [
            replace(each.job.attempt, claimed_by="")
            for each in dispositions
            if isinstance(each, Submitted) and each.job.delivery.message_id in report.returned
        ]
        for inference_id, error in (self._ledger.renew(attempts) if attempts else {}).items():
            text = "may be inferred twice"
            report.note(Level.WARNING, text, inference_id=inference_id, error=error)


def duplicate(job: Job) -> Duplicate:
    return Duplicate(job.delivery, job.attempt.id, job.request.id)


def _left_behind(existing: Attempt, job: Job) -> bool:
    """Whether an earlier delivery of the same message crashed between claim and answer."""
    return existing.state is AttemptState.OPEN and existing.claimed_by == job.attempt.claimed_by


# Succession: a further attempt follows only one that is closed as RETRIED. Route sends the retry
# first and closes the attempt after it. A crash in between leaves the attempt open, and another
# notification of it may yet end in a result. So submitting the next attempt closes the last one
# first; and where a result went out already, there is nothing left to submit.


def succeed(
    jobs: Sequence[Job], ledger: Ledger, now: datetime
) -> tuple[Sequence[Job], list[Disposition]]:
    """Close the last attempts of jobs. Return the jobs to submit, and what becomes of the others.

    Raises:
        RelayError: the ledger cannot be read.
    """
    last = {job.attempt.id: _last_id(job) for job in jobs if job.attempt.number > 1}
    if not last:
        return jobs, []
    closings = [
        Closing(replace(job.attempt, id=last[job.attempt.id]), AttemptState.RETRIED, now)
        for job in jobs
        if job.attempt.id in last
    ]
    unclosed = ledger.close(closings)
    known = ledger.look_up(list(last.values()))
    rightful: list[Job] = []
    others: list[Disposition] = []
    for job in jobs:
        last_id = last.get(job.attempt.id, "")
        if last_id in unclosed:
            others.append(TryAgain(job, unclosed[last_id], claim_kept=True))
        elif last_id in known and known[last_id].state is not AttemptState.RETRIED:
            others.append(duplicate(job))
        else:
            rightful.append(job)
    return rightful, others


def _last_id(job: Job) -> str:
    return attempt_id(job.request.id, job.attempt.number - 1)
