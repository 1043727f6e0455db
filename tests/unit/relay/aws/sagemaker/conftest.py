"""The control plane over a client with planned answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber
from relay.aws.model_environment import SsmEnvironment
from relay.aws.sagemaker.control_plane import SageMakerControlPlane

from tests.support.sagemaker.stubbed import client

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(client()) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


@pytest.fixture
def control_plane(stub: Stubber) -> SageMakerControlPlane:
    return SageMakerControlPlane(client, SsmEnvironment(_no_parameters))


def _no_parameters() -> "SSMClient":
    raise AssertionError("no specification here has references")
