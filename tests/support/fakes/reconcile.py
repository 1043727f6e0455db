"""Fakes of what only reconcile needs: the ledger with its index, and the data bucket."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from relay.aws.dynamodb.attempt_items import to_value
from relay.aws.dynamodb.index_keys import SHARDS, read_entry, shard_key, shard_of, to_due
from relay.errors import RelayError, UnexpectedError
from relay.model import Due
from relay.ports import StoredObject, Unreadable
from relay.s3uri import S3Uri

from tests.support.fakes.ledger import FakeLedger
from tests.support.fakes.ports import Faults
from tests.support.samples import NOON


class FakeDueLedger(FakeLedger):
    """A FakeLedger that also fills in `relay.ports.DueLedger`. Its index is always up to date.

    `trouble` is what reading the cursor meets until the cursor is moved.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__(faults)
        self.position: Due | None = None
        self.trouble: RelayError | None = None

    def cursor(self) -> Due | None:
        if self.trouble is not None:
            raise self.trouble
        return self.position

    def move_cursor(self, position: Due) -> None:
        with self._faults.step("ledger.move_cursor"):
            self.position, self.trouble = position, None

    def due(self, after: Due, end: datetime, unreadable: Unreadable) -> Iterator[Due]:
        assert end - after.at <= timedelta(days=1)
        entries = self._entries(after, unreadable, Due.of(end))
        due = [entry for entry, _ in entries if after < entry < Due.of(end)]
        if due:  # no test plans a fault for a search that finds nothing
            with self._faults.step("ledger.due"):
                pass
        return iter(due)

    def postpone(self, entries: Sequence[Due], at: datetime) -> Mapping[str, RelayError]:
        def move(entry: Due) -> None:
            item = self.table.get(entry.id, {})
            if self._is_open(entry.id) and item["due"] == to_value(to_due(entry)):
                item["due_shard"] = to_value(shard_key(None, entry.shard or entry.id[:1]))
                item["due"] = to_value(to_due(Due.of(at, entry.id)))

        return self._each("ledger.postpone", {entry.id: entry for entry in entries}, move)

    def submitted(
        self,
        hour: datetime | None,
        after: Due,
        unreadable: Unreadable,
        location: S3Uri | None = None,
    ) -> Iterator[Due]:
        shards = SHARDS if location is None else shard_of(location)
        keys = {shard_key(hour, shard) for shard in shards}
        entries = self._entries(after, unreadable, keys=keys)
        return (entry for entry, _ in entries if entry > after)

    def _entries(
        self,
        after: Due,
        unreadable: Unreadable,
        end: Due | None = None,
        keys: Collection[str] | None = None,
    ) -> list[tuple[Due, str]]:
        """The entries of the index in order, with their partition keys.

        Those that cannot be read are reported as DynamoDB finds them, by the text of their keys.
        """
        entries: list[tuple[Due, str]] = []
        for item in self.table.values():
            key = item.get("due_shard", {}).get("S")
            if "due" not in item or not (keys is None or key in keys):
                continue
            entry = read_entry(item)
            if not isinstance(entry, UnexpectedError):
                entries.append((replace(entry, shard=key[-1:]), key))
            elif item["due"]["S"] >= to_due(after) and not (end and item["due"]["S"] > to_due(end)):
                unreadable(item["id"]["S"], entry)
        return sorted(entries)


class FakeStorage:
    """The data bucket, as `relay.ports.Storage`. `locations` are the objects in it.

    `trouble` is what every search meets, and `refused` what the searches of these prefixes meet.
    `modified` are the times of their last uploads, noon for others, and `sizes` their sizes.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.locations: set[str] = set()
        self.modified: dict[str, datetime] = {}
        self.sizes: dict[str, int] = {}
        self.trouble: RelayError | None = None
        self.refused: dict[str, RelayError] = {}
        self._faults = faults or Faults()

    def find(self, prefixes: Collection[str]) -> Mapping[str, str | RelayError | None]:
        return {prefix: self._first(prefix) for prefix in prefixes}

    def _first(self, prefix: str) -> str | RelayError | None:
        if error := self._faults.hang("storage.find"):
            return error
        try:
            found = self.first(S3Uri.parse(prefix))
        except RelayError as error:
            return error
        return None if found is None else str(found.location)

    def first(self, prefix: S3Uri) -> StoredObject | None:
        with self._faults.step("storage.find"):
            error = self.refused.get(str(prefix), self.trouble)
            if error is not None:
                raise error
        found = [each for each in self.locations if each.startswith(str(prefix))]
        if not found:
            return None
        location = min(found)
        return StoredObject(
            S3Uri.parse(location),
            self.modified.get(location, NOON),
            self.sizes.get(location, 12),
        )
