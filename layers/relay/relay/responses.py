"""The answer of a function to its deliveries, and the time until which it works."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from relay.errors import RelayError
from relay.model import Content, Incoming
from relay.report import Level, Report

# Left for the chunk in hand (three tries of a call that hangs for eight seconds) and the answer.
_MARGIN = timedelta(seconds=25)


class Incomplete(RelayError):
    """Part of an invocation that no queue holds could not be done; repeating it does the rest."""


class RemainingTime(Protocol):
    """The part of Lambda's context that has the remaining time of the invocation."""

    def get_remaining_time_in_millis(self) -> int: ...


def working_until(context: RemainingTime, now: datetime) -> datetime:
    """Return when to begin nothing more, so that the rest is given back in time."""
    return now + timedelta(milliseconds=context.get_remaining_time_in_millis()) - _MARGIN


def respond(incoming: Sequence[Incoming[Content]], report: Report) -> dict[str, object]:
    """Return the function's answer.

    To a queue: the partial batch response. To a direct invocation: what became of each request.

    Raises:
        Incomplete: part of a direct invocation must be repeated.
    """
    if incoming and all(item.delivery.queued for item in incoming):
        return {
            "batchItemFailures": [{"itemIdentifier": message_id} for message_id in report.returned]
        }
    if report.returned:
        reasons = {
            value
            for note in report.notes
            if note.level is Level.ERROR
            for name, value in note.fields
            if name in ("error", "reason")
        }
        raise Incomplete(
            f"{len(report.returned)} of {len(incoming)} deliveries were not processed: "
            + "; ".join(sorted(reasons) or ["time ran out"])
        )
    return {
        "requests": [answer.to_json() for answer in report.answers],
        "counts": {str(name): number for name, number in report.counts.items()},
    }
