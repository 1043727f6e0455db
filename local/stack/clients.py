"""boto3 clients for one local stack, whatever the developer's own AWS configuration says."""

import os
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

import boto3
import botocore.session
from botocore.config import Config

from local.stack.environment import client_variables
from local.stack.settings import StackSettings

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

# No profile and no file, so that neither can add an endpoint, a region or credentials.
_NO_CONFIGURATION = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class _Options(TypedDict, total=False):
    endpoint_url: str
    verify: str
    config: Config


class Clients:
    """The root user's clients. Threads may share them."""

    def __init__(self, settings: StackSettings) -> None:
        variables = client_variables(settings)
        self._session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
            botocore_session=botocore.session.Session(session_vars=_NO_CONFIGURATION),
        )
        config = Config(
            proxies={},
            max_pool_connections=32,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        authority = variables["AWS_CA_BUNDLE"]
        self._aws = _Options(endpoint_url=settings.aws_url, verify=authority, config=config)
        self._emulator = _Options(endpoint_url=settings.sagemaker_url, config=config)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", **self._aws)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", **self._aws)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self._session.client("lambda", **self._aws)

    @cached_property
    def iam(self) -> "IAMClient":
        return self._session.client("iam", **self._aws)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self._session.client("logs", **self._aws)

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", **self._aws)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", **self._aws)

    @cached_property
    def sts(self) -> "STSClient":
        return self._session.client("sts", **self._aws)

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        return self._session.client("sagemaker", **self._emulator)
