"""Submission: each upload or call becomes one attempt at the endpoint.

The attempt is claimed before the call; `relay.submit.claims` has the reasons.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter

from relay.budget import Budget
from relay.delivery.backoff import SECONDS as DELAY_SECONDS
from relay.delivery.backoff import back_off
from relay.delivery.conclude import conclude
from relay.delivery.dispositions import Broken, Disposition, Rejected, Submitted, TryAgain
from relay.delivery.isolation import answers, isolated, unexpected
from relay.delivery.parking import Parking, sort_out
from relay.delivery.report import Count, Level, Report
from relay.errors import (
    EndpointNotReady,
    NotTried,
    PermanentError,
    RelayError,
    Unanswered,
    UnexpectedError,
)
from relay.events.sagemaker import own_notification
from relay.model import Incoming, InferenceRequest, Job, Outcome, OutgoingMessage
from relay.ports import Accepted, Clock, Endpoint, Inbox, Ledger, Outbox, Submission
from relay.settings import SubmitSettings
from relay.submit.claims import Claiming, broken, duplicate, unclaimed
from relay.submit.jobs import jobs
from relay.submit.output_locations import OutputLocations
from relay.submit.own_messages import unproved_messages
from relay.submit.requeue import requeue
from relay.submit.resubmissions import repeated

# Attempts that one ledger call claims.
_CHUNK = 25

# Seconds of the phases of a chunk (docs/reference/time-budget.md). A chunk is begun only if all of
# them are left, so that what the endpoint answered is recorded.
CLAIM_SECONDS = 7
INVOKE_SECONDS = 10
RECORD_SECONDS = 12
_CHUNK_SECONDS = CLAIM_SECONDS + INVOKE_SECONDS + RECORD_SECONDS

# Where every call of a chunk ends so, further chunks are not begun.
_AWAY = (EndpointNotReady, NotTried, Unanswered)


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
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._ledger = ledger
        self._outbox = outbox
        self._inbox = inbox
        self._clock = clock
        self._budget = budget
        self._claiming = Claiming(ledger, clock)
        self._parking = Parking(outbox, clock, settings.dead_letter_queue_url, "submit")
        self._locations = OutputLocations(
            settings.outputs, settings.inputs, mirror=settings.mirror_input_folders
        )
        self._noted: set[str] = set()  # notes that an execution environment writes once

    def __call__(self, incoming: Sequence[Incoming[InferenceRequest]]) -> Report:
        """Submit a batch. Jobs for which too little time is left are returned."""
        report = Report()
        dispositions = self.dispose(incoming, report)
        conclude(dispositions, report)
        back_off(report, self._inbox, self._clock.now())
        self._claiming.settle(dispositions, report)
        return report

    def dispose(
        self, incoming: Sequence[Incoming[InferenceRequest]], report: Report
    ) -> list[Disposition]:
        """Return the disposition of each job, and of each delivery without a job.

        Notes about the endpoint go into `report`.
        """
        away = False

        def work(chunk: Sequence[Job]) -> list[Disposition]:
            nonlocal away
            if away or self._budget.left() < _CHUNK_SECONDS:
                return self._claiming.put_off(chunk)
            done, away = self._submit(chunk, report)
            return done

        with self._budget.reserving(DELAY_SECONDS):
            incoming, unread = repeated(incoming, self._ledger)
            dispositions = sort_out(incoming)
            for chunk in _chunks(self._distinct(incoming, unread, dispositions)):
                dispositions += isolated(work, chunk, broken)
            dispositions = requeue(dispositions, self._outbox, self._settings.submit_queue_url)
            return self._parking.settle(dispositions)

    def _distinct(
        self,
        incoming: Sequence[Incoming[InferenceRequest]],
        unread: Mapping[str, RelayError],
        dispositions: list[Disposition],
    ) -> Iterator[Job]:
        """Yield one job for each request of a delivery; a second one is a duplicate.

        Only the ledger knows which of several deliveries of a request holds its claim. `unread` has
        the errors of resubmissions whose first request was not read.
        """
        unproved = unproved_messages(incoming, self._inbox)
        seen: set[tuple[str, str]] = set()
        # A backfill's messages have many requests each: an upload does not wait for them.
        in_order = sorted(incoming, key=lambda each: len(each.contents))
        for job in jobs(in_order, self._settings, self._clock.now(), self._locations):
            if isinstance(job, Broken):
                dispositions.append(job)
                continue
            named = (job.delivery.message_id, job.attempt.id)
            error = unread.get(job.request.id)
            if job.request.from_relay:
                error = unproved.get(job.delivery.receipt_handle)
            if error:
                dispositions.append(unclaimed(job, error))
            elif named in seen:
                dispositions.append(duplicate(job))
            else:
                seen.add(named)
                yield job

    def _submit(self, chunk: Sequence[Job], report: Report) -> tuple[list[Disposition], bool]:
        """Return the disposition of each job, and whether the endpoint is away."""
        with self._budget.reserving(INVOKE_SECONDS + RECORD_SECONDS + DELAY_SECONDS):
            claimed, dispositions = self._claiming.claim(chunk)
        refused = [(job, job.refusal) for job in claimed if job.refusal]
        valid = [job for job in claimed if not job.refusal]
        submissions = [Submission(job.request, job.attempt, job.extension) for job in valid]
        with self._budget.reserving(RECORD_SECONDS + DELAY_SECONDS):
            responses = answers(self._endpoint.invoke, submissions, lambda each: each.attempt.id)
        accepted: list[tuple[Job, Accepted]] = []
        throttled: list[TryAgain] = []
        for job in valid:
            match responses[job.attempt.id]:
                case Accepted() as response:
                    accepted.append((job, response))
                case UnexpectedError() as error:
                    dispositions.append(broken(job, error))
                case PermanentError() as error:
                    refused.append((job, str(error)))
                case RelayError() as error:
                    if job.taken_over or isinstance(error, Unanswered):
                        dispositions.append(TryAgain(job, error, claim_kept=True))
                    else:
                        throttled.append(TryAgain(job, error))
        dispositions += self._accept(accepted, report)
        dispositions += self._reject(refused)
        dispositions += self._claiming.release(throttled)
        away = all(isinstance(response, _AWAY) for response in responses.values())
        return dispositions, bool(valid) and away

    def _accept(self, accepted: Sequence[tuple[Job, Accepted]], report: Report) -> list[Submitted]:
        """Write the output locations that differ from the claim's prediction."""
        submitted: list[Submitted] = []
        for job, response in accepted:
            try:
                submitted.append(self._accepted(job, response, report))
            except Exception as error:
                # The endpoint has the request: to work on it again would infer it twice.
                submitted.append(Submitted(job, None, unexpected(error)))
        mispredicted = [
            each.job.attempt
            for each, (job, _) in zip(submitted, accepted, strict=True)
            if each.job is not job
        ]
        failures = answers(self._ledger.renew, mispredicted, lambda attempt: attempt.id)
        return [
            replace(each, unwritten=failures[each.job.attempt.id])
            if each.job.attempt.id in failures
            else each
            for each in submitted
        ]

    def _accepted(self, job: Job, response: Accepted, report: Report) -> Submitted:
        """Return the submitted job, with the output location that the endpoint returned."""
        predicted = job.attempt.output_location
        location = response.output_location or predicted
        for member in sorted(response.left_out):
            self._note_refused(member, report)
        if location and self._may_lie_at(location, job, report) and location != predicted:
            job = replace(job, attempt=replace(job.attempt, output_location=location))
            if not self._locations.learn(job.attempt.id, job.extension, location):
                text = "SageMaker ignores Filename; each request costs one more ledger write"
                self._note_once(text, Level.INFO, report, location=location)
        return Submitted(job, location)

    def _may_lie_at(self, location: str, job: Job, report: Report) -> bool:
        """Whether an output location may go into the ledger.

        Reconcile and route accept no location outside of the outputs.
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
        text = f"SageMaker does not accept {member} here; requests are sent without it"
        report.count(Count.OPTION_REFUSED, text not in self._noted)
        self._note_once(text, Level.WARNING, report)

    def _note_once(self, text: str, level: Level, report: Report, **fields: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            report.note(level, text, **fields)

    def _reject(self, refused: Sequence[tuple[Job, str]]) -> list[Disposition]:
        """Report rejected requests through the notification queue, as every result."""
        messages = [self._rejection(job, reason) for job, reason in refused]
        failures = answers(self._outbox.send, messages, attrgetter("key"))
        dispositions: list[Disposition] = []
        for job, reason in refused:
            match failures.get(job.attempt.id):
                case None:
                    dispositions.append(Rejected(job, reason))
                case UnexpectedError() as error:
                    dispositions.append(broken(job, error))
                case error:
                    dispositions.append(TryAgain(job, error, claim_kept=True))
        return dispositions

    def _rejection(self, job: Job, reason: str) -> OutgoingMessage:
        return OutgoingMessage(
            key=job.attempt.id,
            address=self._settings.notification_queue_url,
            body=own_notification(
                job.attempt.id, Outcome.REJECTED, self._settings.endpoint, reason
            ),
        )


def _chunks(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    remaining = iter(jobs)
    # Lazily: the responses for one chunk correct the predictions for the next.
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
