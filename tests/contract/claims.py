"""What every ledger does with claims, the one in memory and the one in DynamoDB."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from relay.errors import RelayError, TransientError
from relay.model import Attempt, AttemptState, Closing
from relay.ports import Ledger
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, NOON

ID, OTHER = "a" * 32, "b" * 32
TERMINAL = [state for state in AttemptState if state is not AttemptState.OPEN]


class ClaimsContract(ABC):
    """Inherit, and give the fixture `ledger` an empty one.

    `leave_unread` has it leave an id unread from then on.
    """

    @pytest.fixture
    @abstractmethod
    def ledger(self) -> Ledger: ...

    @pytest.fixture
    @abstractmethod
    def leave_unread(self, ledger: Ledger) -> Callable[[str], None]: ...

    def test_an_id_that_is_not_read_is_an_error_beside_the_others(
        self, ledger: Ledger, leave_unread: Callable[[str], None]
    ) -> None:
        other = samples.attempt(OTHER)
        ledger.claim([samples.attempt(ID), other])
        leave_unread(ID)

        found = ledger.look_up([ID, OTHER, "c" * 32])

        assert set(found) == {ID, OTHER}
        assert found[OTHER] == other
        assert type(found[ID]) is TransientError

    def test_a_claim_that_is_not_read_fails_beside_the_others(
        self, ledger: Ledger, leave_unread: Callable[[str], None]
    ) -> None:
        other = samples.attempt(OTHER)
        ledger.claim([samples.attempt(ID), other])
        leave_unread(ID)

        claims = ledger.claim([samples.attempt(ID), other, samples.attempt("c" * 32)])

        assert claims.existing == {OTHER: other}
        assert {key: type(error) for key, error in claims.unavailable.items()} == {
            ID: TransientError
        }

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


def state_of(ledger: Ledger, key: str) -> AttemptState:
    found = ledger.look_up([key])[key]
    assert isinstance(found, Attempt)
    return found.state


def assert_failed(failures: Mapping[str, RelayError], *ids: str) -> None:
    assert set(failures) == set(ids)
    assert all(isinstance(error, RelayError) for error in failures.values())
