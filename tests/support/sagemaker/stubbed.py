"""SageMaker's client with the answers that a test plans, and what it is asked for."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.stub import Stubber

from tests.support.provisioning.properties import specification

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"
FULL = specification(
    ModelEnvironment='{"WORKERS": "2"}',
    IncludeInferenceResponseIn=["SUCCESS_NOTIFICATION_TOPIC"],
    OutputKmsKeyId="arn:aws:kms:us-east-1:000000000000:key/1",
)
GENERATION = FULL.generation


@cache
def client() -> "SageMakerClient":
    """Made once: reading SageMaker's service model takes longer than all of these tests."""
    return boto3.client(
        "sagemaker", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def refuse(stub: Stubber, operation: str, message: str, code: str = "ValidationException") -> None:
    stub.add_client_error(operation, code, message, 400, expected_params=None)
