"""Back-off: the delay after which SQS delivers a returned message again."""

from datetime import datetime

from relay.delivery.isolation import as_relay_error
from relay.delivery.report import Count, Level, Report
from relay.errors import UnexpectedError
from relay.ports import Inbox

_FIRST_DELAY_SECONDS = 5
_LONGEST_DELAY_SECONDS = 900

# Seconds of `back_off`, the last phase of an invocation (docs/reference/time-budget.md).
SECONDS = 5


def come_back_seconds(receive_count: int) -> int:
    """Return the delay in seconds: 5, doubled with each receive, at most 15 minutes."""
    doublings = min(receive_count - 1, 8)
    return int(min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**doublings))


def back_off(report: Report, inbox: Inbox, now: datetime) -> None:
    """Set the visibility timeouts of the returned messages, and report the age of the oldest.

    SQS leaves messages out of ApproximateAgeOfOldestMessage after three receives.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    queued = [delivery for delivery in report.returned.values() if delivery.receipt_handle]
    if not queued:
        return
    ages = [(now - delivery.sent_at).total_seconds() for delivery in queued if delivery.sent_at]
    report.oldest_returned_seconds = max(map(round, ages), default=None)
    try:
        inbox.come_back([(item, come_back_seconds(item.receive_count)) for item in queued])
    except Exception as error:
        # SQS delivers them again after the queue's visibility timeout instead.
        why = as_relay_error(error)
        report.count(Count.BROKEN, isinstance(why, UnexpectedError))
        report.note(Level.WARNING, "visibility timeouts not set", error=why)
