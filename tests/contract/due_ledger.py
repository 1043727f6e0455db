"""What every ledger that reconcile searches does, the one in memory and the one in DynamoDB."""

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import pytest
from relay.aws.dynamodb.index_keys import shard_of
from relay.errors import UnexpectedError
from relay.model import Attempt, AttemptState, Closing, Due, Holding
from relay.ports import DueLedger, Ledger
from relay.s3uri import S3Uri

from tests.contract.claims import ID, OTHER
from tests.contract.ledger import HELD
from tests.support import samples
from tests.support.samples import BUCKET, NOON


class SearchedLedger(Ledger, DueLedger, Protocol):
    """One that submit and route write and reconcile searches."""


class DueLedgerContract(ABC):
    """Inherit, and give the fixture `due_ledger` an empty one."""

    @pytest.fixture
    @abstractmethod
    def due_ledger(self) -> SearchedLedger: ...

    def test_attempts_are_found_in_the_order_in_which_they_are_overdue(
        self, due_ledger: SearchedLedger
    ) -> None:
        due = [
            Due(NOON + timedelta(milliseconds=number % 5), f"{number * 7 % 32:032x}"[::-1])
            for number in range(32)
        ]
        due_ledger.claim([overdue(entry) for entry in due])

        assert found_in(due_ledger, Due(NOON)) == sorted(due)

    def test_attempts_of_every_hour_of_submission_are_found(
        self, due_ledger: SearchedLedger
    ) -> None:
        """Those that are overdue after a minute, after eight hours, and after a day's slack."""
        lives = [timedelta(minutes=1), timedelta(hours=8), timedelta(hours=31)]
        entries = [Due(NOON, f"{number}" * 32) for number in range(len(lives))]
        due_ledger.claim(
            [
                replace(overdue(entry), submitted_at=NOON - life)
                for entry, life in zip(entries, lives, strict=True)
            ]
        )

        assert found_in(due_ledger, Due(NOON)) == entries

    def test_a_search_begins_after_its_position_and_stops_before_its_end(
        self, due_ledger: SearchedLedger
    ) -> None:
        first, second = Due(NOON, ID), Due(NOON, OTHER)
        last = Due(NOON + timedelta(milliseconds=1), ID[::-1][:-1] + "c")
        due_ledger.claim([overdue(entry) for entry in (first, second, last)])

        assert found_in(due_ledger, first) == [second, last]
        assert found_in(due_ledger, second) == [last]
        assert list(due_ledger.due(Due(NOON), last.at, unexpected_error)) == [first, second]
        assert list(due_ledger.due(last, NOON + timedelta(hours=1), unexpected_error)) == []

    def test_fractions_of_a_millisecond_do_not_count(self, due_ledger: SearchedLedger) -> None:
        attempt = samples.attempt(ID, due_at=NOON + timedelta(microseconds=1_999))
        due_ledger.claim([attempt])

        entry = Due(NOON + timedelta(milliseconds=1), ID)
        assert found_in(due_ledger, Due(NOON)) == [entry]
        assert list(due_ledger.due(Due(NOON), attempt.due_at, unexpected_error)) == []

    def test_what_is_closed_is_found_too(self, due_ledger: SearchedLedger) -> None:
        attempt = overdue(Due(NOON, ID))
        due_ledger.claim([attempt])
        due_ledger.close([Closing(attempt, AttemptState.COMPLETED, NOON)])

        assert found_in(due_ledger, Due(NOON)) == [Due(NOON, ID)]

    def test_what_is_held_without_being_known_is_never_overdue(
        self, due_ledger: SearchedLedger
    ) -> None:
        """Only its own notification brings it back."""
        known = overdue(Due(NOON, ID))
        unknown = samples.attempt(OTHER, due_at=NOON, tracked=False)
        due_ledger.claim([known])

        due_ledger.hold([Holding(known, HELD), Holding(unknown, HELD, known=False)])

        assert found_in(due_ledger, Due(NOON)) == [Due(NOON, ID)]

    def test_a_renewed_attempt_is_overdue_later(self, due_ledger: SearchedLedger) -> None:
        later = Due(NOON + timedelta(minutes=1), ID)
        due_ledger.claim([overdue(Due(NOON, ID))])

        due_ledger.renew([overdue(later)])

        assert found_in(due_ledger, Due(NOON)) == [later]

    def test_a_released_attempt_is_never_overdue(self, due_ledger: SearchedLedger) -> None:
        attempt = overdue(Due(NOON, ID))
        due_ledger.claim([attempt])

        due_ledger.release([attempt])

        assert found_in(due_ledger, Due(NOON)) == []

    def test_more_attempts_than_one_query_reads_are_found(self, due_ledger: SearchedLedger) -> None:
        """All of one shard: a query reads 500 entries."""
        entries = [Due(NOON, f"a{number:031x}") for number in range(501)]
        due_ledger.claim([overdue(entry) for entry in entries])

        assert found_in(due_ledger, Due(NOON)) == entries

    def test_a_postponed_attempt_is_found_at_its_new_time_and_is_otherwise_the_same(
        self, due_ledger: SearchedLedger
    ) -> None:
        attempt, entry = overdue(Due(NOON, ID)), Due(NOON, ID)
        due_ledger.claim([attempt, overdue(Due(NOON, OTHER))])
        for hours in (1, 13 * 24):
            at = NOON + timedelta(hours=hours)

            assert due_ledger.postpone([entry], at) == {}

            entry = Due(at, ID)
            assert found_in(due_ledger, Due(NOON)) == [Due(NOON, OTHER)]
            assert list(due_ledger.due(Due(at), at + timedelta(seconds=1), unexpected_error)) == [
                entry
            ]
        assert due_ledger.look_up([ID]) == {ID: attempt}

    def test_what_has_changed_or_ended_is_not_postponed(self, due_ledger: SearchedLedger) -> None:
        renewed, closed, absent = Due(NOON, ID), Due(NOON, OTHER), Due(NOON, "c" * 32)
        due_ledger.claim([overdue(renewed), overdue(closed)])
        later = Due(NOON + timedelta(minutes=1), ID)
        due_ledger.renew([overdue(later)])
        due_ledger.close([Closing(overdue(closed), AttemptState.FAILED, NOON)])

        failures = due_ledger.postpone([renewed, closed, absent], NOON + timedelta(minutes=2))

        assert failures == {}
        assert found_in(due_ledger, Due(NOON)) == [closed, later]

    def test_a_postponed_attempt_that_is_renewed_is_due_as_renewed(
        self, due_ledger: SearchedLedger
    ) -> None:
        due_ledger.claim([overdue(Due(NOON, ID))])
        due_ledger.postpone([Due(NOON, ID)], NOON + timedelta(minutes=3))
        later = Due(NOON + timedelta(minutes=1), ID)

        due_ledger.renew([overdue(later)])

        assert found_in(due_ledger, Due(NOON)) == [later]

    def test_the_attempts_of_an_hour_of_submission_are_found(
        self, due_ledger: SearchedLedger
    ) -> None:
        submitted = {
            ID: NOON,
            OTHER: NOON + timedelta(minutes=59, seconds=59),
            "c" * 32: NOON + timedelta(hours=1),
        }
        for key, at in submitted.items():
            due_at = at + timedelta(hours=7)
            due_ledger.claim([samples.attempt(key, submitted_at=at, due_at=due_at)])

        first = Due(NOON + timedelta(hours=7), ID)
        second = Due(NOON + timedelta(hours=7, minutes=59, seconds=59), OTHER)
        assert list(due_ledger.submitted(NOON, Due(NOON), unexpected_error)) == [first, second]
        assert list(due_ledger.submitted(NOON, first, unexpected_error)) == [second]
        assert (
            list(due_ledger.submitted(NOON - timedelta(hours=1), Due(NOON), unexpected_error)) == []
        )

    def test_postponed_attempts_and_those_with_a_long_slack_are_among_the_late_ones(
        self, due_ledger: SearchedLedger
    ) -> None:
        due_ledger.claim([overdue(Due(NOON, ID))])
        due_ledger.claim([samples.attempt(OTHER, due_at=NOON + timedelta(hours=8, seconds=1))])
        due_ledger.claim([samples.attempt("c" * 32, due_at=NOON + timedelta(hours=8))])
        at = NOON + timedelta(days=1)
        due_ledger.postpone([Due(NOON, ID)], at)

        late = [Due(NOON + timedelta(hours=8, seconds=1), OTHER), Due(at, ID)]
        assert list(due_ledger.submitted(None, Due(NOON), unexpected_error)) == late

    def test_the_attempts_of_one_input_are_found_wherever_they_are(
        self, due_ledger: SearchedLedger
    ) -> None:
        """In the hour, postponed, and with a long slack. Others of the same shard may be too."""
        location = S3Uri(BUCKET, "inputs/größe 1+1.csv")
        late = NOON + timedelta(hours=9)
        due_ledger.claim(
            [
                replace(overdue(Due(NOON, ID)), location=location),
                samples.attempt(OTHER, due_at=late, location=location),
                samples.attempt("c" * 32, due_at=NOON + timedelta(hours=7), location=location),
            ]
        )
        at = NOON + timedelta(days=1)
        (entry,) = found_in(due_ledger, Due(NOON))
        assert due_ledger.postpone([entry], at) == {}

        def found(hour: datetime | None, of: S3Uri) -> list[str]:
            return [each.id for each in due_ledger.submitted(hour, Due(NOON), unexpected_error, of)]

        assert found(NOON, location) == ["c" * 32]
        assert found(None, location) == [OTHER, ID]
        elsewhere = {shard_of(S3Uri(BUCKET, f"inputs/{number}")): number for number in range(99)}
        del elsewhere[shard_of(location)]
        assert len(elsewhere) == 15
        for number in elsewhere.values():
            assert found(NOON, S3Uri(BUCKET, f"inputs/{number}")) == []

    def test_attempts_are_looked_up_beyond_a_hundred(self, due_ledger: SearchedLedger) -> None:
        attempts = {f"{number:032x}": samples.attempt(f"{number:032x}") for number in range(301)}
        due_ledger.claim(list(attempts.values()))

        assert due_ledger.look_up(list(attempts)) == attempts

    def test_the_cursor_is_where_it_was_moved_to(self, due_ledger: SearchedLedger) -> None:
        assert due_ledger.cursor() is None

        for position in (Due(NOON + timedelta(milliseconds=5), ID), Due(NOON)):
            due_ledger.move_cursor(position)

            assert due_ledger.cursor() == position


def overdue(entry: Due) -> Attempt:
    """An attempt that was submitted an hour before it is overdue."""
    submitted_at = entry.at - timedelta(hours=1)
    return samples.attempt(entry.id, submitted_at=submitted_at, due_at=entry.at)


def found_in(due_ledger: SearchedLedger, after: Due) -> list[Due]:
    """What is overdue after a position and within an hour of noon."""
    return list(due_ledger.due(after, NOON + timedelta(hours=1), unexpected_error))


def unexpected_error(inference_id: str, error: UnexpectedError) -> None:
    raise AssertionError(f"{inference_id}: {error}")
