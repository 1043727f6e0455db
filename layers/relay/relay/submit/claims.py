"""Claims: which jobs this invocation submits, and what happens to each claim afterwards.

The claim comes before the call, so that the notification of a fast model finds its attempt. When
the endpoint refuses the call, the claim is released and the redelivery starts again. A claim that a
crash leaves behind can be taken over by a redelivery of the same message, and by no other. So of
several messages that bring the same request, the claimant submits it, in whatever order they come.
A claim that was taken over is never released: the call may have been made before the crash.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from relay.delivery.dispositions import Broken, Disposition, Duplicate, Submitted, TryAgain
from relay.delivery.isolation import answers
from relay.delivery.report import Level, Report
from relay.errors import RelayError, UnexpectedError
from relay.ids import attempt_id
from relay.model import Attempt, AttemptState, Closing, Job
from relay.ports import Clock, Ledger


class Claiming:
    """The claims of jobs in the ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def claim(self, chunk: Sequence[Job]) -> tuple[list[Job], list[Disposition]]:
        """Claim jobs. Return the claimed jobs, and the dispositions of the others.

        Jobs of different messages may have the same attempt. The first one claims it for all of
        them, unless the claim of another one is in the ledger.
        """
        due, others = succeed(chunk, self._ledger, self._clock.now())
        first = _first_by_id(due)
        claims = self._ledger.claim([job.attempt for job in first.values()])
        claimed: list[Job] = []
        left_behind: list[Job] = []
        for job in due:
            existing = claims.existing.get(job.attempt.id)
            problem = claims.unavailable.get(job.attempt.id)
            if problem is not None:
                others.append(unclaimed(job, problem))
            elif existing is None and job is first[job.attempt.id]:
                claimed.append(job)
            elif existing is not None and _left_behind(existing, job):
                left_behind.append(replace(job, taken_over=True))
            else:
                others.append(duplicate(job, existing))
        renewed = [job.attempt for job in left_behind]
        failures = answers(self._ledger.renew, renewed, attrgetter("id"))
        for job in left_behind:
            problem = failures.get(job.attempt.id)
            if problem is None:
                claimed.append(job)
            else:
                others.append(unclaimed(job, problem))
        return claimed, others

    def release(self, refused: Sequence[TryAgain]) -> list[TryAgain]:
        """Release claims, so that the next delivery starts again. On failure a claim is kept."""
        attempts = [each.job.attempt for each in refused]
        failures = answers(self._ledger.release, attempts, attrgetter("id"))
        return [
            replace(each, claim_kept=failure is not None, failure=failure)
            for each in refused
            for failure in (failures.get(each.job.attempt.id),)
        ]

    def put_off(self, jobs: Sequence[Job]) -> list[Disposition]:
        """Return the dispositions of jobs that this invocation does not start.

        An earlier invocation of a direct call may have crashed with the claims of its jobs. No
        message on the queue could take them over, so these jobs wait for another repetition.
        """
        direct = [job.attempt.id for job in jobs if not job.delivery.queued]
        known = self._ledger.look_up(direct) if direct else {}
        return [_unstarted(job, known.get(job.attempt.id)) for job in jobs]

    def settle(self, dispositions: Iterable[Disposition], report: Report) -> None:
        """Prevent a returned message from taking over the claims of its submitted jobs.

        Only a message with several requests can have both submitted and waiting jobs. A direct
        invocation is repeated as a whole, with all of its messages.
        """
        repeated = any(not delivery.queued for delivery in report.returned.values())
        attempts = [
            replace(each.job.attempt, claimed_by="")
            for each in dispositions
            if isinstance(each, Submitted)
            and (repeated or each.job.delivery.message_id in report.returned)
        ]
        failures = answers(self._ledger.renew, attempts, attrgetter("id"))
        for inference_id, error in failures.items():
            text = "request may be inferred twice"
            report.note(Level.WARNING, text, inference_id=inference_id, error=error)


def duplicate(job: Job, existing: Attempt | None = None) -> Duplicate:
    request = job.request
    return Duplicate(job.delivery, job.attempt.id, request.id, existing, request.number)


def broken(job: Job, error: UnexpectedError) -> Broken:
    return Broken(job.delivery, error, job.attempt.id)


def unclaimed(job: Job, error: RelayError) -> Disposition:
    if isinstance(error, UnexpectedError):
        return broken(job, error)
    return TryAgain(job, error, claim_kept=True)


def _unstarted(job: Job, existing: Attempt | RelayError | None) -> Disposition:
    if existing is None:
        return TryAgain(job)
    if isinstance(existing, RelayError):
        return unclaimed(job, existing)
    if _left_behind(existing, job):
        return TryAgain(job, claim_kept=True)
    return duplicate(job, existing)


def _first_by_id(jobs: Iterable[Job]) -> dict[str, Job]:
    first: dict[str, Job] = {}
    for job in jobs:
        first.setdefault(job.attempt.id, job)
    return first


def _left_behind(existing: Attempt, job: Job) -> bool:
    """Whether an earlier delivery of the same message crashed between claim and answer."""
    return existing.state is AttemptState.OPEN and existing.claimed_by == job.attempt.claimed_by


# Succession: an attempt may only follow one that is closed as RETRIED. Route sends the retry first
# and closes the failed attempt afterwards. A crash in between leaves the failed attempt open, and
# another notification of it may still end in a result. So submit closes the previous attempt before
# it claims the next one. It drops the retry if the request has a result already, also if only some
# of the targets have it: the notification of that result waits for the others.


def succeed(
    jobs: Sequence[Job], ledger: Ledger, now: datetime
) -> tuple[Sequence[Job], list[Disposition]]:
    """Close previous attempts. Return the jobs to submit, and the dispositions of the others."""
    last = {job.attempt.id: _last_id(job) for job in jobs if job.attempt.number > 1}
    if not last:
        return jobs, []
    known = dict(ledger.look_up(list(last.values())))
    closings = {
        before.id: Closing(before, AttemptState.RETRIED, now)
        for before in known.values()
        if isinstance(before, Attempt) and before.state is AttemptState.OPEN and not _begun(before)
    }
    unclosed = answers(ledger.close, [*closings.values()], lambda closing: closing.attempt.id)
    if closings:  # another function may have been faster
        known |= ledger.look_up(list(closings))
    due: list[Job] = []
    others: list[Disposition] = []
    for job in jobs:
        last_id = last.get(job.attempt.id, "")
        before = known.get(last_id)
        if last_id in unclosed:
            others.append(unclaimed(job, unclosed[last_id]))
        elif isinstance(before, RelayError):
            others.append(unclaimed(job, before))
        elif before is not None and before.state is not AttemptState.RETRIED:
            others.append(duplicate(job))
        else:
            due.append(job)
    return due, others


def _begun(attempt: Attempt) -> bool:
    """Whether a target has the attempt's result."""
    return attempt.held is not None and bool(attempt.held.delivered)


def _last_id(job: Job) -> str:
    return attempt_id(job.request.id, job.attempt.number - 1)
