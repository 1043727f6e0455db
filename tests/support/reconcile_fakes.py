"""Fakes of what only reconcile needs: the ledger by due minute, and the data bucket."""

from collections.abc import Iterator, Sequence
from datetime import datetime

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
        due = sorted(
            attempt.id
            for attempt in self.items.values()
            if attempt.tracked and attempt.due_at.replace(second=0, microsecond=0) == minute
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
        with self._faults.step("storage.find"):
            if self.trouble is not None:
                raise self.trouble
            return min(
                (found for found in self.locations if found.startswith(prefix)), default=None
            )
