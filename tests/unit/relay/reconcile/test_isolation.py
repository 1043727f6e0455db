"""One attempt that cannot be worked on does not keep reconcile from the others."""

import json
from datetime import timedelta

import pytest
from relay.reconcile.reconcile import Reconcile
from relay.reconcile.status import status
from relay.report import Count, Level, Report
from relay.settings import ReconcileSettings

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.fake_queues import FakeQueues
from tests.support.fakes import FakeClock, Faults
from tests.support.reconcile_fakes import FakeDueLedger, FakeStorage
from tests.support.samples import NOTIFICATION_QUEUE

ID, OTHER, BAD = "a" * 32, "b" * 32, "f" * 32


class Overdue:
    """Reconcile over fakes, with three attempts that are overdue in one minute."""

    def __init__(self) -> None:
        faults, self.clock = Faults(), FakeClock()
        self.ledger = FakeDueLedger(faults)
        self.storage = FakeStorage(faults)
        self.queues = FakeQueues(self.clock, faults)
        settings = ReconcileSettings(
            samples.OUTPUTS, samples.FAILURES, "ledger", NOTIFICATION_QUEUE
        )
        self._reconcile = Reconcile(settings, self.ledger, self.storage, self.queues, self.clock)
        due_at = self.clock.now() - timedelta(minutes=5)
        for key in (ID, OTHER, BAD):
            self.ledger.items[key] = samples.attempt(key, due_at=due_at)

    def run(self) -> Report:
        return self._reconcile(self.clock.now() + timedelta(seconds=20))

    def reported(self) -> list[str]:
        """The attempts that the notification queue has reports about."""
        bodies = [message.body for message in self.queues.delivered(NOTIFICATION_QUEUE)]
        return sorted(json.loads(body)["inferenceId"] for body in bodies)


def test_an_item_that_cannot_be_read_is_noted_and_passed() -> None:
    overdue = Overdue()
    due_minute = overdue.ledger.table[BAD]["due_minute"]
    overdue.ledger.table[BAD] = unreadable_item(BAD, due_minute=due_minute)

    report = overdue.run()

    assert overdue.reported() == [ID, OTHER]
    assert report.counts == {Count.OVERDUE: 2, Count.BROKEN: 1}
    (note,) = [note for note in report.notes if note.level is Level.ERROR]
    assert f"item {BAD} of the ledger cannot be read" in dict(note.fields)["error"]
    overdue.clock.advance(300)
    assert overdue.run().counts == {}


def test_an_error_in_one_search_is_noted_and_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    overdue = Overdue()
    find = overdue.storage.find_prefix

    def fails(prefix: str) -> str | None:
        if BAD in prefix:
            raise ZeroDivisionError
        return find(prefix)

    monkeypatch.setattr(overdue.storage, "find_prefix", fails)

    report = overdue.run()

    assert overdue.reported() == [ID, OTHER]
    assert report.counts == {Count.OVERDUE: 2, Count.BROKEN: 1}


def test_an_output_location_that_is_none_is_noted_and_passed() -> None:
    overdue = Overdue()
    overdue.ledger.items[BAD] = samples.attempt(
        BAD, due_at=overdue.clock.now() - timedelta(minutes=5), output_location="nowhere"
    )

    report = overdue.run()

    assert overdue.reported() == [ID, OTHER]
    assert report.counts == {Count.OVERDUE: 2, Count.BROKEN: 1}


def test_a_request_whose_item_cannot_be_read_has_a_status() -> None:
    overdue = Overdue()
    overdue.ledger.table[BAD] = unreadable_item(BAD)

    assert status(BAD, overdue.ledger).state == "unreadable"
    assert status(ID, overdue.ledger).state == "submitted"
