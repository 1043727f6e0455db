"""Sending: the requests of the next objects, to the submit queue.

What is sent twice after a crash has the same ids, and submit's claims drop it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Final

from relay.backfill.ports import Listing
from relay.backfill.record import Backfill, Marker, Progress
from relay.backfill.repeat import to_repeat
from relay.backfill.selection import request_for, request_id_of
from relay.delivery.isolation import answers
from relay.errors import RelayError
from relay.events.direct_calls import write_call
from relay.inputs.inputs import Inputs
from relay.model import OutgoingMessage
from relay.ports import AttemptReader, Outbox, StoredObject

# One receipt serves so many requests, and one invocation of submit does them in about a second.
REQUESTS_OF_A_MESSAGE: Final = 100
PAGE: Final = 1_000
# A short page is read nearly as long as a full one, and is not a longer one for the next object.
_SHORTEST_PAGE: Final = 100
# The messages for a minute are spread over this time, so that uploads find room between them,
# and so that the last ones are done when the next invocation measures.
SPREAD: Final = timedelta(seconds=45)
_PARTS: Final = 10
_MINUTE: Final = timedelta(minutes=1)
# The schedule is not exact to the second.
_EARLY: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one invocation sends: so many requests at most, in messages of `size`, from `began_at`
    on, for so many minutes.
    """

    requests: int
    began_at: datetime
    minutes: int = 1

    @property
    def size(self) -> int:
        """The requests of a message: a slow endpoint gets few at a time."""
        return min(REQUESTS_OF_A_MESSAGE, max(1, self.requests // (_PARTS * self.minutes)))

    @property
    def until(self) -> datetime:
        """The time from which on the run that follows the plan may begin."""
        return self.began_at + self.minutes * _MINUTE - _EARLY

    def delay_seconds(self, sent: int, now: datetime) -> int:
        """Return the delay of the message after `sent` requests."""
        spread = SPREAD + (self.minutes - 1) * _MINUTE
        due = self.began_at + spread * (sent / max(1, self.requests))
        return max(0, round((due - now).total_seconds()))


@dataclass(frozen=True, slots=True)
class Sent:
    """A backfill after a page was sent, how many requests that were, and what stopped it."""

    backfill: Backfill
    requests: int
    error: RelayError | None = None


class Sending:
    """Sends pages of objects."""

    def __init__(
        self,
        inputs: Inputs,
        submit_queue_url: str,
        listing: Listing,
        ledger: AttemptReader,
        outbox: Outbox,
    ) -> None:
        self._inputs = inputs
        self._queue_url = submit_queue_url
        self._listing = listing
        self._ledger = ledger
        self._outbox = outbox

    def page(self, backfill: Backfill, plan: Plan, sent: int, now: datetime) -> Sent:
        """Send what a page has, of which `plan` leaves room for some after `sent` requests.

        Raises:
            RelayError: the bucket cannot be listed, or the ledger not be read.
        """
        room = plan.requests - sent
        selection, after = backfill.selection, backfill.sent.after
        limit = min(PAGE, max(_SHORTEST_PAGE, room))
        page = self._listing.page(selection.bucket, selection.prefix, after, limit)
        selected = [found for found in page.objects if selection.takes(found)]
        if backfill.repetition:
            selected = to_repeat(selected, backfill.repetition, self._ledger)
        taken = list(islice(selected, room))
        groups = [taken[at : at + plan.size] for at in range(0, len(taken), plan.size)]
        failure = self._send(backfill, groups, plan, sent, now)
        if failure is not None:
            number, error = failure
            taken = [found for group in groups[:number] for found in group]
            groups = groups[:number]
        whole = failure is None and len(taken) == len(selected)
        at = page.objects if whole else taken
        progress = Progress(
            after=at[-1].location.key if at else after,
            done=whole and page.last,
            objects=backfill.sent.objects + len(taken),
            bytes=backfill.sent.bytes + sum(found.size for found in taken),
        )
        markers = tuple(self._markers(backfill, groups, plan, sent, now))
        pace = replace(backfill.pace, markers=backfill.pace.markers + markers)
        sent_at = now if taken else backfill.sent_at
        following = replace(backfill, sent=progress, pace=pace, sent_at=sent_at)
        return Sent(following, len(taken), None if failure is None else error)

    def _markers(
        self,
        backfill: Backfill,
        groups: Sequence[Sequence[StoredObject]],
        plan: Plan,
        sent: int,
        now: datetime,
    ) -> Iterator[Marker]:
        for group in groups:
            visible_at = now + timedelta(seconds=plan.delay_seconds(sent, now))
            sent += len(group)
            request_id = request_id_of(group[-1], backfill.repetition)
            yield Marker(request_id, len(group), visible_at)

    def _send(
        self,
        backfill: Backfill,
        groups: Sequence[Sequence[StoredObject]],
        plan: Plan,
        sent: int,
        now: datetime,
    ) -> tuple[int, RelayError] | None:
        """Send a message for each group. Return the first that failed, by its number."""
        messages = []
        for number, group in enumerate(groups):
            requests = [
                request_for(found, backfill.repetition, self._inputs, now) for found in group
            ]
            delay = plan.delay_seconds(sent, now)
            sent += len(group)
            messages.append(
                OutgoingMessage(
                    str(number), self._queue_url, write_call(*requests), delay_seconds=delay
                )
            )
        failures = answers(self._outbox.send, messages, attrgetter("key"))
        for number in range(len(groups)):
            if (error := failures.get(str(number))) is not None:
                return number, error
        return None
