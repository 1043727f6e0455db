"""The control plane over a client with planned answers."""

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from relay.aws.sagemaker.control_plane import SageMakerControlPlane

from tests.support.sagemaker.stubbed import client


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(client()) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


@pytest.fixture
def control_plane(stub: Stubber) -> SageMakerControlPlane:
    return SageMakerControlPlane(client)
