"""Which failures are worth another try, and when."""

import pytest
from relay.model import Notification, Outcome
from relay.route.failures import (
    FailureClass,
    classify_failure,
    full_reason,
    retry_delay_seconds,
)

from tests.support.samples import CLIENT_ERROR, SERVER_ERROR

NO_RESPONSE = (
    "Amazon SageMaker could not get a response from the relay endpoint. "
    "This can occur when CPU or memory utilization is high."
)


@pytest.mark.parametrize(
    "reason",
    [
        SERVER_ERROR,
        "Received server error (503) from model. See the logs.",
        "server error: Received server error (0) from model",
        NO_RESPONSE,
        "Model timed out while waiting for a response from container primary",
        "Invocation time out",
        "Received client error (408) from model.",
        "Received client error (424) from model.",
        "ClientError: Received client error (429) from model. See the SageMaker Endpoint logs.",
        "Model relay is not ready for inference",
        "ThrottlingException: rate exceeded",
        "ServiceUnavailable",
        "InternalFailure",
        "There is no capacity for the variant",
    ],
)
def test_what_may_pass_is_transient(reason: str) -> None:
    assert classify_failure(reason) is FailureClass.TRANSIENT


@pytest.mark.parametrize(
    "reason",
    [
        CLIENT_ERROR,
        "ClientError: Received client error (415) from model. timed out, throttled and not ready",
        "Unable to download the input: access denied",
        "an unknown reason",
        "",
        None,
    ],
)
def test_a_deterministic_or_unknown_failure_is_permanent(reason: str | None) -> None:
    assert classify_failure(reason) is FailureClass.PERMANENT


def test_each_delay_is_twice_the_last_one_up_to_what_sqs_can_delay() -> None:
    assert [retry_delay_seconds(number, 30) for number in range(1, 8)] == [
        30, 60, 120, 240, 480, 900, 900,
    ]  # fmt: skip


def test_no_delay_stays_none() -> None:
    assert retry_delay_seconds(9, 0) == 0


@pytest.mark.parametrize(
    ("reason", "response", "full"),
    [
        (
            CLIENT_ERROR,
            b"row 1 has 3 values",
            "ClientError: Received client error (400) from model: row 1 has 3 values",
        ),
        (CLIENT_ERROR, b" \n ", "ClientError: Received client error (400) from model"),
        (CLIENT_ERROR, b"\xff", CLIENT_ERROR),
        (CLIENT_ERROR, None, CLIENT_ERROR),
        (NO_RESPONSE, b"too\tslow", f"{NO_RESPONSE}: too slow"),
        (None, b"too slow", "too slow"),
        (None, None, None),
    ],
)
def test_the_models_words_replace_the_reference_to_the_logs(
    reason: str | None, response: bytes | None, full: str | None
) -> None:
    failure = Notification(
        "a" * 32, Outcome.FAILED, "relay", failure_reason=reason, response_body=response
    )

    assert full_reason(failure) == full


def test_the_response_of_a_success_is_no_reason() -> None:
    success = Notification("a" * 32, Outcome.COMPLETED, "relay", response_body=b"0.8")

    assert full_reason(success) is None
