"""The relay's adapter keeps the contract on the emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from relay.aws.sagemaker.endpoint import SageMakerEndpoint
from relay.ports import Endpoint
from relay.s3uri import S3Uri

from tests.contract.endpoint import EndpointContract
from tests.support.emulator.stack import Clients, Stack
from tests.support.fakes.budgets import ample


@pytest.fixture(scope="module")
def in_service(clients: Clients, artifact: Path) -> Iterator[Stack]:
    stack = Stack(clients, artifact)
    stack.create_endpoint()
    yield stack
    stack.close()


class TestTheEndpoint(EndpointContract):
    @pytest.fixture
    def inputs(self, in_service: Stack) -> S3Uri:
        return S3Uri(in_service.bucket, "inputs/")

    @pytest.fixture
    def endpoint(self, in_service: Stack) -> Endpoint:
        return SageMakerEndpoint(in_service.runtime, in_service.name, ample())

    @pytest.fixture
    def absent(self, in_service: Stack) -> Endpoint:
        return SageMakerEndpoint(in_service.runtime, "does-not-exist", ample())
