"""Counting: what is selected, and how the requests that were sent have ended."""

from dataclasses import dataclass, replace

from relay.backfill.ports import Listing
from relay.backfill.record import Backfill, Progress
from relay.backfill.repeat import REPEATED, LastRequest, last_requests
from relay.model import AttemptState
from relay.ports import AttemptReader

PAGE = 1_000
_OUTCOMES = {
    AttemptState.COMPLETED: "completed",
    AttemptState.FAILED: "failed",
    AttemptState.EXPIRED: "expired",
    AttemptState.REJECTED: "rejected",
}


def count_selected(backfill: Backfill, listing: Listing) -> Backfill:
    """Return the backfill with the selected objects of the next page counted.

    Raises:
        RelayError: the bucket cannot be listed.
    """
    selection, total = backfill.selection, backfill.total
    page = listing.page(selection.bucket, selection.prefix, total.after, PAGE)
    selected = [found for found in page.objects if selection.takes(found)]
    counted = Progress(
        after=page.objects[-1].location.key if page.objects else total.after,
        done=page.last,
        objects=total.objects + len(selected),
        bytes=total.bytes + sum(found.size for found in selected),
    )
    left_out = sum(map(selection.takes_but_for_age, page.objects))
    return replace(backfill, total=counted, left_out=backfill.left_out + left_out)


@dataclass(frozen=True, slots=True)
class Counted:
    """A backfill after some ends were counted. `blocked`: a request has not ended."""

    backfill: Backfill
    blocked: bool


def count_ended(
    backfill: Backfill, most: int, listing: Listing, ledger: AttemptReader, *, lost: bool
) -> Counted:
    """Count the ends of at most `most` requests, up to the first one that has not ended.

    Args:
        backfill: what was stored.
        most: how many objects to look at.
        listing: lists them.
        ledger: has their attempts.
        lost: nothing is on its way any more, so that an object without a request has none.

    Raises:
        RelayError: the bucket cannot be listed, or the ledger not be read.
    """
    selection, before = backfill.selection, backfill.counted
    page = listing.page(selection.bucket, selection.prefix, before.after, min(PAGE, most))
    in_reach = [
        found
        for found in page.objects
        if backfill.sent.done or found.location.key <= backfill.sent.after
    ]
    selected = [found for found in in_reach if selection.takes(found)]
    chosen = {found.location.key for found in selected}
    last = last_requests(selected, backfill.repetition, ledger)
    ended, passed = backfill.ended, []
    for found in in_reach:
        key = found.location.key
        if key in chosen:
            outcome = _outcome(last.get(key), backfill.repetition, lost=lost)
            if outcome is None:
                break
            ended = replace(ended, **{outcome: getattr(ended, outcome) + 1})
        passed.append(found)
    blocked = len(passed) < len(in_reach)
    counted = [found for found in passed if found.location.key in chosen]
    progress = Progress(
        after=passed[-1].location.key if passed else before.after,
        done=len(passed) == len(page.objects) and page.last and backfill.sent.done,
        objects=before.objects + len(counted),
        bytes=before.bytes + sum(found.size for found in counted),
    )
    return Counted(replace(backfill, counted=progress, ended=ended), blocked)


def _outcome(last: LastRequest | None, repetition: int, *, lost: bool) -> str | None:
    """Return the name of the count for an object; None while its request has not ended."""
    if last is None:
        return "unknown" if lost else None
    if last.state in REPEATED and last.repetition < repetition and not lost:
        return None  # the next request is not claimed yet
    return _OUTCOMES.get(last.state)
