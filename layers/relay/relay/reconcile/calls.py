"""What the reconcile function can be asked to do.

{"action": "reconcile"}                                    from the cursor to now
{"action": "reconcile", "from": "2026-11-01T00:00Z", "to": "2026-11-02T00:00Z"}
{"action": "status", "request_id": "…"}                    the relay's id, or the caller's own
"""

from dataclasses import dataclass
from datetime import datetime

from relay.errors import PermanentError
from relay.events.fields import Fields


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Reconcile from the cursor to now."""


@dataclass(frozen=True, slots=True)
class Range:
    """Reconcile a range of time once more: attempts that were due in it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class StatusQuestion:
    """Where does this request stand?"""

    request_id: str


def read_action(event: object) -> Scheduled | Range | StatusQuestion:
    """Read what reconcile is asked. Raises PermanentError with what can be asked."""
    fields = Fields(event)
    if fields.optional_text("detail-type") == "Scheduled Event":
        return Scheduled()
    action = fields.optional_text("action")
    if action == "status":
        return StatusQuestion(fields.text("request_id"))
    if action == "reconcile":
        start, end = fields.optional_time("from"), fields.optional_time("to")
        if start and end:
            return Range(start, end)
        if start or end:
            raise PermanentError("give both 'from' and 'to', or neither")
        return Scheduled()
    raise PermanentError(f"action is {action!r}; known are 'reconcile' and 'status'")
