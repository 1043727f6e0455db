"""`list` and `count`: the requests of a range of time."""

from collections import Counter
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from relayctl.commands import Context
from relayctl.progress import progress
from relayctl.requests.search import (
    Prefix,
    Reason,
    Selection,
    Since,
    State,
    Until,
    found,
)
from relayctl.times import local

# A range of many days takes a while, however few its requests are.
_LOOKING = "Looking at requests"


class Grouping(StrEnum):
    """By what `count` groups."""

    STATE = "state"
    REASON = "reason"


def list_requests(
    context: Context,
    since: Since = "24h",
    until: Until = None,
    state: State = None,
    prefix: Prefix = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 100,
) -> None:
    """List requests with their state and the reason of a failure."""
    selection = Selection.of(context.deployment, since, until, state, prefix, reason)
    with progress(context.output, _LOOKING) as advance:
        requests = []
        for request in islice(found(context.deployment, selection), limit + 1):
            requests.append(request)
            advance(1)
    shown, more = requests[:limit], len(requests) > limit
    context.output.document({"requests": shown, "more": more})
    header = ["request", "state", "submitted (UTC)", "input", "reason"]
    members = ["request_id", "state", "submitted_at", "input_location", "reason"]
    if any("resubmitted_as" in each for each in shown):
        header.append("resubmitted as")
        members.append("resubmitted_as")
    rows = [{**each, "submitted_at": local(each.get("submitted_at"))} for each in shown]
    context.output.table(header, [[row.get(name) for name in members] for row in rows])
    if not shown:
        context.output.note(f"no request of these options since {since}")
    if more:
        context.output.note(f"there are more than {limit}: set --limit, or narrow the options")


def count(
    context: Context,
    since: Since = "24h",
    until: Until = None,
    state: State = None,
    prefix: Prefix = None,
    reason: Reason = None,
    by: Annotated[Grouping, typer.Option(help="What to group by.")] = Grouping.STATE,
) -> None:
    """Count requests by state, or failures by reason."""
    selection = Selection.of(context.deployment, since, until, state, prefix, reason)
    counts: Counter[str] = Counter()
    resubmitted = 0
    with progress(context.output, _LOOKING) as advance:
        for request in found(context.deployment, selection):
            resubmitted += "resubmitted_as" in request
            if by is Grouping.STATE or request.get("reason"):
                counts[str(request[by.value])] += 1
            advance(1)
    total = counts.total()
    document = {"total": total, by.value: dict(counts.most_common())}
    context.output.document({**document, "resubmitted": resubmitted} if resubmitted else document)
    rows = [*counts.most_common(), ("total", total)]
    context.output.table((by.value, "requests"), rows)
    if resubmitted:
        context.output.note(
            f"{resubmitted:,} of these were resubmitted; the requests that repeat them count too"
        )
