"""How many requests a backfill lets wait."""

from datetime import timedelta

import pytest
from relay.backfill.pace import (
    FIRST_TARGET,
    LEAST_TARGET,
    LOST_AFTER,
    MOST_MESSAGES_OF_OTHERS,
    MOST_MINUTES_AHEAD,
    MOST_REQUESTS_AHEAD,
    MOST_TARGET,
    Measurement,
    joined,
    measured,
    room,
    target_of,
)
from relay.backfill.record import Marker, Pace
from relay.errors import TransientError
from relay.model import Attempt, AttemptState

from tests.support import samples
from tests.support.samples import NOON

MINUTE = timedelta(minutes=1)
TTL = timedelta(hours=6)


def marker(number: int, requests: int = 10, age: timedelta = MINUTE) -> Marker:
    return Marker(f"{number:032x}", requests, NOON - age)


def pace(*markers: Marker, target: int = 100, per_minute: float = 0) -> Pace:
    return Pace(target, per_minute, None, markers, NOON - MINUTE)


def ended(*markers: Marker, seconds: float = 1) -> dict[str, Attempt | TransientError]:
    return {
        each.id: samples.attempt(
            each.id,
            state=AttemptState.COMPLETED,
            submitted_at=NOON,
            routed_at=NOON + timedelta(seconds=seconds),
        )
        for each in markers
    }


def still_open(*markers: Marker) -> dict[str, Attempt | TransientError]:
    return {each.id: samples.attempt(each.id) for each in markers}


def test_until_the_endpoint_is_busy_twice_as_many_go_each_time() -> None:
    sent = [marker(number) for number in range(10)]

    after = measured(pace(*sent), ended(*sent), 0, NOON).pace

    assert (after.target, after.waiting, after.per_minute) == (200, 0, 0)


def test_a_busy_endpoint_gets_what_it_ended_and_a_tenth_more() -> None:
    sent = [marker(number) for number in range(20)]

    known = {**still_open(*sent[10:]), **ended(*sent[:10])}
    after = measured(pace(*sent, target=200), known, 5, NOON).pace

    assert (after.waiting, after.per_minute) == (100, 100)
    assert after.target == round(1.1 * 100 * (1 + 1 / 60))


def test_after_it_was_busy_the_target_grows_by_a_tenth() -> None:
    sent = [marker(number) for number in range(10)]

    after = measured(pace(*sent, target=100, per_minute=100), ended(*sent), 0, NOON).pace

    assert after.target == 110


def test_a_long_inference_needs_more_in_the_endpoint() -> None:
    sent = [marker(number, age=20 * MINUTE) for number in range(20)]
    known = {**still_open(*sent[10:]), **ended(*sent[:10], seconds=300)}

    after = measured(pace(*sent, target=200), known, 0, NOON).pace

    assert after.shortest_seconds == 300
    assert after.target == round(1.1 * 100 * 6)


def test_what_is_on_time_does_not_make_the_endpoint_busy() -> None:
    sent = [marker(number, age=timedelta(seconds=10)) for number in range(10)]

    after = measured(pace(*sent), still_open(*sent), 0, NOON).pace

    assert (after.target, after.per_minute) == (100, 0)


def test_the_target_halves_at_most_and_has_bounds() -> None:
    sent = [marker(number) for number in range(10)]

    halved = measured(pace(*sent), still_open(*sent), 0, NOON).pace
    least = measured(pace(*sent, target=LEAST_TARGET), still_open(*sent), 0, NOON).pace
    most = measured(
        pace(marker(1, MOST_TARGET), target=MOST_TARGET), ended(marker(1)), 0, NOON
    ).pace

    assert [each.target for each in (halved, least, most)] == [50, LEAST_TARGET, MOST_TARGET]


@pytest.mark.parametrize(
    ("age", "messages", "waits"),
    [(LOST_AFTER + MINUTE, 0, False), (LOST_AFTER + MINUTE, 1, True), (LOST_AFTER, 0, True)],
)
def test_a_message_that_is_gone_is_not_waited_for(
    age: timedelta, messages: int, waits: bool
) -> None:
    after = measured(pace(marker(1, age=age)), {}, messages, NOON).pace

    assert bool(after.markers) is waits


def test_an_attempt_that_was_not_read_waits() -> None:
    one = marker(1)

    assert measured(pace(one), {one.id: TransientError("not read")}, 0, NOON).pace.markers == (one,)


def test_there_is_room_up_to_the_target() -> None:
    assert room(Measurement(pace(marker(1, 30))), 3, TTL, NOON).requests == 70
    assert room(Measurement(pace(marker(1, 130))), 3, TTL, NOON).requests == 0


def test_nothing_is_sent_while_requests_wait_for_a_quarter_of_their_ttl() -> None:
    waiting = pace(marker(1, age=TTL / 4 + MINUTE), target=1_000)

    found = room(Measurement(waiting), 0, TTL, NOON)

    assert found.requests == 0
    assert found.reason == "requests that were sent 91 minutes ago have not ended"


def test_nothing_is_sent_while_uploads_wait_in_the_queue() -> None:
    found = room(Measurement(pace(marker(1))), MOST_MESSAGES_OF_OTHERS + 2, TTL, NOON)

    assert (found.requests, "1,002 messages" in found.reason) == (0, True)


@pytest.mark.parametrize(
    ("per_minute", "steady", "ttl", "minutes"),
    [
        (48, True, TTL, MOST_MINUTES_AHEAD),
        (48, False, TTL, 1),
        (48, True, timedelta(minutes=60), 2),
        (48, True, timedelta(minutes=10), 1),
        (MOST_REQUESTS_AHEAD / 2, True, TTL, 2),
        (MOST_REQUESTS_AHEAD, True, TTL, 1),
        (10 * MOST_REQUESTS_AHEAD, True, TTL, 1),
    ],
)
def test_only_a_slow_pace_that_is_steady_is_sent_ahead(
    per_minute: float, steady: bool, ttl: timedelta, minutes: int
) -> None:
    slow = Pace(round(1.1 * per_minute), per_minute)

    found = room(Measurement(slow, steady), 0, ttl, NOON)

    assert found.minutes == minutes
    assert found.requests == round(slow.target + (minutes - 1) * 1.05 * per_minute)


@pytest.mark.parametrize(
    ("before", "left", "steady"), [(100, 10, True), (100, 0, False), (60, 10, False)]
)
def test_a_pace_is_steady_if_as_many_ended_and_some_still_wait(
    before: float, left: int, steady: bool
) -> None:
    sent = [marker(number, requests=10) for number in range(10)]
    waiting = sent[: left // 10]
    known = {**ended(*sent[left // 10 :]), **still_open(*waiting)}

    after = measured(pace(*sent, per_minute=before), known, 0, NOON)

    assert after.steady is steady


@pytest.mark.parametrize(
    ("per_minute", "target"),
    [(None, FIRST_TARGET), (0.5, LEAST_TARGET), (48, 48), (1e6, MOST_TARGET)],
)
def test_a_stated_speed_is_the_first_target(per_minute: float | None, target: int) -> None:
    assert target_of(per_minute) == target


def test_markers_are_joined_and_stand_for_as_many_requests() -> None:
    markers = tuple(marker(number) for number in range(101))

    found = joined(markers, 30)

    assert len(found) <= 30
    assert sum(each.requests for each in found) == 1_010
    assert found[-1].id == markers[-1].id
    assert joined(markers[:30], 30) == markers[:30]
