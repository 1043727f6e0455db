"""`backfill status` and `backfill list`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from relayctl.backfills.calls import act, backfills, next_step, to_repeat
from relayctl.backfills.waiting import follow
from relayctl.commands import Context
from relayctl.errors import Exit
from relayctl.output import plain
from relayctl.times import local

Name = Annotated[
    str,
    typer.Argument(help="Its name. Default: the one that was started last.", show_default=False),
]
Wait = Annotated[
    bool, typer.Option("--wait", help="Follow it until it runs no more; 0 only if it completed.")
]

_COLORS: Final = {"running": "yellow", "paused": "red", "completed": "green", "cancelled": "red"}
# What the URI of a selection says.
_IN_URI: Final = ("bucket", "prefix")


def status(context: Context, name: Name = "", wait: Wait = False) -> Exit:
    """Show how far a backfill is, how its requests ended, and what to do next.

    Ends with 1 if a problem holds it up; with --wait, if it is paused or cancelled.
    """
    found = act(context.deployment, "status", name)
    if wait:
        found = follow(context, found)
    context.output.document(found)
    for line in _lines(found):
        context.output.text(line)
    well = found["state"] == "completed" if wait else "problem" not in found
    return Exit.DONE if well else Exit.ATTENTION


def list_backfills(context: Context) -> None:
    """Show the last 50 backfills, the newest first."""
    found = backfills(context.deployment)
    context.output.document({"backfills": found})
    if not found:
        context.output.text("there is no backfill: relayctl backfill start")
        return
    context.output.table(
        ("backfill", "state", "ended", "objects", "sent", "failed", "started"),
        [
            (
                each["name"],
                each["state"],
                _percent(each),
                f"{each['objects']:,}" if "objects" in each else "",
                f"{each['sent']:,}",
                f"{to_repeat(each):,}",
                local(each["started_at"]),
            )
            for each in found
        ],
    )


def _lines(status: Mapping[str, Any]) -> Iterator[str]:
    color = _COLORS.get(status["state"], "yellow")
    yield f"backfill [bold]{plain(status['name'])}[/]  [{color}]{plain(status['state'])}[/]"
    if problem := status.get("problem"):
        yield f"  problem      {plain(problem)}"
    yield f"  selection    {_selection(status['selection'])}"
    if "objects" in status:
        yield f"  objects      {status['objects']:,}"
    if left_out := status.get("left_out"):
        yield f"  left out     {left_out:,}, modified too late"
    yield f"  sent         {status['sent']:,}, of which about {status['waiting']:,} have not ended"
    yield f"  ended        {_percent(status)}"
    ends = (f"{number:,} {name}" for name, number in status["ended"].items() if number)
    yield f"  outcomes     {', '.join(ends) or 'none counted'}"
    if pace := status.get("per_minute"):
        yield f"  pace         {pace:,} requests a minute"
    if (minutes := status.get("minutes_left")) is not None:
        yield f"  left         {minutes / 60:,.1f} hours"
    if repetition := status.get("repetition"):
        yield f"  repetition   {repetition}"
    ended = f", ended {local(status['ended_at'])}" if "ended_at" in status else ""
    yield f"  started      {local(status['started_at'])}{ended}"
    yield f"  next         {plain(next_step(status))}"


def _percent(status: Mapping[str, Any]) -> str:
    return f"{status['percent']} %" if "percent" in status else "counting"


def _selection(selection: Mapping[str, Any]) -> str:
    text = f"s3://{selection['bucket']}/{selection['prefix']}"
    others = (f"{name} {value}" for name, value in selection.items() if name not in _IN_URI)
    return plain(", ".join((text, *others)))
