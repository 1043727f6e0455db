"""Faults of calls and of entries, at the steps for which they are planned."""

from collections.abc import Mapping

import pytest
from relay.errors import RelayError, TransientError, Unanswered

from tests.faults.faults import Kind, PlannedFaults
from tests.support import samples
from tests.support.fakes.ledger import FakeLedger
from tests.support.fakes.ports import Crash

ATTEMPTS = [samples.attempt(letter * 32) for letter in "ab"]


def claim(faults: PlannedFaults, ledger: FakeLedger) -> Mapping[str, RelayError]:
    faults.begin_call()
    return ledger.claim(ATTEMPTS).unavailable


@pytest.mark.parametrize(("kind", "written"), [(Kind.LOST, 0), (Kind.UNANSWERED, 2)])
def test_a_fault_of_a_call_meets_all_its_entries(kind: Kind, written: int) -> None:
    faults = PlannedFaults({0: kind})
    ledger = FakeLedger(faults)

    unavailable = claim(faults, ledger)

    assert [type(error) for error in unavailable.values()] == [Unanswered, Unanswered]
    assert len(ledger.items) == written
    assert not claim(faults, ledger)


def test_a_fault_of_an_entry_meets_no_other() -> None:
    faults = PlannedFaults({1: Kind.ONE_THROTTLED})
    ledger = FakeLedger(faults)

    unavailable = claim(faults, ledger)

    assert {key: type(error) for key, error in unavailable.items()} == {"b" * 32: TransientError}
    assert list(ledger.items) == ["a" * 32]


def test_a_late_effect_takes_place_when_it_arrives() -> None:
    faults = PlannedFaults({0: Kind.LATE})
    ledger = FakeLedger(faults)
    claim(faults, ledger)
    assert not ledger.items

    faults.arrive()

    assert len(ledger.items) == 2


def test_a_crash_leaves_the_entries_before_it() -> None:
    faults = PlannedFaults({1: Kind.CRASH_BEFORE})
    ledger = FakeLedger(faults)

    with pytest.raises(Crash):
        claim(faults, ledger)

    assert list(ledger.items) == ["a" * 32]


def test_the_steps_of_a_run_say_where_calls_begin() -> None:
    faults = PlannedFaults({})
    ledger = FakeLedger(faults)
    claim(faults, ledger)
    faults.begin_call()
    ledger.look_up(["a" * 32])

    made = [(step.name, step.first, step.alone) for step in faults.made]

    assert made == [
        ("ledger.claim", True, False),
        ("ledger.claim", False, False),
        ("ledger.look_up", True, True),
    ]
