"""Giving up: parks a message that waited for ten days, with what it waited for.

SQS moves a message after so many receives, and deletes it after the retention of its queue; both
without a reason. The relay's queues keep a message for twelve days, and allow more receives than
the longest delay takes in ten.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from relay.delivery.dispositions import Disposition, NotParked, NotRouted, NotSent, TryAgain
from relay.model import Delivery

LONGEST_WAIT: Final = timedelta(days=10)
# A message that no invocation tried is not given up until SQS is about to delete it.
LONGEST_UNTRIED: Final = timedelta(days=11)


def give_up(dispositions: Sequence[Disposition], now: datetime) -> list[Disposition]:
    """Replace the dispositions of each message that would come again and is too old.

    `Parking.settle` then parks the message, with all its reasons.
    """
    waiting: dict[str, tuple[Delivery, dict[str, None]]] = {}
    for each in dispositions:
        if (delivery := _comes_again(each)) is not None:
            _, reasons = waiting.setdefault(delivery.message_id, (delivery, {}))
            reasons.update(dict.fromkeys(_reasons(each)))
    old = {
        message_id: NotParked(delivery, f"given up after {age.days} days: {_text(reasons)}")
        for message_id, (delivery, reasons) in waiting.items()
        if (age := _age(delivery, now)) >= (LONGEST_WAIT if reasons else LONGEST_UNTRIED)
    }
    kept = [
        each
        for each in dispositions
        if (delivery := _comes_again(each)) is None or delivery.message_id not in old
    ]
    return [*kept, *old.values()]


def _comes_again(disposition: Disposition) -> Delivery | None:
    match disposition:
        case TryAgain(job):
            return job.delivery
        case NotRouted(delivery) | NotSent(delivery):
            return delivery
        case _:
            return None


def _reasons(disposition: Disposition) -> list[str]:
    """Return what a part of a message waits for; nothing for a part that was not started."""
    match disposition:
        case TryAgain(error=error) if error is not None:
            return [str(error)]
        case NotRouted(problem=problem, error=error) if error is not None:
            return [f"{problem}: {error}"]
        case NotSent(errors=errors):
            return [
                f"route {route}: {error}" if route else str(error)
                for route, error in errors.items()
            ]
        case _:
            return []


def _age(delivery: Delivery, now: datetime) -> timedelta:
    """Return how long ago the message entered its queue; zero for a direct invocation."""
    if delivery.sent_at is None or not delivery.queued:
        return timedelta()
    return now - delivery.sent_at


def _text(reasons: dict[str, None]) -> str:
    return "; ".join(reasons) or "no invocation had time to try it"
