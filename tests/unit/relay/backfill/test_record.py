"""A record that an earlier version wrote is read, with the defaults of what it does not have."""

from datetime import UTC, datetime

from relay.aws.dynamodb.json_codec import from_json
from relay.backfill.record import Backfill, BackfillState, Ended, Marker, Pace, Progress
from relay.backfill.selection import Selection

# As it was written before requests were sent ahead: without `planned_until`.
BEFORE_FEEDING_AHEAD = """
{"name": "year-2025",
 "selection": {"bucket": "data", "prefix": "inputs/2025/",
  "modified_to": "2026-11-20T12:00:00+00:00", "suffix": ".csv",
  "modified_from": null, "min_bytes": 0, "max_bytes": null},
 "pace": {"target": 53, "per_minute": 48.0, "shortest_seconds": 5.25,
  "markers": [{"id": "0123456789abcdef0123456789abcdef-1", "requests": 40,
   "sent_at": "2026-11-21T09:30:15+00:00"}],
  "measured_at": "2026-11-21T09:30:00+00:00"},
 "started_at": "2026-11-20T12:30:00+00:00", "state": "paused", "repetition": 0,
 "total": {"after": "inputs/2025/z.csv", "done": true, "objects": 182500, "bytes": 1825000000},
 "left_out": 7,
 "sent": {"after": "inputs/2025/m.csv", "done": false, "objects": 75240, "bytes": 0},
 "sent_at": "2026-11-21T09:30:15+00:00",
 "counted": {"after": "inputs/2025/l.csv", "done": false, "objects": 74003, "bytes": 0},
 "ended": {"completed": 74000, "failed": 3, "expired": 0, "rejected": 0, "unknown": 0},
 "ended_at": null, "problem": "access to bucket data is denied", "version": 1312}
"""


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 21, hour, minute, second, tzinfo=UTC)


def test_a_record_without_the_members_of_later_versions_is_read() -> None:
    read = from_json(Backfill, BEFORE_FEEDING_AHEAD)

    assert read == Backfill(
        name="year-2025",
        selection=Selection(
            "data", "inputs/2025/", datetime(2026, 11, 20, 12, tzinfo=UTC), suffix=".csv"
        ),
        pace=Pace(
            target=53,
            per_minute=48.0,
            shortest_seconds=5.25,
            markers=(Marker("0123456789abcdef0123456789abcdef-1", 40, at(9, 30, 15)),),
            measured_at=at(9, 30),
            planned_until=None,
        ),
        started_at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
        state=BackfillState.PAUSED,
        total=Progress("inputs/2025/z.csv", True, 182_500, 1_825_000_000),
        left_out=7,
        sent=Progress("inputs/2025/m.csv", objects=75_240),
        sent_at=at(9, 30, 15),
        counted=Progress("inputs/2025/l.csv", objects=74_003),
        ended=Ended(completed=74_000, failed=3),
        problem="access to bucket data is denied",
        version=1312,
    )
