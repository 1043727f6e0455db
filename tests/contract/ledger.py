"""What every ledger does, the one in memory and the one in DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.model import Attempt, AttemptState, Closing, Held, Holding, Outcome
from relay.ports import Ledger

from tests.contract.claims import ID, OTHER, TERMINAL, ClaimsContract, state_of
from tests.support import samples
from tests.support.samples import NOON

HELD = Held(Outcome.FAILED, delivered=("archive", "größe"), missing=("team",))


class LedgerContract(ClaimsContract):
    """Claims, and how attempts end and results are held."""

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

    @pytest.mark.parametrize("known", [True, False])
    def test_closing_writes_which_routes_delivered_the_result(
        self, ledger: Ledger, known: bool
    ) -> None:
        attempt = samples.attempt(ID, tracked=known)
        routes = ("archive", "otherwise")
        if known:
            ledger.claim([attempt])

        ledger.close(
            [Closing(attempt, AttemptState.COMPLETED, NOON, known=known, delivered=routes)]
        )

        closed = replace(attempt, state=AttemptState.COMPLETED, routed_at=NOON, delivered=routes)
        assert ledger.look_up([ID]) == {ID: closed}

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
