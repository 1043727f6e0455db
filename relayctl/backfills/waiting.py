"""Following a backfill to its end."""

from collections.abc import Iterator, Mapping
from time import sleep
from typing import Any, Final

from relayctl.backfills.calls import act
from relayctl.commands import Context
from relayctl.output import plain
from relayctl.progress import progress

# The function goes on once a minute.
_PAUSE_SECONDS: Final = 10.0


def follow(context: Context, status: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the status of a backfill that runs no more; show its progress meanwhile.

    It goes on whether or not it is followed, and has no deadline here: it can take days.

    Raises:
        RelayctlError: the function failed.
    """
    try:
        return _follow(context, status)
    except KeyboardInterrupt:
        name = status["name"]
        context.output.note(f"the backfill goes on: relayctl backfill status {name} shows it")
        raise


def _follow(context: Context, status: Mapping[str, Any]) -> Mapping[str, Any]:
    following = _statuses(context, status)
    # The bar has a length when the objects are counted.
    with progress(context.output, f"{status['name']}: counting objects"):
        for status in following:
            if "percent" in status:
                break
    if "percent" not in status:
        return status
    done = _done(status)
    with progress(context.output, str(status["name"]), status["objects"]) as advance:
        advance(done)
        for status in following:
            advance(_done(status) - done)
            done = _done(status)
    return status


def _statuses(context: Context, status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the status now and then, the last one when the backfill runs no more."""
    said = ""
    while True:
        line = _line(status)
        if line != said and not context.output.console.is_terminal:
            # A log has a line for each change.
            context.output.console.print(plain(line), soft_wrap=True)
        said = line
        yield status
        if status["state"] != "running":
            return
        sleep(_PAUSE_SECONDS)
        status = act(context.deployment, "status", status["name"])


def _line(status: Mapping[str, Any]) -> str:
    """Return how far it is, in whole percents."""
    far = f"{int(status['percent'])} %" if "percent" in status else "counting objects"
    problem = f": {status['problem']}" if "problem" in status else ""
    return f"{status['name']} {status['state']}, {far}{problem}"


def _done(status: Mapping[str, Any]) -> int:
    objects, percent = int(status["objects"]), float(status["percent"])
    return round(objects * percent / 100)
