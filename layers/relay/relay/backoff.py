"""Back-off: what was given back comes again after a delay that grows with every try."""

from collections.abc import Iterable

from relay.errors import RelayError
from relay.model import Delivery
from relay.ports import Inbox
from relay.report import Level, Report

_FIRST_DELAY_SECONDS = 5
_LONGEST_DELAY_SECONDS = 900


def come_back_seconds(receive_count: int) -> int:
    """How long a message waits before its next try: 5 s, doubled each time, at most 15 minutes."""
    doublings = min(receive_count - 1, 8)
    return int(min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**doublings))


def have_come_back(deliveries: Iterable[Delivery], inbox: Inbox, report: Report) -> None:
    """Sets the delay of what a queue holds; whatever else was given back is not the queue's."""
    queued = [delivery for delivery in deliveries if delivery.queued]
    if not queued:
        return
    try:
        inbox.come_back([(item, come_back_seconds(item.receive_count)) for item in queued])
    except RelayError as error:
        # They come back after the queue's visibility timeout instead.
        report.note(Level.WARNING, "could not set the delay", error=str(error))
