"""`backfill preview`: how many objects, how long, and what it costs."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.filesize import decimal

from relayctl.backfills.calls import counts
from relayctl.backfills.options import named_as_options, selecting
from relayctl.commands import Context
from relayctl.output import plain
from relayctl.progress import progress


@selecting
def preview(context: Context, selected: Mapping[str, object]) -> None:
    """Count the objects that a backfill would submit; show hours, dollars and what is assumed.

    Submits nothing. Counts all of them, however many invocations of the function that takes.
    """
    answer = counted(context, selected)
    context.output.document(answer)
    show(context, answer)


def counted(context: Context, selected: Mapping[str, object]) -> Mapping[str, Any]:
    """Return the preview of a selection, when all of its objects are counted.

    Raises:
        RelayctlError: the selection cannot be used, or the function failed.
    """
    answer: Mapping[str, Any] = {}
    with progress(context.output, "counting objects") as advance:
        for following in counts(context.deployment, selected):
            advance(following["objects"] - answer.get("objects", 0))
            answer = following
    return answer


def show(context: Context, answer: Mapping[str, Any]) -> None:
    """Print a preview for a person."""
    for line in _lines(answer):
        context.output.text(line)


def in_words(answer: Mapping[str, Any]) -> str:
    """Return a preview as a question has it: objects, size, hours and dollars."""
    hours = f"about {answer['hours']:,} hours" if "hours" in answer else "an unknown time"
    return (
        f"{answer['objects']:,} objects ({decimal(answer['bytes'])}), for {hours} and "
        f"{_dollars(answer['dollars'])}"
    )


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"objects      {answer['objects']:,}, {decimal(answer['bytes'])}"
    if left_out := answer.get("left_out"):
        yield f"left out     {left_out:,}"
    hours = f"{answer['hours']:,}" if "hours" in answer else "not known"
    yield f"hours        {hours}"
    yield f"dollars      {_dollars(answer['dollars'])}"
    if (within := answer.get("within_ttl")) is not None:
        yield f"within TTL   {within:,} requests, if all were submitted at once"
    for each in answer["assumed"]:
        yield f"assumed      {plain(named_as_options(each))}"


def _dollars(dollars: Mapping[str, float | None]) -> str:
    if (total := dollars["total"]) is not None:
        return f"${total:,.2f}"
    return f"${dollars['requests']:,.2f} without instances"
