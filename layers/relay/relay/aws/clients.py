"""boto3's clients, made when they are first needed, from one session."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from relay.aws.limits import LIMITS, CallGuard
from relay.budget import Budget

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

# Calls at a time to one host: as many as there are targets that are served side by side.
CONNECTIONS = 64


class Clients:
    """Each client is made once, when it is first used.

    They work in the function's own region unless another one is given. With a budget, they begin
    no call that can outlast it.
    """

    def __init__(self, region: str | None = None, *, budget: Budget | None = None) -> None:
        self._session = boto3.Session(region_name=region)
        self._budget = budget
        if budget is not None:
            guard = CallGuard(budget)
            self._session.events.register("before-call", guard.before_call)
            self._session.events.register("after-call-error", guard.after_error)

    def in_region(self, region: str) -> "Clients":
        """Return clients for another region, with the same budget."""
        return Clients(region, budget=self._budget)

    @property
    def region(self) -> str:
        return self._session.region_name

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", config=self._config("sqs", checked=False))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", config=self._config("dynamodb", checked=False))

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        return self._session.client("sagemaker", config=self._config("sagemaker"))

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        return self._session.client(
            "application-autoscaling", config=self._config("application-autoscaling")
        )

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return self._session.client("cloudwatch", config=self._config("cloudwatch"))

    @cached_property
    def sagemaker_runtime(self) -> "SageMakerRuntimeClient":
        return self._session.client(
            "sagemaker-runtime", config=self._config("sagemaker-runtime", checked=False)
        )

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", config=self._config("s3"))

    @cached_property
    def ssm(self) -> "SSMClient":
        return self._session.client("ssm", config=self._config("ssm"))

    @cached_property
    def sns(self) -> "SNSClient":
        return self._session.client("sns", config=self._config("sns"))

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", config=self._config("events"))

    def _config(self, service: str, *, checked: bool = True) -> Config:
        """Return the configuration of a service's client.

        `checked` is False for the calls of every request: validation takes a tenth of their
        processor time to find wrong types, which mypy finds, and empty strings, which AWS refuses.
        """
        limits = LIMITS[service]
        return Config(
            connect_timeout=limits.connect,
            read_timeout=limits.read,
            retries={"mode": "standard", "total_max_attempts": limits.tries},
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
            # botocore adds its own version to it, and would else put together a longer one, twice
            # for each call: a twelfth of its work.
            user_agent=f"async-inference-relay Boto3/{boto3.__version__}",
            parameter_validation=checked,
        )
