"""What every ledger does, the one in memory and the one in DynamoDB."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import pytest
from relay.errors import RelayError
from relay.model import Attempt, AttemptState, Closing, Due, Held, Holding, Outcome
from relay.ports import DueLedger, Ledger
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, NOON

ID, OTHER = "a" * 32, "b" * 32
HELD = Held(Outcome.FAILED, delivered=("archive", "größe"), missing=("team",))
TERMINAL = [state for state in AttemptState if state is not AttemptState.OPEN]


class LedgerContract(ABC):
    """Inherit, and give the fixture `ledger` an empty one."""

    @pytest.fixture
    @abstractmethod
    def ledger(self) -> Ledger: ...

    def test_a_claimed_attempt_is_there_with_all_that_it_has(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)

        claims = ledger.claim([attempt])

        assert (claims.existing, claims.unavailable) == ({}, {})
        assert ledger.look_up([ID]) == {ID: attempt}

    def test_what_an_attempt_does_not_have_stays_absent(self, ledger: Ledger) -> None:
        bare = Attempt(ID, OTHER, 2, "m-1", "relay", NOON, NOON + timedelta(hours=1))

        ledger.claim([bare])

        assert ledger.look_up([ID]) == {ID: bare}

    @pytest.mark.parametrize(
        "text",
        ['it\'s "quoted" \\ and 100%', "größe \N{SNOWMAN} \N{PILE OF POO}", "a\nb\tc", " ", "{}"],
    )
    def test_any_text_comes_back_as_it_was(self, ledger: Ledger, text: str) -> None:
        attempt = samples.attempt(
            ID,
            custom_attributes=text,
            location=S3Uri(BUCKET, f"inputs/{text}"),
            version_id=text,
            etag=text,
        )

        ledger.claim([attempt])

        assert ledger.look_up([ID]) == {ID: attempt}

    def test_an_empty_text_comes_back_empty(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID, custom_attributes="", claimed_by="")

        ledger.claim([attempt])

        assert ledger.look_up([ID]) == {ID: attempt}

    def test_a_second_claim_returns_the_first_and_does_not_change_it(self, ledger: Ledger) -> None:
        first = samples.attempt(ID, claimed_by="m-1")
        ledger.claim([first])

        claims = ledger.claim([samples.attempt(ID, claimed_by="m-2"), samples.attempt(OTHER)])

        assert claims.existing == {ID: first}
        assert claims.unavailable == {}
        assert set(ledger.look_up([ID, OTHER])) == {ID, OTHER}
        assert ledger.look_up([ID])[ID] == first

    def test_the_same_claim_again_shows_itself(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])

        assert ledger.claim([attempt]).existing == {ID: attempt}

    def test_more_attempts_than_one_call_takes_are_claimed_and_found(self, ledger: Ledger) -> None:
        attempts = {f"{number:032x}": samples.attempt(f"{number:032x}") for number in range(101)}
        ledger.claim(list(attempts.values())[:26])

        claims = ledger.claim(list(attempts.values()))

        assert len(claims.existing) == 26
        assert ledger.look_up(list(attempts)) == attempts

    def test_only_what_exists_is_found(self, ledger: Ledger) -> None:
        ledger.claim([samples.attempt(ID)])

        assert set(ledger.look_up([ID, OTHER, ID])) == {ID}
        assert ledger.look_up([]) == {}

    def test_renewing_writes_claimant_times_and_output_and_nothing_else(
        self, ledger: Ledger
    ) -> None:
        before = samples.attempt(ID)
        ledger.claim([before])
        changes: dict[str, Any] = {
            "claimed_by": "m-2",
            "submitted_at": NOON + timedelta(minutes=5),
            "due_at": NOON + timedelta(hours=9),
            "output_location": f"{samples.OUTPUTS}elsewhere",
        }

        failures = ledger.renew(
            [samples.attempt(ID, **changes, content_type="other", number=7, request_id=OTHER)]
        )

        assert failures == {}
        assert ledger.look_up([ID]) == {ID: replace(before, **changes)}

    @pytest.mark.parametrize("state", TERMINAL)
    def test_a_closed_attempt_is_not_renewed(self, ledger: Ledger, state: AttemptState) -> None:
        ledger.claim([samples.attempt(ID)])
        ledger.close([Closing(samples.attempt(ID), state, NOON)])
        before = ledger.look_up([ID])

        failures = ledger.renew([samples.attempt(ID, claimed_by="m-2")])

        assert_failed(failures, ID)
        assert ledger.look_up([ID]) == before

    def test_an_absent_attempt_is_not_renewed(self, ledger: Ledger) -> None:
        failures = ledger.renew([samples.attempt(ID)])

        assert_failed(failures, ID)
        assert ledger.look_up([ID]) == {}

    def test_a_released_attempt_is_gone_and_can_be_claimed_again(self, ledger: Ledger) -> None:
        ledger.claim([samples.attempt(ID), samples.attempt(OTHER)])

        assert ledger.release([samples.attempt(ID)]) == {}

        assert set(ledger.look_up([ID, OTHER])) == {OTHER}
        assert ledger.claim([samples.attempt(ID, claimed_by="m-2")]).existing == {}

    def test_a_claim_of_another_message_is_not_released(self, ledger: Ledger) -> None:
        first = samples.attempt(ID, claimed_by="m-1")
        ledger.claim([first])

        assert ledger.release([samples.attempt(ID, claimed_by="m-2")]) == {}

        assert ledger.look_up([ID]) == {ID: first}

    def test_a_renewed_claim_is_not_released_by_the_first_delivery(self, ledger: Ledger) -> None:
        """One message that SQS delivered twice at once: the second delivery renewed the claim."""
        first = samples.attempt(ID)
        ledger.claim([first])
        renewed = replace(first, submitted_at=NOON + timedelta(seconds=1))
        ledger.renew([renewed])

        assert ledger.release([first]) == {}

        assert ledger.look_up([ID]) == {ID: renewed}

    @pytest.mark.parametrize(
        "change", [{"due_at": NOON}, {"output_location": f"{samples.OUTPUTS}elsewhere"}]
    )
    def test_a_claim_that_has_changed_is_not_released(
        self, ledger: Ledger, change: dict[str, Any]
    ) -> None:
        first = samples.attempt(ID)
        ledger.claim([first])

        assert ledger.release([replace(first, **change)]) == {}

        assert ledger.look_up([ID]) == {ID: first}

    @pytest.mark.parametrize("state", TERMINAL)
    def test_a_closed_attempt_is_not_released(self, ledger: Ledger, state: AttemptState) -> None:
        ledger.claim([samples.attempt(ID)])
        ledger.close([Closing(samples.attempt(ID), state, NOON)])

        assert ledger.release([samples.attempt(ID)]) == {}

        assert state_of(ledger, ID) is state

    def test_releasing_an_absent_attempt_succeeds(self, ledger: Ledger) -> None:
        assert ledger.release([samples.attempt(ID)]) == {}

    @pytest.mark.parametrize("state", TERMINAL)
    def test_closing_writes_the_state_and_the_time(
        self, ledger: Ledger, state: AttemptState
    ) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])

        assert ledger.close([Closing(attempt, state, NOON)]) == {}

        assert ledger.look_up([ID]) == {ID: replace(attempt, state=state, routed_at=NOON)}

    def test_closing_writes_the_reason(self, ledger: Ledger) -> None:
        attempts = [samples.attempt(ID), samples.attempt(OTHER, tracked=False)]
        ledger.claim(attempts[:1])

        ledger.close(
            [
                Closing(attempts[0], AttemptState.FAILED, NOON, reason="größe \N{SNOWMAN}"),
                Closing(attempts[1], AttemptState.FAILED, NOON, known=False, reason="x" * 1_000),
            ]
        )

        reasons = {
            attempt.id: attempt.reason
            for attempt in ledger.look_up([ID, OTHER]).values()
            if isinstance(attempt, Attempt)
        }
        assert reasons[ID] == "größe \N{SNOWMAN}"
        assert len(reasons[OTHER] or "") == 200

    def test_what_is_closed_stays_as_it_was_closed(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])
        ledger.close([Closing(attempt, AttemptState.COMPLETED, NOON)])
        later = NOON + timedelta(hours=1)

        for state in TERMINAL:
            assert ledger.close([Closing(attempt, state, later)]) == {}

        closed = replace(attempt, state=AttemptState.COMPLETED, routed_at=NOON)
        assert ledger.look_up([ID]) == {ID: closed}

    def test_closing_an_absent_attempt_creates_nothing(self, ledger: Ledger) -> None:
        assert ledger.close([Closing(samples.attempt(ID), AttemptState.FAILED, NOON)]) == {}

        assert ledger.look_up([ID]) == {}

    def test_an_untracked_attempt_is_made_closed(self, ledger: Ledger) -> None:
        attempt = samples.attempt("0c6e5d2a-7b41-4f0e", tracked=False, location=None)
        closing = Closing(attempt, AttemptState.COMPLETED, NOON, known=False)

        assert ledger.close([closing]) == {}

        closed = replace(attempt, state=AttemptState.COMPLETED, routed_at=NOON)
        assert ledger.look_up([attempt.id]) == {attempt.id: closed}

    def test_an_untracked_attempt_replaces_nothing(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])
        untracked = samples.attempt(ID, tracked=False)

        assert ledger.close([Closing(untracked, AttemptState.FAILED, NOON, known=False)]) == {}

        assert ledger.look_up([ID]) == {ID: attempt}

    def test_more_attempts_than_one_call_takes_are_closed(self, ledger: Ledger) -> None:
        attempts = [samples.attempt(f"{number:032x}") for number in range(26)]
        ledger.claim(attempts)

        failures = ledger.close(
            [Closing(attempt, AttemptState.COMPLETED, NOON) for attempt in attempts]
        )

        assert failures == {}
        states = {state_of(ledger, attempt.id) for attempt in attempts}
        assert states == {AttemptState.COMPLETED}

    def test_what_arrived_of_a_result_is_remembered(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])
        more = Held(Outcome.FAILED, delivered=("archive", "größe", "team"))

        for held in (Held(Outcome.FAILED, missing=("team",)), HELD, more):
            assert ledger.hold([Holding(attempt, held)]) == {}

            assert ledger.look_up([ID]) == {ID: replace(attempt, held=held)}

    def test_a_held_result_is_closed_like_any_other(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])
        ledger.hold([Holding(attempt, HELD)])

        assert ledger.close([Closing(attempt, AttemptState.FAILED, NOON)]) == {}

        closed = replace(attempt, state=AttemptState.FAILED, routed_at=NOON, held=HELD)
        assert ledger.look_up([ID]) == {ID: closed}

    def test_what_is_closed_is_not_held(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID)
        ledger.claim([attempt])
        ledger.close([Closing(attempt, AttemptState.COMPLETED, NOON)])
        before = ledger.look_up([ID])

        assert ledger.hold([Holding(attempt, HELD), Holding(samples.attempt(OTHER), HELD)]) == {}

        assert ledger.look_up([ID, OTHER]) == before

    def test_an_untracked_result_can_be_held(self, ledger: Ledger) -> None:
        attempt = samples.attempt(ID, tracked=False)

        assert ledger.hold([Holding(attempt, HELD, known=False)]) == {}
        assert ledger.look_up([ID]) == {ID: replace(attempt, held=HELD)}

        assert ledger.close([Closing(attempt, AttemptState.FAILED, NOON)]) == {}
        assert state_of(ledger, ID) is AttemptState.FAILED

    def test_a_result_that_is_held_a_second_time_at_once_replaces_nothing(
        self, ledger: Ledger
    ) -> None:
        """Two functions with one notification of an untracked inference."""
        attempt = samples.attempt(ID, tracked=False)
        ledger.hold([Holding(attempt, HELD, known=False)])

        later = Held(Outcome.FAILED, delivered=("team",))
        assert ledger.hold([Holding(attempt, later, known=False)]) == {}

        assert ledger.look_up([ID]) == {ID: replace(attempt, held=HELD)}


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
        assert list(due_ledger.due(Due(NOON), last.at)) == [first, second]
        assert list(due_ledger.due(last, NOON + timedelta(hours=1))) == []

    def test_fractions_of_a_millisecond_do_not_count(self, due_ledger: SearchedLedger) -> None:
        attempt = samples.attempt(ID, due_at=NOON + timedelta(microseconds=1_999))
        due_ledger.claim([attempt])

        entry = Due(NOON + timedelta(milliseconds=1), ID)
        assert found_in(due_ledger, Due(NOON)) == [entry]
        assert list(due_ledger.due(Due(NOON), attempt.due_at)) == []

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
            assert list(due_ledger.due(Due(at), at + timedelta(seconds=1))) == [entry]
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
        assert list(due_ledger.submitted(NOON, Due(NOON))) == [first, second]
        assert list(due_ledger.submitted(NOON, first)) == [second]
        assert list(due_ledger.submitted(NOON - timedelta(hours=1), Due(NOON))) == []

    def test_postponed_attempts_and_those_with_a_long_slack_are_among_the_late_ones(
        self, due_ledger: SearchedLedger
    ) -> None:
        due_ledger.claim([overdue(Due(NOON, ID))])
        due_ledger.claim([samples.attempt(OTHER, due_at=NOON + timedelta(hours=8, seconds=1))])
        due_ledger.claim([samples.attempt("c" * 32, due_at=NOON + timedelta(hours=8))])
        at = NOON + timedelta(days=1)
        due_ledger.postpone([Due(NOON, ID)], at)

        late = [Due(NOON + timedelta(hours=8, seconds=1), OTHER), Due(at, ID)]
        assert list(due_ledger.submitted(None, Due(NOON))) == late

    def test_attempts_are_looked_up_beyond_a_hundred(self, due_ledger: SearchedLedger) -> None:
        attempts = {f"{number:032x}": samples.attempt(f"{number:032x}") for number in range(301)}
        due_ledger.claim(list(attempts.values()))

        assert due_ledger.look_up(list(attempts)) == attempts

    def test_the_cursor_is_where_it_was_moved_to(self, due_ledger: SearchedLedger) -> None:
        assert due_ledger.cursor() is None

        for position in (Due(NOON + timedelta(milliseconds=5), ID), Due(NOON)):
            due_ledger.move_cursor(position)

            assert due_ledger.cursor() == position


def state_of(ledger: Ledger, key: str) -> AttemptState:
    found = ledger.look_up([key])[key]
    assert isinstance(found, Attempt)
    return found.state


def overdue(entry: Due) -> Attempt:
    """An attempt that was submitted an hour before it is overdue."""
    submitted_at = entry.at - timedelta(hours=1)
    return samples.attempt(entry.id, submitted_at=submitted_at, due_at=entry.at)


def found_in(due_ledger: SearchedLedger, after: Due) -> list[Due]:
    """What is overdue after a position and within an hour of noon."""
    return list(due_ledger.due(after, NOON + timedelta(hours=1)))


def assert_failed(failures: Mapping[str, RelayError], *ids: str) -> None:
    assert set(failures) == set(ids)
    assert all(isinstance(error, RelayError) for error in failures.values())
