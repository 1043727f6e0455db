"""`tail`: requests as they happen."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Annotated, Any

import typer
from relay.model import RequestState

from relayctl.commands import Context
from relayctl.deployment import Deployment
from relayctl.errors import Exit
from relayctl.flow.paused import note_pauses
from relayctl.output import json_text, plain
from relayctl.requests.search import Prefix, Selection, Since, State, found
from relayctl.requests.wait import ENDED, seconds
from relayctl.times import local

# A request may be listed this much later than the time of its submission: submit claims a batch at
# a time, the index of the ledger follows the table, and the clock here may be fast.
_LATE = timedelta(minutes=5)
# A result that is held can wait for its target for days.
_LONGEST = timedelta(days=1)
_FINAL = ENDED - {RequestState.HELD}
_COLORS = {"completed": "green", "submitted": "default", "retrying": "yellow", "held": "yellow"}


def tail(
    context: Context,
    since: Since = "10m",
    state: State = None,
    prefix: Prefix = None,
    interval: Annotated[str, typer.Option(help="How often to look.")] = "2s",
) -> Exit:
    """Show requests as they happen: each once, and again when its state has changed.

    Begins with the requests since --since, and ends with Ctrl-C. With --json, prints one document
    on each line.
    """
    pause = seconds(interval, "--interval")
    note_pauses(context.deployment, context.output)
    selection = Selection.of(context.deployment, since, None, None, prefix, None)
    states = {each.value for each in state or ()}
    try:
        for request in changes(context.deployment, selection, pause):
            if not states or request["state"] in states:
                _show(context, request)
    except KeyboardInterrupt:
        return Exit.DONE
    return Exit.DONE


def changes(
    deployment: Deployment, selection: Selection, pause: float
) -> Iterator[Mapping[str, Any]]:
    """Yield each request of a selection when its state is new, without an end.

    A request is asked about again until it ends, and a new one is found by the time at which it was
    submitted. So each question reads from the oldest request on that has not ended, and a day at
    most.

    Args:
        deployment: the stack.
        selection: whose end is ignored.
        pause: seconds between two questions; longer, where a question takes longer.

    Raises:
        RelayctlError: reconcile refused or failed.
    """
    states: dict[str, str] = {}
    since = selection.since
    while True:
        begun, looked_at = monotonic(), now()
        oldest = looked_at - _LATE
        known: dict[str, str] = {}
        asked = Selection(since, None, prefix=selection.prefix)
        for request in sorted(found(deployment, asked), key=_changed_at):
            request_id, state = request["request_id"], request["state"]
            known[request_id] = state
            if states.get(request_id) != state:
                yield request
            if state not in _FINAL and (submitted := request.get("submitted_at")):
                oldest = min(oldest, datetime.fromisoformat(submitted))
        # What is older than the next question is not listed again.
        states = known
        since = max(since, oldest, looked_at - _LONGEST)
        sleep(max(pause, monotonic() - begun))


def now() -> datetime:
    """Return the time here."""
    return datetime.now(UTC)


def _changed_at(request: Mapping[str, Any]) -> datetime:
    text = request.get("routed_at") or request.get("submitted_at")
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _show(context: Context, request: Mapping[str, Any]) -> None:
    if context.output.as_json:
        print(json_text(request), flush=True)
        return
    state = request["state"]
    color = _COLORS.get(state, "red")
    time = local(request.get("routed_at") or request.get("submitted_at"))
    name = request.get("input_location") or "inline body"
    reason = f"  {plain(request['reason'])}" if request.get("reason") else ""
    context.output.text(
        f"{time}  {request['request_id']}  [{color}]{state:<9}[/]  {plain(name)}{reason}"
    )
