"""Reconcile over the fakes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from relay.budget import Budget
from relay.delivery.report import Report
from relay.errors import RelayError
from relay.model import Attempt
from relay.reconcile.questions import Questions
from relay.reconcile.reconcile import Reconcile

from tests.support import samples
from tests.support.fakes.hangs import Hangs
from tests.support.fakes.ports import FakeClock, Faults
from tests.support.fakes.queues import FakeQueues
from tests.support.fakes.reconcile import FakeDueLedger, FakeStorage


class SlowStorage(FakeStorage):
    """Every search takes `seconds` on the clock."""

    def __init__(self, clock: FakeClock, faults: Faults) -> None:
        super().__init__(faults)
        self.seconds = 0.0
        self._clock = clock

    def find(self, prefixes: Collection[str]) -> Mapping[str, str | RelayError | None]:
        self._clock.advance(self.seconds)
        return super().find(prefixes)


class Search:
    """Reconcile, its ledger, its storage, and the notification queue."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.budget = Budget(self.clock)
        self.faults = Faults(Hangs(self.clock, self.budget))
        self.ledger = FakeDueLedger(self.faults)
        self.storage = SlowStorage(self.clock, self.faults)
        self.queues = FakeQueues(self.clock, self.faults)
        self.questions = Questions(
            samples.INPUT_FOLDERS, self.ledger, self.storage, self.clock, self.budget
        )
        self.use_case = Reconcile(
            samples.reconcile_settings(),
            self.ledger,
            self.storage,
            self.queues,
            self.clock,
            self.budget,
        )

    def begin(self, seconds: float = 40) -> None:
        """Begin an invocation that has so many seconds."""
        self.budget.begin(self.clock.now() + timedelta(seconds=seconds))

    def run(self) -> Report:
        self.begin()
        return self.use_case()

    def overdue(self, *ids: str, minutes: float = 5) -> list[Attempt]:
        """Open attempts that have been overdue for so many minutes."""
        due_at = self.clock.now() - timedelta(minutes=minutes)
        submitted_at = due_at - timedelta(hours=7)
        attempts = [samples.attempt(key, submitted_at=submitted_at, due_at=due_at) for key in ids]
        self.ledger.items.update({attempt.id: attempt for attempt in attempts})
        return attempts

    @property
    def reported(self) -> Sequence[str]:
        """The ids of attempts, for each report that was sent."""
        return [message.key for message in self.queues.sent]
