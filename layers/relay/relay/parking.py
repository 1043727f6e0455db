"""Parking: sends a message that cannot be processed to the dead-letter queue, with the reason."""

import re
from collections.abc import Sequence

from relay.dispositions import Disposition, Ignored, NotParked, Parked
from relay.model import Content, Delivery, Incoming, OutgoingMessage
from relay.ports import Clock, Outbox

# SQS refuses control characters in attribute values, and unpaired surrogates break the log.
_UNSENDABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]")
# A reason may quote a value of any length.
_MAX_REASON_CHARACTERS = 1_000


class Parking:
    """Parking on one dead-letter queue, with reason, function and time as message attributes."""

    def __init__(self, outbox: Outbox, clock: Clock, queue_url: str, parked_by: str) -> None:
        self._outbox = outbox
        self._clock = clock
        self._queue_url = queue_url
        self._parked_by = parked_by

    def sort_out(self, incoming: Sequence[Incoming[Content]]) -> list[Disposition]:
        """Ignore contents that need no action, and park deliveries that cannot be read."""
        unreadable = [
            (item.delivery, item.problem) for item in incoming if item.problem is not None
        ]
        return [
            *(Ignored(item.delivery, item.ignored) for item in incoming if item.ignored),
            *(NotParked(each, _legible(why)) for each, why in unreadable if not each.queued),
            *self.park([(each, why) for each, why in unreadable if each.queued]),
        ]

    def park(self, unwanted: Sequence[tuple[Delivery, str]]) -> list[Disposition]:
        """Park deliveries with their reasons."""
        if not unwanted:
            return []
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
        return [
            Parked(delivery, reason)
            if (error := failures.get(delivery.message_id)) is None
            else NotParked(delivery, reason, error)
            for delivery, reason in unwanted
        ]


def _legible(reason: str) -> str:
    return _UNSENDABLE.sub("?", reason[:_MAX_REASON_CHARACTERS])
