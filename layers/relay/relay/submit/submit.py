"""Submitting: every upload or call becomes one attempt at the endpoint.

Claim, then invoke: `relay.submit.claims` says why, and what happens to a claim when it fails.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from relay.errors import EndpointNotReady, PermanentError, RelayError, Unanswered
from relay.events.sagemaker import own_notification
from relay.model import Attempt, Incoming, InferenceRequest, Outcome, OutgoingMessage
from relay.parking import Parking
from relay.ports import Accepted, Clock, Endpoint, Inbox, Ledger, Outbox, Submission
from relay.report import Answer, Count, Level, Report
from relay.s3uri import S3Uri
from relay.settings import SubmitSettings
from relay.submit.claims import Claiming, duplicate, put_off, same_again
from relay.submit.jobs import Job, jobs
from relay.submit.limits import problems
from relay.submit.output_locations import OutputLocations
from relay.submit.requeue import Waiting

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
        self._claiming = Claiming(ledger, clock)
        self._parking = Parking(outbox, clock, settings.dead_letter_queue_url, "submit")
        self._waiting = Waiting(inbox, outbox, settings.submit_queue_url)
        self._locations = OutputLocations(
            settings.outputs, settings.inputs, mirror=settings.mirror_input_folders
        )
        self._noted: set[str] = set()  # what is said once in the life of an environment

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
        self._claiming.settle(accepted, report)
        return report

    def _distinct(
        self, incoming: Sequence[Incoming[InferenceRequest]], report: Report
    ) -> Iterator[Job]:
        """The same request twice in a batch is one job."""
        seen: set[str] = set()
        for job in jobs(incoming, self._settings, self._clock.now(), self._locations):
            if job.attempt.id in seen:
                duplicate(job.attempt, report)
            else:
                seen.add(job.attempt.id)
                yield job

    def _work(self, chunk: Sequence[Job], report: Report) -> tuple[list[Job], list[Job], bool]:
        """What was accepted, what must wait, and whether the endpoint is away altogether."""
        claimed, waiting = self._claiming.claim(chunk, report)
        valid, refused = self._checked(claimed)
        answers = self._endpoint.invoke(
            [Submission(job.request, job.attempt, job.extension) for job in valid]
        )
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
                put_off(job, answer, report)
                if job.taken_over or isinstance(answer, Unanswered):
                    held.append((job, answer))
                else:
                    throttled.append(job)
        self._correct(accepted, valid, report)
        waiting += self._refuse(refused, report)
        waiting += self._claiming.release(throttled, report)
        waiting += same_again(held, report)
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

    def _accepted(self, job: Job, answer: Accepted, report: Report) -> Job:
        location = answer.output_location or job.attempt.output_location
        for member in sorted(answer.left_out):
            self._note_refused(member, report)
        report.count(Count.SUBMITTED)
        report.answers.append(Answer(job.request.id, "submitted", location))
        report.note(
            Level.DEBUG,
            "submitted",
            inference_id=job.attempt.id,
            request_id=job.request.id,
            input_location=_written(job.request.location),
        )
        if location is None or not self._may_lie_at(location, job, report):
            return job
        return replace(job, attempt=replace(job.attempt, output_location=location))

    def _may_lie_at(self, location: str, job: Job, report: Report) -> bool:
        """Whether an output location may go into the ledger: reconcile looks nowhere else.

        A notification that names another one is not believed either.
        """
        if self._locations.contains(location):
            return True
        if job.extension:
            self._note_refused("S3OutputPathExtension", report)
        self._note_once(
            f"output location {location.rpartition('/')[0]}/ is not under {self._settings.outputs}",
            Level.ERROR,
            report,
            inference_id=job.attempt.id,
        )
        return False

    def _note_refused(self, member: str, report: Report) -> None:
        if member == "S3OutputPathExtension":
            self._locations.stop_mirroring()
        text = f"SageMaker does not take {member} here; requests go without it"
        report.count(Count.OPTION_REFUSED, text not in self._noted)
        self._note_once(text, Level.WARNING, report)

    def _note_once(self, text: str, level: Level, report: Report, **fields: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            report.note(level, text, **fields)

    def _correct(self, accepted: Sequence[Job], claimed: Sequence[Job], report: Report) -> None:
        """Writes where the output goes, only where that is not what the claim predicted."""
        predicted = {job.attempt.id: job.attempt.output_location for job in claimed}
        wrong: list[Attempt] = []
        for job in accepted:
            found = job.attempt.output_location
            if found is None or found == predicted[job.attempt.id]:
                continue
            wrong.append(job.attempt)
            if not self._locations.learn(job.attempt.id, job.extension, found):
                text = "outputs have names of SageMaker's own; each costs one more ledger write"
                self._note_once(text, Level.INFO, report, location=found)
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
                address=self._settings.notification_queue_url,
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
                put_off(job, error, report)
                waiting += same_again([(job, error)], report)
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


def _written(location: S3Uri | None) -> str | None:
    return None if location is None else str(location)


def _chunks(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    chunk: list[Job] = []
    for job in jobs:
        chunk.append(job)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
