"""Waiting: what cannot be submitted now is tried again later, after a growing delay."""

from collections.abc import Sequence

from relay.backoff import come_back_seconds, have_come_back
from relay.events.direct_calls import write_call
from relay.model import Delivery, OutgoingMessage
from relay.ports import Inbox, Outbox
from relay.report import Answer, Level, Report
from relay.submit.jobs import Job


class Waiting:
    """Has jobs tried again: by their own message where a queue holds it, else by a new one."""

    def __init__(self, inbox: Inbox, outbox: Outbox, submit_queue_url: str) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._submit_queue_url = submit_queue_url

    def wait(self, jobs: Sequence[Job], report: Report) -> None:
        """Gives queued deliveries back and hands the requests of the others over to the queue.

        The jobs' claims must be released: a new message could not take them over.
        """
        queued: dict[str, Delivery] = {}
        for job in jobs:
            if job.delivery.queued:
                report.give_back(job.delivery)
                queued[job.delivery.message_id] = job.delivery
        self._hand_over([job for job in jobs if not job.delivery.queued], report)
        have_come_back(queued.values(), self._inbox, report)

    def _hand_over(self, jobs: Sequence[Job], report: Report) -> None:
        messages = [
            OutgoingMessage(
                key=job.attempt.id,
                address=self._submit_queue_url,
                body=write_call(job.request),
                delay_seconds=come_back_seconds(1),
            )
            for job in jobs
        ]
        failures = self._outbox.send(messages) if messages else {}
        for job in jobs:
            error = failures.get(job.attempt.id)
            if error is None:
                report.answers.append(Answer(job.request.id, "queued"))
                continue
            report.give_back(job.delivery)
            report.note(
                Level.ERROR, "could not be queued", request_id=job.request.id, error=str(error)
            )
