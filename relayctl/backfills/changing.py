"""`backfill pause`, `resume`, `cancel` and `retry-failed`."""

from collections.abc import Mapping
from typing import Any

from relayctl.backfills.calls import act, next_step, to_repeat
from relayctl.backfills.status import Name
from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.output import plain


def pause(context: Context, name: Name = "") -> None:
    """Submit nothing further until `relayctl backfill resume`.

    Requests that were sent end in results.
    """
    _report(context, act(context.deployment, "pause", name))


def resume(context: Context, name: Name = "") -> None:
    """Go on with a backfill that was paused, or that paused itself."""
    _report(context, act(context.deployment, "resume", name))


def cancel(context: Context, name: Name = "", yes: Yes = False) -> None:
    """Submit nothing further, for good. Requests that were sent end in results."""
    status = act(context.deployment, "status", name)
    if status["state"] in ("running", "paused"):
        objects = f" of {status['objects']:,}" if "objects" in status else ""
        confirm(
            context.output,
            f"Cancel {status['name']} for good, after {status['sent']:,}{objects} requests?",
            yes=yes,
        )
    _report(context, act(context.deployment, "cancel", status["name"]))


def retry_failed(context: Context, name: Name = "", yes: Yes = False) -> None:
    """Resubmit the requests of a completed backfill that failed, expired or were rejected.

    Correct the cause first. Each is repeated as a new request, whose result names the old one as
    data.resubmission_of. A request that was resubmitted is not resubmitted again.
    """
    status = act(context.deployment, "status", name)
    if status["state"] == "completed" and (failed := to_repeat(status)):
        confirm(context.output, f"Resubmit {failed:,} requests of {status['name']}?", yes=yes)
    _report(context, act(context.deployment, "retry_failed", status["name"]))


def _report(context: Context, status: Mapping[str, Any]) -> None:
    context.output.document(status)
    context.output.text(
        f"{plain(status['name'])} is {plain(status['state'])}. Next: {plain(next_step(status))}"
    )
