"""The response of a function to its deliveries, and the time by which it is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from relay.delivery.report import Level, Report, RequestAnswer
from relay.errors import RelayError, bounded
from relay.model import Content, Incoming

# For the log, the metrics and the response.
MARGIN = timedelta(seconds=3)


class Incomplete(RelayError):
    """Part of a direct invocation was not processed; repeating it does the rest."""


class RemainingTime(Protocol):
    """The part of Lambda's context that has the remaining time of the invocation."""

    def get_remaining_time_in_millis(self) -> int: ...


def ends_at(context: RemainingTime, now: datetime) -> datetime:
    """Return the time by which the use case must be done (see `relay.budget`)."""
    return now + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN


def _place(answer: RequestAnswer) -> int:
    return answer.number or 0


def respond(incoming: Sequence[Incoming[Content]], report: Report) -> dict[str, object]:
    """Return the function's response.

    To a queue: the partial batch response. To a direct invocation: the status of each request.

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
            + bounded("; ".join(sorted(reasons) or ["time ran out"]))
        )
    return {
        "requests": [answer.to_json() for answer in sorted(report.answers, key=_place)],
        "counts": {str(name): number for name, number in report.counts.items()},
    }
