"""Results, latency and failures over the last minutes, from the list of requests."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from relayctl.deployment import Deployment
from relayctl.requests.search import Selection, found

# The ranges of time that the charts have, with the width of a point in seconds.
RANGES: Final[Mapping[str, tuple[timedelta, int]]] = {
    "10m": (timedelta(minutes=10), 10),
    "1h": (timedelta(hours=1), 60),
    "6h": (timedelta(hours=6), 300),
    "24h": (timedelta(hours=24), 1200),
}
USUAL_RANGE: Final = "10m"
_MOST: Final = 10_000
_FAILURES: Final = ("failed", "rejected", "expired")
_ENDED: Final = ("completed", *_FAILURES)


@dataclass(frozen=True, slots=True)
class Activity:
    """Points of equal width, the oldest first. Latencies are seconds, from submission to result.

    `complete`: False if there are more requests than were read; the numbers are then too small.
    """

    width: int
    times: list[int]
    completed: list[int]
    failed: list[int]
    rejected: list[int]
    expired: list[int]
    median: list[float | None]
    slowest: list[float | None]
    states: Mapping[str, int]
    last_minute: Mapping[str, int]
    complete: bool

    @property
    def requests(self) -> int:
        return sum(self.states.values())

    @property
    def failures(self) -> int:
        return sum(self.states.get(each, 0) for each in _FAILURES)

    @property
    def under_way(self) -> int:
        return sum(n for state, n in self.states.items() if state not in _ENDED)

    @property
    def failed_last_minute(self) -> int:
        return sum(self.last_minute.get(each, 0) for each in _FAILURES)


def activity(deployment: Deployment, span: str, now: datetime) -> Activity:
    """Return what happened in one of `RANGES` before `now`.

    Raises:
        RelayctlError: the reconcile function refused or failed.
    """
    length, _ = RANGES[span]
    listed = found(deployment, Selection(now - length, now))
    read = list(islice(listed, _MOST + 1))
    return summary(read[:_MOST], span, now, complete=len(read) <= _MOST)


def summary(
    requests: Iterable[Mapping[str, Any]], span: str, now: datetime, *, complete: bool = True
) -> Activity:
    """Count requests, as the reconcile function lists them, into points of time."""
    length, width = RANGES[span]
    end = int(now.timestamp()) // width * width  # the point of now is not complete yet
    times = list(range(end - int(length.total_seconds()), end, width))
    counts: dict[str, Counter[int]] = {each: Counter() for each in _ENDED}
    latencies: dict[int, list[float]] = {}
    states: Counter[str] = Counter()
    last_minute: Counter[str] = Counter()
    for each in requests:
        states[each["state"]] += 1
        if each["state"] not in _ENDED or "routed_at" not in each:
            continue
        at = datetime.fromisoformat(each["routed_at"])
        point = int(at.timestamp()) // width * width
        counts[each["state"]][point] += 1
        if now - at <= timedelta(minutes=1):
            last_minute[each["state"]] += 1
        if each["state"] == "completed":
            begun = datetime.fromisoformat(each["submitted_at"])
            latencies.setdefault(point, []).append((at - begun).total_seconds())
    points = {state: [counts[state][time] for time in times] for state in _ENDED}
    return Activity(
        width,
        times,
        completed=points["completed"],
        failed=points["failed"],
        rejected=points["rejected"],
        expired=points["expired"],
        median=[_rank(latencies.get(time), 0.5) for time in times],
        slowest=[_rank(latencies.get(time), 0.95) for time in times],
        states=states,
        last_minute=last_minute,
        complete=complete,
    )


def _rank(values: list[float] | None, share: float) -> float | None:
    if not values:
        return None
    return round(sorted(values)[min(int(share * len(values)), len(values) - 1)], 3)
