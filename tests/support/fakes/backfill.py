"""Fakes of what only the backfill function needs."""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from relay.aws.clients import LIMITS
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.backfill.ports import ListedPage, Overtaken
from relay.backfill.record import Backfill, Control
from relay.budget import Budget
from relay.errors import NotTried, RelayError
from relay.ports import StoredObject
from relay.s3uri import S3Uri

from tests.support.fakes.ports import FakeClock, Faults
from tests.support.fakes.queues import FakeQueues
from tests.support.samples import BUCKET, NOON, SUBMIT_QUEUE

DEPLOYED_AT = NOON - timedelta(days=1)
LONG_AGO = NOON - timedelta(days=100)

_Stored = TypeVar("_Stored", Backfill, Control)


class FakeListing:
    """Buckets of objects, as `relay.backfill.ports.Listing`. `pages` counts the listings.

    A page takes `seconds` of the clock. As with the adapter, one that could outlast the budget is
    not begun.
    """

    def __init__(
        self, faults: Faults | None, clock: FakeClock, budget: Budget, seconds: float = 0.0
    ) -> None:
        self.objects: dict[tuple[str, str], StoredObject] = {}
        self._sorted: dict[str, list[bytes]] = {}
        self.trouble: RelayError | None = None
        self.pages = 0
        self.seconds = seconds
        self._faults = faults or Faults()
        self._clock = clock
        self._budget = budget

    def put(
        self,
        *keys: str,
        modified_at: datetime = LONG_AGO,
        size: int = 12,
        etag: str = "e1",
        bucket: str = BUCKET,
    ) -> None:
        for key in keys:
            found = StoredObject(S3Uri(bucket, key), modified_at, size, etag)
            self.objects[bucket, key] = found
        self._sorted.clear()

    def delete(self, key: str) -> None:
        del self.objects[BUCKET, key]
        self._sorted.clear()

    def page(self, bucket: str, prefix: str, after: str, limit: int) -> ListedPage:
        assert 1 <= limit <= 1_000, "S3 answers with at most 1,000 objects"
        if self._budget.left() < LIMITS["s3"].seconds:
            raise NotTried("listing.page: no time is left")
        self._clock.advance(self.seconds)
        with self._faults.step("listing.page"):
            if self.trouble is not None:
                raise self.trouble
        self.pages += 1
        keys = self._keys(bucket)
        begin = max(bisect_left(keys, prefix.encode()), bisect_right(keys, after.encode()))
        following = (key.decode() for key in keys[begin : begin + limit + 1])
        found = [self.objects[bucket, key] for key in following if key.startswith(prefix)]
        return ListedPage(found[:limit], last=len(found) <= limit)

    def _keys(self, bucket: str) -> list[bytes]:
        """In the order of their UTF-8 bytes."""
        if bucket not in self._sorted:
            self._sorted[bucket] = sorted(
                key.encode() for place, key in self.objects if place == bucket
            )
        return self._sorted[bucket]


class FakeBackfillStore:
    """The records in memory, with the codec and the conditions of the adapter."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.items: dict[str, tuple[int, str]] = {}
        self.writes = 0
        self._faults = faults or Faults()

    def control(self) -> Control:
        return self._read(Control, "") or Control()

    def write_control(self, control: Control) -> Control:
        return self._write("", control)

    def load(self, name: str) -> Backfill | None:
        return self._read(Backfill, name)

    def save(self, backfill: Backfill) -> Backfill:
        return self._write(backfill.name, backfill)

    def deployed_at(self) -> datetime:
        return DEPLOYED_AT

    def _read(self, type_: type[_Stored], key: str) -> _Stored | None:
        with self._faults.step("store.read"):
            if key not in self.items:
                return None
            return from_json(type_, self.items[key][1])

    def _write(self, key: str, stored: _Stored) -> _Stored:
        following = replace(stored, version=stored.version + 1)
        with self._faults.step("store.write"):
            version, _ = self.items.get(key, (0, ""))
            if version != stored.version:
                raise Overtaken("another invocation has written it")
            self.items[key] = following.version, to_json(following)
            self.writes += 1
        return following


class FakeSchedule:
    """The rule; disabled at first, as after a run that found nothing to do."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.enabled = False
        self._faults = faults or Faults()

    def enable(self) -> None:
        with self._faults.step("schedule.enable"):
            self.enabled = True

    def disable(self) -> None:
        with self._faults.step("schedule.disable"):
            self.enabled = False


class FakeBacklog:
    """How long the submit queue is; `others` are messages that it has beside those here."""

    def __init__(self, queues: FakeQueues, faults: Faults | None = None) -> None:
        self.others = 0
        self._queues = queues
        self._faults = faults or Faults()

    def messages(self) -> int:
        with self._faults.step("backlog.messages"):
            return self.others + self._queues.waiting(SUBMIT_QUEUE)
