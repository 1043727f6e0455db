"""A cursor that a wrong clock left behind, or that cannot be read, hides no overdue attempt."""

from datetime import timedelta

import pytest
from relay.delivery.report import Count
from relay.errors import UnexpectedError
from relay.model import Due

from tests.support import samples
from tests.support.pipeline.reconciling import Search

ID, OTHER = "a" * 32, "b" * 32
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.fixture
def search() -> Search:
    search = Search()
    search.run()
    return search


def test_what_becomes_overdue_after_a_run_whose_clock_was_ahead_is_reported(
    search: Search,
) -> None:
    search.clock.advance(20 * DAY)
    search.run()
    search.clock.advance(5 * MINUTE - 20 * DAY)
    now = search.clock.now()
    due_at = now + timedelta(hours=7)
    search.ledger.items[ID] = samples.attempt(ID, submitted_at=now, due_at=due_at)
    search.ledger.items[OTHER] = samples.attempt(OTHER, due_at=now - timedelta(hours=1))

    report = search.run()

    assert "the cursor is in the future" in str(report.failure)
    assert report.minutes_behind == 0
    assert search.ledger.cursor() == Due(now - timedelta(minutes=1))
    assert search.reported == [OTHER]
    search.clock.advance(7 * HOUR + 2 * MINUTE)
    assert search.run().failure is None
    assert search.reported == [OTHER, ID]


def test_a_clock_that_is_a_minute_ahead_moves_no_cursor_back(search: Search) -> None:
    search.clock.advance(-MINUTE)

    report = search.run()

    assert report.failure is None
    assert search.ledger.cursor() == Due(search.clock.now())


def test_a_run_that_crashes_after_the_cursor_is_moved_back_is_continued(search: Search) -> None:
    search.clock.advance(-HOUR)
    search.overdue(ID, minutes=2 * 24 * 60)
    search.faults.plan("ledger.due", UnexpectedError("a bug"))
    search.run()
    search.clock.advance(5 * MINUTE)

    report = search.run()

    assert report.failure is None
    assert search.reported == [ID]


def test_a_cursor_that_cannot_be_read_is_written_again(search: Search) -> None:
    search.overdue(ID, minutes=24 * 60)
    search.ledger.trouble = UnexpectedError("the cursor cannot be read")

    report = search.run()

    assert report.failure is not None
    assert report.counts == {Count.OVERDUE: 1, Count.BROKEN: 1}
    assert search.run().failure is None
    assert search.reported == [ID]
