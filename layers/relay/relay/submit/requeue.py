"""Requeueing: sends jobs of direct calls that cannot be submitted yet to the submit queue."""

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from relay.delivery.backoff import come_back_seconds
from relay.delivery.dispositions import Disposition, Queued, TryAgain
from relay.delivery.isolation import answers
from relay.events.direct_calls import write_call
from relay.model import OutgoingMessage
from relay.ports import Outbox


def requeue(
    dispositions: Iterable[Disposition], outbox: Outbox, submit_queue_url: str
) -> list[Disposition]:
    """Send the jobs of direct calls that must be tried again to the submit queue.

    Jobs whose claim is kept are not sent: a new message cannot take the claim over.
    """
    done: list[Disposition] = []
    waiting: list[TryAgain] = []
    for each in dispositions:
        if isinstance(each, TryAgain) and not each.claim_kept and not each.job.delivery.queued:
            waiting.append(each)
        else:
            done.append(each)
    messages = [
        OutgoingMessage(
            key=each.job.attempt.id,
            address=submit_queue_url,
            body=write_call(each.job.request),
            delay_seconds=come_back_seconds(1),
        )
        for each in waiting
    ]
    failures = answers(outbox.send, messages, attrgetter("key"))
    for each in waiting:
        failure = failures.get(each.job.attempt.id)
        queued = failure is None
        done.append(Queued(each.job, each.error) if queued else replace(each, failure=failure))
    return done
