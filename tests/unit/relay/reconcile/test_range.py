"""Searches of a range of time, which an operator asks for."""

from datetime import timedelta

import pytest
from relay.delivery.report import Count
from relay.errors import NotTried, TransientError

from tests.support.pipeline.reconciling import Search

FIRST, SECOND = "a" * 32, "b" * 32


@pytest.fixture
def search() -> Search:
    return Search()


def test_a_range_is_searched_without_the_cursor(search: Search) -> None:
    search.overdue(FIRST, minutes=10)
    search.overdue(SECOND, minutes=5)
    search.run()
    cursor = search.ledger.cursor()
    now = search.clock.now()

    start, end = now - timedelta(minutes=10), now - timedelta(minutes=5)
    search.begin()
    report = search.use_case.between(start, end)

    assert search.reported == [FIRST, SECOND, FIRST]
    assert search.ledger.cursor() == cursor
    assert report.minutes_behind == 0


def test_a_range_of_centuries_is_searched_where_the_ledger_has_attempts(search: Search) -> None:
    search.overdue(FIRST, minutes=29 * 24 * 60)
    now = search.clock.now()

    start = now.replace(year=1)
    search.begin()
    search.use_case.between(start, now.replace(year=9999))

    assert search.reported == [FIRST]


def test_a_range_ends_no_attempt_that_is_not_overdue(search: Search) -> None:
    search.overdue(FIRST, minutes=-30)
    search.overdue(SECOND, minutes=5)
    now = search.clock.now()

    search.begin()
    search.use_case.between(now - timedelta(hours=1), now + timedelta(hours=1))

    assert search.reported == [SECOND]


def test_a_range_for_which_there_is_no_time_fails_and_says_where_to_continue(
    search: Search,
) -> None:
    now = search.clock.now()
    ids = [f"{number:032x}" for number in range(300)]
    for number, inference_id in enumerate(ids):
        search.overdue(inference_id, minutes=400 - number)
    search.storage.seconds = 8
    search.begin()

    report = search.use_case.between(now - timedelta(days=1), now)

    assert report.counts == {Count.OVERDUE: 200}
    assert isinstance(report.failure, NotTried)
    rest = "continue from 2026-11-20T08:39:00+00:00 to 2026-11-20T12:00:00+00:00"
    assert rest in str(report.failure)


def test_a_range_that_meets_an_error_says_where_to_continue(search: Search) -> None:
    now = search.clock.now()
    search.overdue(FIRST)
    search.faults.plan("ledger.due", TransientError("throttled"))
    search.begin()

    report = search.use_case.between(now - timedelta(hours=1), now)

    assert "continue from 2026-11-20T11:00:00+00:00" in str(report.failure)
    assert any("throttled" in dict(note.fields)["error"] for note in report.notes)
