"""Claiming: which jobs are ours to submit now, and what becomes of a claim afterwards.

A claim that comes before the invocation means that a quick model's notification finds its attempt.
One that is released when the endpoint refuses means that the redelivery starts afresh; one left
behind by a crash is taken over by the redelivery of the same message, and by nothing else. What was
taken over may have been invoked before, so it is never released: its notification may come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from relay.errors import AccessDenied, RelayError, TransientError
from relay.ids import attempt_id
from relay.model import Attempt, AttemptState, Closing
from relay.ports import Clock, Ledger
from relay.report import Answer, Count, Level, Report
from relay.submit.jobs import Job


class Claiming:
    """Claims of jobs in the ledger, from first to last."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def claim(self, chunk: Sequence[Job], report: Report) -> tuple[list[Job], list[Job]]:
        """The jobs that are ours to do now, and those whose claim must be tried again."""
        try:
            successors = succeed(chunk, self._ledger, self._clock.now())
            claims = self._ledger.claim([job.attempt for job in successors.rightful])
        except RelayError as unavailable:
            for job in chunk:
                put_off(job, unavailable, report)
            return [], same_again([(job, unavailable) for job in chunk], report)
        ours: list[Job] = []
        left_behind: list[Job] = []
        for job in successors.late:
            duplicate(job.attempt, report)
        for job, error in successors.unsettled:
            put_off(job, error, report)
        waiting = same_again(successors.unsettled, report)
        for job in successors.rightful:
            existing = claims.existing.get(job.attempt.id)
            problem = claims.unavailable.get(job.attempt.id)
            if problem is not None:
                put_off(job, problem, report)
                waiting += same_again([(job, problem)], report)
            elif existing is None:
                ours.append(job)
            elif _left_behind(existing, job):
                left_behind.append(job)
            else:
                duplicate(job.attempt, report)
        failures = self._ledger.renew([job.attempt for job in left_behind]) if left_behind else {}
        for job in left_behind:
            problem = failures.get(job.attempt.id)
            if problem is None:
                ours.append(replace(job, taken_over=True))
            else:
                put_off(job, problem, report)
                waiting += same_again([(job, problem)], report)
        return ours, waiting

    def release(self, jobs: Sequence[Job], report: Report) -> list[Job]:
        """Gives claims back, so that whoever comes next starts afresh."""
        failures = self._ledger.release([job.attempt for job in jobs]) if jobs else {}
        for inference_id, error in failures.items():
            report.note(
                Level.WARNING, "claim not released", inference_id=inference_id, error=str(error)
            )
        held = [(job, failures[job.attempt.id]) for job in jobs if job.attempt.id in failures]
        return [job for job in jobs if job.attempt.id not in failures] + same_again(held, report)

    def settle(self, accepted: Sequence[Job], report: Report) -> None:
        """Keeps what was submitted from being submitted again by a message that comes back.

        Only a message with several requests of which some must wait needs it.
        """
        attempts = [
            replace(job.attempt, claimed_by="")
            for job in accepted
            if job.delivery.message_id in report.returned
        ]
        for inference_id, error in (self._ledger.renew(attempts) if attempts else {}).items():
            report.note(
                Level.WARNING,
                "may be inferred twice",
                inference_id=inference_id,
                error=str(error),
            )


def _left_behind(existing: Attempt, job: Job) -> bool:
    """Whether an earlier delivery of the same message crashed between claim and answer."""
    return existing.state is AttemptState.OPEN and existing.claimed_by == job.attempt.claimed_by


def same_again(held: Sequence[tuple[Job, RelayError]], report: Report) -> list[Job]:
    """Jobs that are, or may be, still claimed: only the same delivery can take the claim over.

    A queue will bring it; an invocation that no queue holds must fail, so that it is repeated.
    """
    for job, error in held:
        if not job.delivery.queued:
            report.give_back(job.delivery)
            report.note(
                Level.ERROR, "must be repeated", request_id=job.request.id, error=str(error)
            )
    return [job for job, _ in held if job.delivery.queued]


def duplicate(attempt: Attempt, report: Report) -> None:
    report.count(Count.DUPLICATE)
    report.answers.append(Answer(attempt.request_id, "duplicate"))
    report.note(Level.INFO, "duplicate", inference_id=attempt.id, request_id=attempt.request_id)


def put_off(job: Job, error: RelayError, report: Report) -> None:
    report.count(Count.ACCESS_DENIED, isinstance(error, AccessDenied))
    passing = isinstance(error, TransientError) and not isinstance(error, AccessDenied)
    report.note(
        # What does not pass by itself needs somebody who sees it.
        Level.INFO if passing else Level.ERROR,
        "put off",
        inference_id=job.attempt.id,
        request_id=job.request.id,
        error=str(error),
    )


# Succession: a further attempt follows only one that is closed as RETRIED. Route sends the retry
# first and closes the attempt after it. A crash in between leaves the attempt open, and another
# notification of it may yet end in a result. So submitting the next attempt closes the last one
# first; and where a result went out already, there is nothing left to submit.


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
