"""boto3's clients, made when they are first needed, and the limits of their calls in time.

The page docs/reference/time-budget.md has the table of the limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.utils import parse_timestamp

from relay.budget import Budget

if TYPE_CHECKING:
    from botocore.model import OperationModel
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

# botocore's pause before the second try is random, below one second; before the third, two.
_PAUSES = (0, 0, 1, 3)

# What a call ends with if its service cannot be reached or does not answer. A connection that the
# service closes is none of them: the next call opens another one.
HUNG = (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one client's calls.

    `connect` and `read` are the seconds in which one try connects, and then gets an answer.
    """

    connect: float
    read: float
    tries: int = 1

    @property
    def seconds(self) -> float:
        """The longest time of a call, with all its tries and the pauses between them."""
        return self.tries * (self.connect + self.read) + _PAUSES[self.tries]


# One try where a repeat could act twice: an inference, or a message to a target that drops no
# repeats. DynamoDB's writes have conditions, and every error of theirs keeps the claim.
LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "dynamodb": Limits(connect=1, read=2, tries=2),
        "ssm": Limits(connect=1, read=2),
        "sagemaker-runtime": Limits(connect=2, read=8),
        "sqs": Limits(connect=1, read=4),
        "sns": Limits(connect=2, read=5),
        "events": Limits(connect=2, read=5),
        "s3": Limits(connect=2, read=5, tries=2),
        # Of provision, whose invocations have no budget: each step can be repeated.
        "sagemaker": Limits(connect=2, read=8, tries=3),
        "application-autoscaling": Limits(connect=2, read=8, tries=3),
        "cloudwatch": Limits(connect=2, read=8, tries=3),
    }
)

# Their targets hang one by one; the outbox remembers which.
_SENDERS = frozenset({"sqs", "sns", "eventbridge"})


class NotBegun(BotoCoreError):
    """A call that was not begun, so that it has no effect."""

    fmt = "not tried: {reason}"


class CallGuard:
    """Begins no call that can outlast the budget, or whose service hung in the same invocation.

    Its methods are handlers of the events of botocore's clients in one region.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._hung_in: dict[str, int] = {}  # the invocation, by service

    def before_call(self, model: "OperationModel", event_name: str, **_: object) -> None:
        """Raise NotBegun instead of beginning the call."""
        service = model.service_model.service_name
        if self._hung_in.get(_service_id(event_name)) == self._budget.invocation:
            raise NotBegun(reason=f"{service} did not answer another call")
        seconds, left = LIMITS[service].seconds, self._budget.left()
        if left < seconds:
            raise NotBegun(reason=f"it can take {seconds:g} s, and {left:.0f} s are left")

    def after_error(self, exception: Exception, event_name: str, **_: object) -> None:
        """Take note of a call that hung to its end."""
        service_id = _service_id(event_name)
        if isinstance(exception, HUNG) and service_id not in _SENDERS:
            self._hung_in[service_id] = self._budget.invocation


def timestamp(value: object) -> datetime:
    """Read a time in a response. Botocore's own reading takes most of a listing's time."""
    if isinstance(value, str) and value[4:5] == "-":
        return datetime.fromisoformat(value)
    return parse_timestamp(str(value))


def _service_id(event_name: str) -> str:
    """Return the service of an event such as `before-call.dynamodb.BatchGetItem`."""
    return event_name.split(".")[1]


# Calls at a time to one host: as many as there are targets that are served side by side.
CONNECTIONS = 64


class Clients:
    """Each client is made once, when it is first used.

    They work in the function's own region unless another one is given. With a budget, they begin
    no call that can outlast it.
    """

    def __init__(self, region: str | None = None, *, budget: Budget | None = None) -> None:
        self._session = boto3.Session(region_name=region)
        parsers = self._session._session.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=timestamp)
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
