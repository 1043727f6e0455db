"""Parking: sends a message that cannot be processed to the dead-letter queue, with the reason."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from relay.delivery.dispositions import (
    Broken,
    Disposition,
    Ignored,
    NotParked,
    NotRouted,
    NotSent,
    Parked,
    TryAgain,
)
from relay.delivery.isolation import answers
from relay.model import Content, Delivery, Incoming, OutgoingMessage
from relay.ports import Clock, Outbox

# SQS refuses control characters in attribute values, and unpaired surrogates break the log.
_UNSENDABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]")
# A reason may quote a value of any length.
_MAX_REASON_CHARACTERS = 1_000
# From this receive on, a message that raises an unexpected error is parked.
_TRIES = 5


class Parking:
    """Parking on one dead-letter queue, with reason, function and time as message attributes."""

    def __init__(self, outbox: Outbox, clock: Clock, queue_url: str, parked_by: str) -> None:
        self._outbox = outbox
        self._clock = clock
        self._queue_url = queue_url
        self._parked_by = parked_by

    def settle(self, dispositions: Sequence[Disposition]) -> list[Disposition]:
        """Park each delivery that can never be processed, once, with all its reasons.

        A delivery of which another part comes again is not parked yet, nor is one with an
        unexpected error before its fifth receive.
        """
        again = set(_come_again(dispositions))
        reasons: dict[str, dict[str, None]] = {}
        unwanted: dict[str, Delivery] = {}
        for each in dispositions:
            if isinstance(each, NotParked | Broken) and _parkable(each.delivery, again):
                reason = each.reason if isinstance(each, NotParked) else str(each.error)
                unwanted[each.delivery.message_id] = each.delivery
                reasons.setdefault(each.delivery.message_id, {})[reason] = None
        ends = self.park([(unwanted[key], "; ".join(why)) for key, why in reasons.items()])
        parked = {end.delivery.message_id: end for end in ends}
        return [
            _ended(each, parked[each.delivery.message_id])
            if isinstance(each, NotParked | Broken) and each.delivery.message_id in parked
            else each
            for each in dispositions
        ]

    def park(self, unwanted: Sequence[tuple[Delivery, str]]) -> list[Parked | NotParked]:
        """Park deliveries with their reasons."""
        if not unwanted:
            return []
        unwanted = [(delivery, _legible(reason)) for delivery, reason in unwanted]
        parked_at = self._clock.now().isoformat()
        messages = [
            OutgoingMessage(
                key=delivery.message_id,
                address=self._queue_url,
                body=delivery.body,
                attributes=(
                    ("reason", reason),
                    ("parked_by", self._parked_by),
                    ("parked_at", parked_at),
                    ("message_id", delivery.message_id),
                ),
            )
            for delivery, reason in unwanted
        ]
        failures = answers(self._outbox.send, messages, attrgetter("key"))
        return [
            Parked(delivery, reason)
            if (error := failures.get(delivery.message_id)) is None
            else NotParked(delivery, reason, error)
            for delivery, reason in unwanted
        ]


def sort_out(incoming: Iterable[Incoming[Content]]) -> list[Disposition]:
    """Return the dispositions of contents that need no action, and of what cannot be read."""
    found: list[Disposition] = []
    for item in incoming:
        if item.ignored:
            found.append(Ignored(item.delivery, item.ignored))
        if item.problem is not None:
            found.append(NotParked(item.delivery, item.problem))
    return found


def _come_again(dispositions: Iterable[Disposition]) -> Iterable[str]:
    """Return the ids of the messages of which a part comes again."""
    for each in dispositions:
        match each:
            case TryAgain(job):
                yield job.delivery.message_id
            case NotRouted() | NotSent():
                yield each.delivery.message_id
            case Broken() if each.delivery.receive_count < _TRIES:
                yield each.delivery.message_id


def _parkable(delivery: Delivery, again: Collection[str]) -> bool:
    return delivery.queued and delivery.message_id not in again


def _ended(each: NotParked | Broken, end: Parked | NotParked) -> Disposition:
    return replace(each, parked=end) if isinstance(each, Broken) else end


def _legible(reason: str) -> str:
    return _UNSENDABLE.sub("?", reason[:_MAX_REASON_CHARACTERS])
