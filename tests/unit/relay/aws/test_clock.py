"""The machine's clock."""

from datetime import UTC, datetime, timedelta

from relay.aws.clock import SystemClock


def test_the_time_is_in_utc() -> None:
    before = datetime.now(UTC)

    now = SystemClock().now()

    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)
