"""Back-off: a message that is given back comes again after a delay that grows with every try."""

from relay.errors import RelayError
from relay.ports import Inbox
from relay.report import Level, Report

_FIRST_DELAY_SECONDS = 5
_LONGEST_DELAY_SECONDS = 900


def come_back_seconds(receive_count: int) -> int:
    """Return the seconds before the next try: 5, doubled each time, at most 15 minutes."""
    doublings = min(receive_count - 1, 8)
    return int(min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**doublings))


def back_off(report: Report, inbox: Inbox) -> None:
    """Set the visibility timeouts of the messages that are given back."""
    queued = [delivery for delivery in report.returned.values() if delivery.queued]
    if not queued:
        return
    try:
        inbox.come_back([(item, come_back_seconds(item.receive_count)) for item in queued])
    except RelayError as error:
        # They come back after the queue's visibility timeout instead.
        report.note(Level.WARNING, "could not set the delay", error=str(error))
