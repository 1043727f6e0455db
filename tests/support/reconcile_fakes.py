"""Fakes of what only reconcile needs: the ledger by due minute, and the data bucket."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from relay.aws.dynamodb.attempt_items import SHARDS, due_key
from relay.errors import RelayError

from tests.support.fakes import FakeLedger, Faults


class FakeDueLedger(FakeLedger):
    """A FakeLedger that also fills in `relay.ports.DueLedger`. Its index is always up to date."""

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__(faults)
        self.minute: datetime | None = None

    def cursor(self) -> datetime | None:
        return self.minute

    def move_cursor(self, minute: datetime) -> None:
        with self._faults.step("ledger.move_cursor"):
            self.minute = minute

    def due_in(self, minute: datetime) -> Iterator[Sequence[str]]:
        keys = {due_key(minute, shard) for shard in SHARDS}
        due = sorted(
            key
            for key, item in self.table.items()
            if "due_minute" in item and item["due_minute"]["S"] in keys
        )
        if not due:
            return  # most minutes, and no test plans a fault for one of them
        with self._faults.step("ledger.due_in"):
            pass
        for start in range(0, len(due), 100):
            yield due[start : start + 100]


class FakeStorage:
    """The data bucket, as `relay.ports.Storage`. `locations` are the objects in it."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.locations: set[str] = set()
        self.trouble: RelayError | None = None
        self._faults = faults or Faults()

    def find(self, location: str) -> bool:
        return self.find_prefix(location) == location

    def find_prefix(self, prefix: str) -> str | None:
        if error := self._faults.hang("storage.find"):
            raise error
        with self._faults.step("storage.find"):
            if self.trouble is not None:
                raise self.trouble
            return min(
                (found for found in self.locations if found.startswith(prefix)), default=None
            )
