"""The SDK's clients."""

from typing import Any

import pytest
from relay.aws.clients import INVOCATIONS_AT_A_TIME, Clients


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return Clients()


def test_a_client_is_built_once(clients: Clients) -> None:
    assert clients.sqs is clients.sqs


def test_a_call_that_hangs_leaves_time_for_the_answer(clients: Clients) -> None:
    """Submit and route stop 25 seconds before their end: what one call may take at most."""
    config: Any = clients.dynamodb.meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert 3 * config.read_timeout <= 25


def test_there_is_a_connection_for_every_invocation_in_flight(clients: Clients) -> None:
    config: Any = clients.sagemaker_runtime.meta.config

    assert config.max_pool_connections == INVOCATIONS_AT_A_TIME
