"""What every store of backfills and every listing does, in memory and on AWS's emulators."""

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from relay.backfill.ports import BackfillStore, Listing, Overtaken
from relay.backfill.record import Backfill, BackfillState, Marker, Pace, Progress
from relay.backfill.selection import Selection

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def backfill(name: str = "a") -> Backfill:
    """With a value in every member."""
    return Backfill(
        name,
        Selection("data", "inputs/gr\u00f6\u00dfe/", NOW, ".csv", NOW - timedelta(days=1), 1, 2),
        Pace(10, 1.5, 0.25, (Marker("a" * 32, 100, NOW),), NOW),
        NOW,
        repetition=1,
        total=Progress("inputs/x\u2028", True, 3, 4),
        sent_at=NOW,
        problem="none",
    )


class BackfillStoreContract(ABC):
    """Inherit, and give the fixture `store` an empty one."""

    @pytest.fixture
    @abstractmethod
    def store(self) -> BackfillStore: ...

    def test_a_record_is_read_as_it_was_written(self, store: BackfillStore) -> None:
        saved = store.save(backfill())

        assert saved == replace(backfill(), version=1)
        assert store.load("a") == saved
        assert store.load("b") is None

    def test_a_record_that_another_one_has_written_is_not_overwritten(
        self, store: BackfillStore
    ) -> None:
        first = store.save(backfill())
        second = store.save(replace(first, state=BackfillState.PAUSED))

        with pytest.raises(Overtaken):
            store.save(replace(first, state=BackfillState.CANCELLED))
        with pytest.raises(Overtaken):
            store.save(backfill())

        assert store.load("a") == second

    def test_the_control_record_has_the_same_conditions(self, store: BackfillStore) -> None:
        empty = store.control()
        written = store.write_control(replace(empty, active="a", names=("a",)))

        assert (empty.active, empty.names, empty.version) == ("", (), 0)
        assert store.control() == written
        with pytest.raises(Overtaken):
            store.write_control(replace(empty, active="b"))

    def test_a_record_that_is_over_is_kept(self, store: BackfillStore) -> None:
        over = replace(backfill(), state=BackfillState.COMPLETED, ended_at=NOW)

        assert store.load("a") is None
        assert store.save(over) == store.load("a")

    def test_the_time_of_the_deployment_has_an_offset(self, store: BackfillStore) -> None:
        assert store.deployed_at().tzinfo is not None


class Bucket(Protocol):
    """A listing of a bucket into which the test puts objects."""

    name: str

    @property
    def listing(self) -> Listing: ...

    def put(self, key: str) -> None: ...


class ListingContract(ABC):
    """Inherit, and give the fixture `bucket` an empty one."""

    @pytest.fixture
    @abstractmethod
    def bucket(self) -> Bucket: ...

    def test_pages_follow_one_another_in_the_order_of_the_keys(self, bucket: Bucket) -> None:
        keys = [f"inputs/{number:02}" for number in range(25)]
        for key in (*keys, "outputs/1"):
            bucket.put(key)

        found: list[str] = []
        last = False
        while not last:
            after = found[-1] if found else ""
            page = bucket.listing.page(bucket.name, "inputs/", after, 10)
            found += [each.location.key for each in page.objects]
            last = page.last

        assert found == keys

    @pytest.mark.parametrize("key", ["inputs/a b+c%2B.csv", "inputs/gr\u00f6\u00dfe/\U0001f600"])
    def test_a_key_is_listed_as_it_is(self, bucket: Bucket, key: str) -> None:
        bucket.put(key)

        page = bucket.listing.page(bucket.name, "inputs/", "", 1_000)

        (found,) = page.objects
        assert page.last
        assert (found.location.bucket, found.location.key) == (bucket.name, key)
        assert found.etag
        assert '"' not in found.etag
        assert found.modified_at.tzinfo is not None
        assert bucket.listing.page(bucket.name, "inputs/", key, 1_000).objects == []

    def test_nothing_is_listed_where_nothing_is(self, bucket: Bucket) -> None:
        page = bucket.listing.page(bucket.name, "inputs/", "", 10)

        assert (list(page.objects), page.last) == ([], True)
