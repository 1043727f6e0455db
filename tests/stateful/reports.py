"""What the report of a batch says, compared with the messages in the batch."""

from collections.abc import Sequence

from relay.delivery.report import Count, Report
from relay.model import Content, Incoming


def check_submitted(incoming: Sequence[Incoming[Content]], report: Report) -> None:
    """Whatever is acknowledged was submitted, queued, rejected, a duplicate, ignored or parked.

    An invalid request of a direct invocation is answered. A message whose contents raise an
    unexpected error is parked in the end, with its contents.
    """
    done = [item for item in incoming if item.delivery.message_id not in report.returned]
    acknowledged = sum(len(item.contents) + item.ignored for item in done)
    queued = [item for item in done if item.delivery.queued]
    unreadable = sum(item.problem is not None or bool(item.invalid) for item in queued)
    broken = report.counts[Count.BROKEN]
    assert unreadable <= report.counts[Count.PARKED] <= unreadable + broken
    assert acknowledged <= len(report.answers) + report.counts[Count.IGNORED] + broken
    everything = sum(len(item.contents) + len(item.invalid) for item in incoming)
    assert len(report.answers) <= everything


def check_routed(incoming: Sequence[Incoming[Content]], report: Report) -> None:
    """Each delivery is exactly one of: routed, retried, a duplicate, ignored, parked, returned."""
    ends = (
        Count.COMPLETED,
        Count.FAILED,
        Count.EXPIRED,
        Count.REJECTED,
        Count.RETRIED,
        Count.DUPLICATE,
        Count.IGNORED,
        Count.PARKED,
        Count.RETURNED,
    )
    assert sum(report.counts[end] for end in ends) == len(incoming), report.counts
