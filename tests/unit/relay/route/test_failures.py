"""Which failures are worth another try, and when."""

import pytest
from relay.route.failures import FailureClass, classify_failure, retry_delay_seconds

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
