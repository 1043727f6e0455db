"""Parking: a message that nobody can process keeps its body and gets its reason, out of the way."""

import re
from collections.abc import Sequence

from relay.model import Content, Delivery, Incoming, OutgoingMessage
from relay.ports import Clock, Outbox
from relay.report import Count, Level, Report

# SQS refuses control characters in attribute values, and half characters break the log.
_UNSENDABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]")
# A reason may quote what is wrong, at any length.
_MAX_REASON_CHARACTERS = 1_000


class Parking:
    """Puts messages on a dead-letter queue, with reason, place and time as attributes."""

    def __init__(self, outbox: Outbox, clock: Clock, queue_url: str, parked_by: str) -> None:
        self._outbox = outbox
        self._clock = clock
        self._queue_url = queue_url
        self._parked_by = parked_by

    def park_unreadable(self, incoming: Sequence[Incoming[Content]], report: Report) -> None:
        """Parks what nobody can read; what no queue holds is given back, as an error."""
        unwanted = []
        for item in incoming:
            if item.problem is None:
                continue
            if item.delivery.queued:
                unwanted.append((item.delivery, item.problem))
            else:
                report.give_back(item.delivery)
                report.note(Level.ERROR, "unreadable", reason=_legible(item.problem))
        self.park(unwanted, report)

    def park(self, unwanted: Sequence[tuple[Delivery, str]], report: Report) -> None:
        """Parks deliveries with their reasons. One that cannot be parked is given back instead."""
        if not unwanted:
            return
        unwanted = [(delivery, _legible(reason)) for delivery, reason in unwanted]
        parked_at = self._clock.now().isoformat()
        failures = self._outbox.send(
            [
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
        )
        for delivery, reason in unwanted:
            error = failures.get(delivery.message_id)
            if error is None:
                report.count(Count.PARKED)
                report.note(Level.WARNING, "parked", message_id=delivery.message_id, reason=reason)
            else:
                report.give_back(delivery)
                report.note(
                    Level.ERROR,
                    "could not be parked",
                    message_id=delivery.message_id,
                    reason=reason,
                    error=str(error),
                )


def _legible(reason: str) -> str:
    return _UNSENDABLE.sub("?", reason[:_MAX_REASON_CHARACTERS])
