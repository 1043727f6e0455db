"""When a scheduled action runs next. The expected times were worked out by hand."""

from datetime import UTC, datetime

import pytest
from async_endpoint_emulator.autoscaling.schedules import parse

SUNDAY = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def times(expression: str, timezone: str = "UTC", count: int = 2) -> list[str]:
    """The next times after noon on Sunday, 1 March 2026."""
    schedule, moment = parse(expression, timezone), SUNDAY
    found: list[str] = []
    while len(found) < count and (following := schedule.after(moment)):
        moment = following
        found.append(f"{moment:%a %Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 20 ? * * *)", ["Sun 2026-03-01 20:00", "Mon 2026-03-02 20:00"]),
        ("cron(0 12 * * ? *)", ["Mon 2026-03-02 12:00", "Tue 2026-03-03 12:00"]),
        ("cron(30 7 ? * MON-FRI *)", ["Mon 2026-03-02 07:30", "Tue 2026-03-03 07:30"]),
        ("cron(30 7 ? * 7,1 *)", ["Sat 2026-03-07 07:30", "Sun 2026-03-08 07:30"]),
        ("cron(0 0 1 APR,JUN ? *)", ["Wed 2026-04-01 00:00", "Mon 2026-06-01 00:00"]),
        ("cron(10/25 12 * * ? *)", ["Sun 2026-03-01 12:10", "Sun 2026-03-01 12:35"]),
        ("cron(0 8-10/2 ? * MON *)", ["Mon 2026-03-02 08:00", "Mon 2026-03-02 10:00"]),
        ("cron(0 0 29 2 ? *)", ["Tue 2028-02-29 00:00", "Sun 2032-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2027)", ["Fri 2027-01-01 00:00"]),
        ("rate(5 minutes)", ["Sun 2026-03-01 12:05", "Sun 2026-03-01 12:10"]),
        ("rate(1 day)", ["Mon 2026-03-02 12:00", "Tue 2026-03-03 12:00"]),
        ("at(2026-03-01T12:00:01)", ["Sun 2026-03-01 12:00"]),
        ("at(2026-03-01T12:00:00)", []),
        ("cron(0 0 1 1 ? 2025)", []),
    ],
)
def test_the_next_times_of_an_expression(expression: str, expected: list[str]) -> None:
    assert times(expression) == expected


def test_a_time_is_local_and_follows_the_clocks_changes() -> None:
    """In Berlin the clocks go forward on 29 March 2026."""
    schedule = parse("cron(30 7 ? * SUN *)", "Europe/Berlin")

    before = schedule.after(datetime(2026, 3, 21, tzinfo=UTC))
    after = schedule.after(datetime(2026, 3, 28, tzinfo=UTC))

    assert before == datetime(2026, 3, 22, 6, 30, tzinfo=UTC)
    assert after == datetime(2026, 3, 29, 5, 30, tzinfo=UTC)


def test_a_time_that_a_change_of_the_clock_leaves_out_is_left_out() -> None:
    schedule = parse("cron(30 2 * 3 ? 2026)", "Europe/Berlin")

    found = schedule.after(datetime(2026, 3, 28, 12, tzinfo=UTC))

    assert found == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "timezone"),
    [
        ("cron(0 20 * * *)", "UTC"),
        ("cron(0 20 * * * *)", "UTC"),
        ("cron(0 20 ? * ? *)", "UTC"),
        ("cron(60 20 ? * * *)", "UTC"),
        ("cron(0 20 ? * 0 *)", "UTC"),
        ("cron(0 20 ? * FRI-MON *)", "UTC"),
        ("cron(0 20 L * ? *)", "UTC"),
        ("cron(0 20 ? * MON#1 *)", "UTC"),
        ("rate(0 days)", "UTC"),
        ("nightly", "UTC"),
        ("cron(0 20 ? * * *)", "Europe/Atlantis"),
        ("cron(0 20 ? * * *)", "../etc"),
    ],
)
def test_what_is_no_schedule_is_refused(expression: str, timezone: str) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        parse(expression, timezone)
