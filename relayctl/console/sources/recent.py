"""The newest requests first, read backwards in pieces of time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from relayctl.deployment import Deployment
from relayctl.requests.search import Selection, found

# The function lists the oldest request first. The newest ones are usually enough, so that a short
# piece of time is asked for first, and longer ones follow while there are too few.
_FIRST_PIECE: Final = timedelta(minutes=5)
_GROWTH: Final = 4
_MOST_OF_A_PIECE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Recent:
    """Requests, the newest first. `more`: there are older ones that were not read."""

    requests: list[Mapping[str, Any]]
    more: bool


def newest(deployment: Deployment, selection: Selection, enough: int, now: datetime) -> Recent:
    """Return at least so many of the newest requests that a selection has, if there are.

    Raises:
        RelayctlError: the reconcile function refused or failed.
    """
    end, piece = selection.until or now, _FIRST_PIECE
    requests: list[Mapping[str, Any]] = []
    while len(requests) < enough and end > selection.since:
        start = max(end - piece, selection.since)
        listed = found(deployment, replace(selection, since=start, until=end))
        read = list(islice(listed, _MOST_OF_A_PIECE))
        requests += sorted(read, key=lambda each: str(each.get("submitted_at")), reverse=True)
        end, piece = start, piece * _GROWTH
    return Recent(requests, end > selection.since)
