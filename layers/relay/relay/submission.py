"""Submitting: every upload or call becomes one attempt at the endpoint.

Claim, then invoke. A claim that comes first means that a quick model's notification finds its
attempt; one that is released when the endpoint refuses means that the redelivery starts afresh;
one left behind by a crash is taken over by the redelivery of the same message, and by nothing else.
What was taken over may have been invoked before, so it is never released: its notification may
come.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from relay.attempts import Job, jobs
from relay.errors import (
    AccessDenied,
    EndpointNotReady,
    PermanentError,
    RelayError,
    TransientError,
    Unanswered,
)
from relay.limits import problems
from relay.model import (
    Attempt,
    AttemptState,
    Incoming,
    InferenceRequest,
    Outcome,
    OutgoingMessage,
)
from relay.notifications import own_notification
from relay.parking import Parking
from relay.ports import Accepted, Clock, Endpoint, Inbox, Ledger, Outbox, Submission
from relay.report import Answer, Count, Level, Report
from relay.s3uri import S3Uri
from relay.settings import SubmitSettings
from relay.succession import succeed
from relay.waiting import Waiting

# What one call of the ledger claims, and so what is at stake when time runs out.
_CHUNK = 25


class Submit:
    """The use case of the submit function."""

    def __init__(
        self,
        settings: SubmitSettings,
        endpoint: Endpoint,
        ledger: Ledger,
        outbox: Outbox,
        inbox: Inbox,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._ledger = ledger
        self._outbox = outbox
        self._clock = clock
        self._parking = Parking(outbox, clock, settings.dead_letter_queue_url, "submit")
        self._waiting = Waiting(inbox, outbox, settings.submit_queue_url)
        # What SageMaker appends to the file name it is given (".out"?) is not documented, so the
        # first answer tells. A wrong prediction costs a write for each request.
        self._suffix = ""

    def __call__(self, incoming: Sequence[Incoming[InferenceRequest]], until: datetime) -> Report:
        """Works on a batch until it is done or time runs out; the rest is given back."""
        report = Report()
        self._parking.park_unreadable(incoming, report)
        report.count(Count.IGNORED, sum(item.ignored for item in incoming))
        accepted: list[Job] = []
        waiting: list[Job] = []
        away = False
        for chunk in _chunks(self._distinct(incoming, report)):
            if away or self._clock.now() >= until:
                waiting += chunk
            else:
                done, undone, away = self._work(chunk, report)
                accepted += done
                waiting += undone
        self._waiting.wait(waiting, report)
        self._settle(accepted, report)
        return report

    def _distinct(
        self, incoming: Sequence[Incoming[InferenceRequest]], report: Report
    ) -> Iterator[Job]:
        """The same request twice in a batch is one job."""
        seen: set[str] = set()
        for job in jobs(incoming, self._settings, self._clock.now(), self._suffix):
            if job.attempt.id in seen:
                _duplicate(job.attempt, report)
            else:
                seen.add(job.attempt.id)
                yield job

    def _work(self, chunk: Sequence[Job], report: Report) -> tuple[list[Job], list[Job], bool]:
        """What was accepted, what must wait, and whether the endpoint is away altogether."""
        claimed, waiting = self._claim(chunk, report)
        valid, refused = self._checked(claimed)
        answers = self._endpoint.invoke([Submission(job.request, job.attempt) for job in valid])
        accepted: list[Job] = []
        throttled: list[Job] = []
        held: list[tuple[Job, RelayError]] = []
        not_ready = 0
        for job in valid:
            answer = answers[job.attempt.id]
            if isinstance(answer, Accepted):
                accepted.append(self._accepted(job, answer, report))
            elif isinstance(answer, PermanentError):
                refused.append((job, str(answer)))
            else:
                not_ready += isinstance(answer, EndpointNotReady)
                _put_off(job, answer, report)
                if job.taken_over or isinstance(answer, Unanswered):
                    held.append((job, answer))
                else:
                    throttled.append(job)
        self._correct(accepted, valid, report)
        waiting += self._refuse(refused, report)
        waiting += self._release(throttled, report)
        waiting += _same_again(held, report)
        return accepted, waiting, bool(valid) and not_ready == len(valid)

    def _checked(self, claimed: Sequence[Job]) -> tuple[list[Job], list[tuple[Job, str]]]:
        """What SageMaker may take, and what it never will, with the reasons."""
        valid: list[Job] = []
        refused: list[tuple[Job, str]] = []
        for job in claimed:
            found = problems(job.request, self._settings.inputs)
            if found:
                refused.append((job, "; ".join(found)))
            else:
                valid.append(job)
        return valid, refused

    def _claim(self, chunk: Sequence[Job], report: Report) -> tuple[list[Job], list[Job]]:
        """The jobs that are ours to do now, and those whose claim must be tried again."""
        try:
            successors = succeed(chunk, self._ledger, self._clock.now())
            claims = self._ledger.claim([job.attempt for job in successors.rightful])
        except RelayError as unavailable:
            for job in chunk:
                _put_off(job, unavailable, report)
            return [], _same_again([(job, unavailable) for job in chunk], report)
        ours: list[Job] = []
        left_behind: list[Job] = []
        for job in successors.late:
            _duplicate(job.attempt, report)
        for job, error in successors.unsettled:
            _put_off(job, error, report)
        waiting = _same_again(successors.unsettled, report)
        for job in successors.rightful:
            existing = claims.existing.get(job.attempt.id)
            problem = claims.unavailable.get(job.attempt.id)
            if problem is not None:
                _put_off(job, problem, report)
                waiting += _same_again([(job, problem)], report)
            elif existing is None:
                ours.append(job)
            elif _left_behind(existing, job):
                left_behind.append(job)
            else:
                _duplicate(job.attempt, report)
        failures = self._ledger.renew([job.attempt for job in left_behind]) if left_behind else {}
        for job in left_behind:
            problem = failures.get(job.attempt.id)
            if problem is None:
                ours.append(replace(job, taken_over=True))
            else:
                _put_off(job, problem, report)
                waiting += _same_again([(job, problem)], report)
        return ours, waiting

    def _accepted(self, job: Job, answer: Accepted, report: Report) -> Job:
        location = answer.output_location or job.attempt.output_location
        report.count(Count.SUBMITTED)
        report.answers.append(Answer(job.request.id, "submitted", location))
        report.note(
            Level.DEBUG,
            "submitted",
            inference_id=job.attempt.id,
            request_id=job.request.id,
            input_location=_written(job.request.location),
        )
        return replace(job, attempt=replace(job.attempt, output_location=location))

    def _correct(self, accepted: Sequence[Job], claimed: Sequence[Job], report: Report) -> None:
        """Writes where the output goes, only where that is not what the claim predicted."""
        predicted = {job.attempt.id: job.attempt.output_location for job in claimed}
        wrong = [
            job.attempt
            for job in accepted
            if job.attempt.output_location != predicted[job.attempt.id]
        ]
        for attempt in wrong[:1]:
            name, found = attempt.id, attempt.output_location or ""
            self._suffix = found.rpartition("/")[2].removeprefix(name) if name in found else ""
        for inference_id, error in (self._ledger.renew(wrong) if wrong else {}).items():
            # The notification names the location too; only the search for a lost one is harder.
            report.note(
                Level.INFO,
                "output location not written",
                inference_id=inference_id,
                error=str(error),
            )

    def _refuse(self, refused: Sequence[tuple[Job, str]], report: Report) -> list[Job]:
        """Reports requests that can never work, on the way that every result takes."""
        messages = [
            OutgoingMessage(
                key=job.attempt.id,
                queue_url=self._settings.notification_queue_url,
                body=own_notification(
                    job.attempt.id, Outcome.REJECTED, self._settings.endpoint, reason
                ),
            )
            for job, reason in refused
        ]
        failures = self._outbox.send(messages) if messages else {}
        waiting: list[Job] = []
        for job, reason in refused:
            error = failures.get(job.attempt.id)
            if error is not None:
                _put_off(job, error, report)
                waiting += _same_again([(job, error)], report)
                continue
            report.count(Count.REFUSED)
            report.answers.append(Answer(job.request.id, "rejected", reason=reason))
            report.note(
                Level.WARNING,
                "rejected",
                inference_id=job.attempt.id,
                request_id=job.request.id,
                reason=reason,
            )
        return waiting

    def _release(self, jobs: Sequence[Job], report: Report) -> list[Job]:
        """Gives claims back, so that whoever comes next starts afresh."""
        failures = self._ledger.release([job.attempt for job in jobs]) if jobs else {}
        for inference_id, error in failures.items():
            report.note(
                Level.WARNING, "claim not released", inference_id=inference_id, error=str(error)
            )
        held = [(job, failures[job.attempt.id]) for job in jobs if job.attempt.id in failures]
        return [job for job in jobs if job.attempt.id not in failures] + _same_again(held, report)

    def _settle(self, accepted: Sequence[Job], report: Report) -> None:
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


def _same_again(held: Sequence[tuple[Job, RelayError]], report: Report) -> list[Job]:
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


def _written(location: S3Uri | None) -> str | None:
    return None if location is None else str(location)


def _duplicate(attempt: Attempt, report: Report) -> None:
    report.count(Count.DUPLICATE)
    report.answers.append(Answer(attempt.request_id, "duplicate"))
    report.note(Level.INFO, "duplicate", inference_id=attempt.id, request_id=attempt.request_id)


def _put_off(job: Job, error: RelayError, report: Report) -> None:
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


def _chunks(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    chunk: list[Job] = []
    for job in jobs:
        chunk.append(job)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
