"""Direct calls of the reconcile function, and its schedule.

{"action": "reconcile"}                                    from the cursor to now
{"action": "reconcile", "from": "2026-11-01T00:00Z", "to": "2026-11-02T00:00Z"}
{"action": "status", "request_id": "…"}                    the relay's id, or the caller's own
"""

from dataclasses import dataclass
from datetime import datetime

from relay.errors import UnreadableMessage
from relay.reading import Reader


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Reconcile from the cursor to now."""


@dataclass(frozen=True, slots=True)
class Range:
    """Reconcile the attempts that were due in a range of time once more."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """Report the state of a request."""

    request_id: str


def read_action(event: object) -> Scheduled | Range | StatusQuestion:
    """Read an event of the function. Raises UnreadableMessage with every problem."""
    reader = Reader(event)
    action = _action(reader)
    reader.check(UnreadableMessage)
    return action


def _action(reader: Reader) -> Scheduled | Range | StatusQuestion:
    if reader.optional_text("detail-type") == "Scheduled Event":
        return Scheduled()
    match reader.text("action"):
        case "status":
            return StatusQuestion(reader.text("request_id"))
        case "reconcile":
            start, end = reader.optional_time("from"), reader.optional_time("to")
            if start and end:
                return Range(start, end)
            if (start or end) and not reader.problems:
                reader.refuse("", "must have both 'from' and 'to', or neither")
        case action if action:
            reader.refuse("action", f"is {action!r}; known are 'reconcile' and 'status'")
    return Scheduled()
