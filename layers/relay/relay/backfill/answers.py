"""What a reader sees of a backfill: its status as JSON, and the final event."""

import json

from relay.backfill.record import Backfill, BackfillState
from relay.model import OutgoingMessage
from relay.routes.target import Target

DETAIL_TYPE = "Backfill Completed"


def to_json(backfill: Backfill) -> dict[str, object]:
    """Return the status of a backfill. Members without a value are left out."""
    ended, pace = backfill.ended, backfill.pace
    members: dict[str, object] = {
        "name": backfill.name,
        "state": backfill.state.value,
        "problem": backfill.problem or None,
        "next_step": next_step(backfill),
        "percent": percent(backfill),
        "minutes_left": _minutes_left(backfill),
        "objects": backfill.total.objects if backfill.total.done else None,
        "bytes": backfill.total.bytes if backfill.total.done else None,
        "left_out": backfill.left_out or None,
        "sent": backfill.sent.objects,
        "waiting": pace.waiting,
        "per_minute": round(pace.per_minute, 1) or None,
        "ended": {
            "completed": ended.completed,
            "failed": ended.failed,
            "expired": ended.expired,
            "rejected": ended.rejected,
            "unknown": ended.unknown,
        },
        "repetition": backfill.repetition or None,
        "selection": backfill.selection.to_json(),
        "started_at": backfill.started_at.isoformat(),
        "ended_at": backfill.ended_at and backfill.ended_at.isoformat(),
    }
    return {name: value for name, value in members.items() if value is not None}


def percent(backfill: Backfill) -> float | None:
    """Return how many of the selected objects have ended, in percent; None while unknown."""
    if backfill.state is BackfillState.COMPLETED:
        return 100.0
    if not backfill.total.done:
        return None
    ended = min(_ended(backfill), backfill.total.objects)
    # Not 100 before everything is counted.
    return min(99.9, round(100 * ended / max(1, backfill.total.objects), 1))


def next_step(backfill: Backfill) -> str:
    """Return what to do or to wait for."""
    call = f'"name": "{backfill.name}"'
    match backfill.state:
        case BackfillState.RUNNING if backfill.problem:
            return "check whether the endpoint has an instance; the backfill goes on by itself"
        case BackfillState.RUNNING if backfill.sent.done:
            return "wait: all requests are sent, and some have not ended"
        case BackfillState.RUNNING:
            return "wait: requests are sent as fast as the endpoint ends them"
        case BackfillState.PAUSED if backfill.problem:
            return f'correct what the problem names, then {{"action": "resume", {call}}}'
        case BackfillState.PAUSED:
            return f'{{"action": "resume", {call}}}, or cancel'
        case BackfillState.COMPLETED if backfill.ended.to_repeat:
            return (
                f'correct what their reasons name, then {{"action": "retry_failed", {call}}}; '
                '{"action": "list", "state": "failed"} of reconcile has the reasons'
            )
        case BackfillState.COMPLETED:
            return "nothing: every request has a result"
        case BackfillState.CANCELLED:
            return "nothing: requests that were sent have results, and no others are sent"


def completion_event(backfill: Backfill, stack_name: str, bus: Target) -> OutgoingMessage:
    """Return the event of a backfill that is complete. A repeated one has the same members."""
    detail = {"stack": stack_name, **to_json(backfill)}
    return OutgoingMessage(
        f"{backfill.name}/{backfill.repetition}",
        bus,
        json.dumps(detail),
        detail_type=DETAIL_TYPE,
    )


def _ended(backfill: Backfill) -> int:
    if backfill.repetition:
        return backfill.counted.objects
    return max(backfill.counted.objects, backfill.sent.objects - backfill.pace.waiting)


def _minutes_left(backfill: Backfill) -> int | None:
    if backfill.state is not BackfillState.RUNNING or not backfill.total.done:
        return None
    if backfill.pace.per_minute <= 0:
        return None
    return round(max(0, backfill.total.objects - _ended(backfill)) / backfill.pace.per_minute)
