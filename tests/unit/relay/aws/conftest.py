"""Clients whose calls and answers a test writes down beforehand."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> Any:
    """A client for the module's `SERVICE`."""
    return boto3.client(
        request.module.SERVICE,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def stubber(client: Any) -> Iterator[Stubber]:
    """Every answer must have been asked for in the end."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
