"""The SDK's clients, made when they are first needed, from one session.

From botocore itself: boto3 adds transfers and resources to it, which nobody here uses and every
cold start would load.
"""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import Session

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
    """Each client is built once; a path that needs none of them pays for none.

    They work in the function's own region unless another one is given.
    """

    def __init__(self, region: str | None = None) -> None:
        self._session = Session()
        if region is not None:
            self._session.set_config_variable("region", region)
        # Time-outs far below the function's: a call that hangs must not take the batch with it.
        self._config = Config(
            connect_timeout=2,
            read_timeout=8,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=INVOCATIONS_AT_A_TIME,
            tcp_keepalive=True,
        )
        # For the calls that every request pays for, without a tenth of their processor time: it
        # goes into finding wrong types, which mypy finds, and empty texts, which AWS refuses.
        self._unchecked = self._config.merge(Config(parameter_validation=False))

    @property
    def region(self) -> str:
        return str(self._session.get_config_variable("region"))

    @cached_property
    def sqs(self) -> "SQSClient":
        return cast("SQSClient", self._create("sqs", self._unchecked))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self._create("dynamodb", self._unchecked))

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        return cast("SageMakerClient", self._create("sagemaker", self._config))

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        return cast(
            "ApplicationAutoScalingClient", self._create("application-autoscaling", self._config)
        )

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self._create("cloudwatch", self._config))

    @cached_property
    def sagemaker_runtime(self) -> "SageMakerRuntimeClient":
        return cast("SageMakerRuntimeClient", self._create("sagemaker-runtime", self._unchecked))

    @cached_property
    def s3(self) -> "S3Client":
        return cast("S3Client", self._create("s3", self._config))

    @cached_property
    def ssm(self) -> "SSMClient":
        return cast("SSMClient", self._create("ssm", self._config))

    @cached_property
    def sns(self) -> "SNSClient":
        return cast("SNSClient", self._create("sns", self._config))

    @cached_property
    def events(self) -> "EventBridgeClient":
        return cast("EventBridgeClient", self._create("events", self._config))

    def _create(self, service: str, config: Config) -> BaseClient:
        return self._session.create_client(service, config=config)
