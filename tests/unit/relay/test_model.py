"""The few rules that the nouns themselves have."""

import pytest
from relay.model import AttemptState, Delivery, InferenceRequest, Notification, Outcome

from tests.support import samples


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_closes_an_attempt(outcome: Outcome) -> None:
    assert outcome.state is not AttemptState.OPEN
    assert outcome.state.name == outcome.name


def test_only_what_a_queue_holds_is_queued() -> None:
    assert samples.delivery().queued
    assert not Delivery("invocation-1", "{}").queued


@pytest.mark.parametrize(
    "thing",
    [
        InferenceRequest("r", body=b"secret", custom_attributes="secret"),
        samples.attempt(custom_attributes="secret"),
        Notification(
            "i", Outcome.COMPLETED, "relay", custom_attributes="secret", response_body=b"secret"
        ),
        samples.delivery(body="secret"),
    ],
)
def test_no_payload_shows_when_a_thing_is_printed(thing: object) -> None:
    assert "secret" not in repr(thing)
