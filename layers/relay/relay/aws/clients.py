"""boto3's clients, made when they are first needed, from one session."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# Invocations in flight at a time: SageMaker answers in some tens of milliseconds, so that ten keep
# one processor busy.
INVOCATIONS_AT_A_TIME = 10


class Clients:
    """Each client is made once, when it is first used.

    They work in the function's own region unless another one is given.
    """

    def __init__(self, region: str | None = None) -> None:
        self._session = boto3.Session(region_name=region)
        # Far below the function's timeout: a call that hangs must not fail the batch.
        self._config = Config(
            connect_timeout=2,
            read_timeout=8,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=INVOCATIONS_AT_A_TIME,
            tcp_keepalive=True,
            # botocore adds its own version to it, and would else put together a longer one, twice
            # for each call: a twelfth of its work.
            user_agent=f"async-inference-relay Boto3/{boto3.__version__}",
        )
        # For the calls of every request: validation takes a tenth of their processor time to find
        # wrong types, which mypy finds, and empty strings, which AWS refuses.
        self._unchecked = self._config.merge(Config(parameter_validation=False))

    @property
    def region(self) -> str:
        return self._session.region_name

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", config=self._unchecked)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", config=self._unchecked)

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        return self._session.client("sagemaker", config=self._config)

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        return self._session.client("application-autoscaling", config=self._config)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return self._session.client("cloudwatch", config=self._config)

    @cached_property
    def sagemaker_runtime(self) -> "SageMakerRuntimeClient":
        return self._session.client("sagemaker-runtime", config=self._unchecked)

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", config=self._config)

    @cached_property
    def ssm(self) -> "SSMClient":
        return self._session.client("ssm", config=self._config)

    @cached_property
    def sns(self) -> "SNSClient":
        return self._session.client("sns", config=self._config)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", config=self._config)
