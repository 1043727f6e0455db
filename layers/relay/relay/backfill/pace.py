"""The pace of a backfill: how many requests may wait at a time.

SageMaker drops a request that waits in its queue longer than its TTL, and a live upload waits
behind everything that was sent before. So a backfill sends no more than the endpoint infers in
about a minute. No setting states that number: it is measured by markers, one of each message, whose
attempts the ledger closes. That needs no metric, which would be a minute old and absent in the
first minutes of an endpoint that scales out from zero.

While a slow endpoint keeps its pace, a run sends for a few minutes ahead, in messages with delays,
and the runs in between have nothing to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relay.backfill.record import Marker, Pace
from relay.errors import RelayError
from relay.model import Attempt, AttemptState

# A run begins with so many requests, unless the caller states the time of an inference.
FIRST_TARGET = 10
LEAST_TARGET = 4
# More than 1,000 in a second would have to be sent by more than one function.
MOST_TARGET = 72_000
# What a busy endpoint has beyond its work until the next measurement, so that it is never idle.
_MARGIN = 1.1
# The growth of what may wait, from one measurement to the next, until the endpoint was busy.
_GROWTH = 2
# The endpoint is busy if so much of what waits is late.
_BUSY = 0.1
# A request is late so long after it was visible on the queue, and twice the shortest inference.
_LATE = timedelta(seconds=15)
# A message may be delivered, and be in no count of the queue, for so long.
LOST_AFTER = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)
# How far ahead a run sends at most: in time, in requests, and as a part of the TTL. What is on the
# queue cannot be taken back, and uploads wait behind it if the endpoint becomes slower.
MOST_MINUTES_AHEAD = 3
MOST_REQUESTS_AHEAD = 500
_TTL_AHEAD = 1 / 24
# A twentieth more than ends, for each further minute, so that the endpoint is busy to the end.
_MARGIN_AHEAD = 1.05
# The pace is steady if as many ended as before, give or take so many.
_STEADY = 0.2
_STEADY_REQUESTS = 2
# Messages of others on the submit queue above which a backfill sends nothing.
MOST_MESSAGES_OF_OTHERS = 1_000


@dataclass(frozen=True, slots=True)
class Room:
    """How many requests may be sent, and for how many minutes; `reason` may say why none."""

    requests: int
    reason: str = ""
    minutes: int = 1


@dataclass(frozen=True, slots=True)
class Measurement:
    """A pace, and whether the endpoint is busy and ends as many requests as before."""

    pace: Pace
    steady: bool = False


def measured(
    pace: Pace, known: Mapping[str, Attempt | RelayError], messages: int, now: datetime
) -> Measurement:
    """Return the pace after a look at the markers.

    Args:
        pace: what was stored.
        known: the attempts of the markers. One that is absent waits in the submit queue; where that
            is empty, a person has deleted its message or submit has parked it.
        messages: those on the submit queue.
        now: the time of the look.
    """

    def waits(marker: Marker) -> bool:
        attempt = known.get(marker.id)
        if attempt is None and messages == 0 and now - marker.sent_at > LOST_AFTER:
            return False
        return not isinstance(attempt, Attempt) or attempt.state is AttemptState.OPEN

    # A retry of a request is another attempt, which is not looked for: it is one of few.
    waiting = tuple(filter(waits, pace.markers))
    pace = replace(pace, shortest_seconds=_shortest(pace, known), planned_until=None)
    if pace.measured_at is None or not pace.markers:
        return Measurement(replace(pace, markers=waiting, measured_at=now))
    left = sum(marker.requests for marker in waiting)
    ended = pace.waiting - left
    minutes = max((now - pace.measured_at) / _MINUTE, 0.25)
    late_after = _LATE + 2 * timedelta(seconds=pace.shortest_seconds or 0)
    late, visible = (
        sum(marker.requests for marker in waiting if now - marker.sent_at > age)
        for age in (late_after, timedelta(0))
    )
    steady = visible > 0 and _is_as_before(pace.per_minute, ended, minutes)
    if steady:
        pace = replace(pace, per_minute=ended / minutes)
    if late > _BUSY * visible:
        pace = replace(pace, per_minute=ended / minutes)
        # Half at most from one run to the next: a slow inference ends nothing for some minutes.
        target = max(_needed(pace.per_minute, pace), pace.target / 2)
    else:
        rate = ended / max(1, minutes)
        factor = _GROWTH if _GROWTH * rate < pace.per_minute or not pace.per_minute else _MARGIN
        target = max(factor * rate, pace.target)
    pace = replace(pace, target=_bounded(target), markers=waiting, measured_at=now)
    return Measurement(pace, steady)


def _is_as_before(per_minute: float, ended: float, minutes: float) -> bool:
    """Whether about as many requests ended as in as many minutes before."""
    expected = per_minute * minutes
    return expected > 0 and abs(ended - expected) <= max(_STEADY * expected, _STEADY_REQUESTS)


def _needed(per_minute: float, pace: Pace) -> float:
    """Return how many requests keep an endpoint busy: in inference, and until the next run."""
    return _MARGIN * per_minute * (1 + (pace.shortest_seconds or 0) / 60)


def _shortest(pace: Pace, known: Mapping[str, Attempt | RelayError]) -> float | None:
    """Return the shortest time from submission to result, which is about that of an inference."""
    times = [
        (attempt.routed_at - attempt.submitted_at).total_seconds()
        for attempt in known.values()
        if isinstance(attempt, Attempt)
        and attempt.state is AttemptState.COMPLETED
        and attempt.routed_at is not None
    ]
    before = [] if pace.shortest_seconds is None else [pace.shortest_seconds]
    return min((*times, *before), default=None)


def _bounded(target: float) -> int:
    return round(min(max(target, LEAST_TARGET), MOST_TARGET))


def room(measurement: Measurement, messages: int, ttl: timedelta, now: datetime) -> Room:
    """Return how many requests may be sent now.

    Args:
        measurement: that of now.
        messages: those on the submit queue, of this backfill and of others.
        ttl: the time after which SageMaker drops a request.
        now: the time of the measurement.
    """
    pace = measurement.pace
    oldest = min((marker.sent_at for marker in pace.markers), default=now)
    if now - oldest > ttl / 4:
        minutes = round((now - oldest) / _MINUTE)
        return Room(0, f"requests that were sent {minutes} minutes ago have not ended")
    if messages > MOST_MESSAGES_OF_OTHERS + len(pace.markers):
        return Room(0, f"SubmitQueue has {messages:,} messages, and they go first")
    minutes = _minutes_ahead(pace, ttl) if measurement.steady else 1
    wanted = pace.target + (minutes - 1) * _MARGIN_AHEAD * pace.per_minute
    return Room(max(0, round(wanted) - pace.waiting), minutes=minutes)


def _minutes_ahead(pace: Pace, ttl: timedelta) -> int:
    """Return for how many minutes to send at a steady pace; one, unless it is slow."""
    most = min(
        MOST_MINUTES_AHEAD, MOST_REQUESTS_AHEAD / pace.per_minute, _TTL_AHEAD * ttl / _MINUTE
    )
    return max(1, int(most))


def target_of(per_minute: float | None) -> int:
    """Return the first target, for an endpoint that ends so many requests a minute."""
    if per_minute is None:
        return FIRST_TARGET
    return _bounded(per_minute)


def joined(markers: tuple[Marker, ...], most: int) -> tuple[Marker, ...]:
    """Return at most so many markers, each of which may stand for more requests."""
    while len(markers) > most:
        pairs = [markers[start : start + 2] for start in range(0, len(markers), 2)]
        markers = tuple(replace(pair[-1], requests=sum(m.requests for m in pair)) for pair in pairs)
    return markers
