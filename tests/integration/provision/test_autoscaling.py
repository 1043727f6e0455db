"""The adapter of Application Auto Scaling: what it asks for, and what it makes of the answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws
from relay.aws.sagemaker.autoscaling import ApplicationAutoScaling
from relay.errors import AccessDenied, PermanentError, RelayError, TransientError
from relay.provision.specification.scaling import Scaling
from relay.provision.specification.schedule import ScheduledAction

SLEEPY = Scaling(0, 4, 5, 300, 120)
AWAKE = Scaling(1, 4, 5, 300, 120)
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/relay/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


class Account:
    """The adapter, and an account that shows what it has."""

    def __init__(self) -> None:
        session = boto3.Session("test", "test", region_name="us-east-1")
        config = Config(retries={"total_max_attempts": 1})
        self.autoscaling: Any = session.client("application-autoscaling", config=config)
        self.cloudwatch: Any = session.client("cloudwatch", config=config)
        self.scaler = ApplicationAutoScaling(
            lambda: self.autoscaling, lambda: self.cloudwatch, "fraud"
        )

    def targets(self) -> Any:
        answer = self.autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        return answer["ScalableTargets"]

    def policies(self) -> Any:
        answer = self.autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        return {policy["PolicyName"]: policy for policy in answer["ScalingPolicies"]}

    def actions(self) -> list[tuple[str, str, dict[str, int]]]:
        """Ordered by their names."""
        answer = self.autoscaling.describe_scheduled_actions(ServiceNamespace="sagemaker")
        found = sorted(answer["ScheduledActions"], key=lambda each: each["ScheduledActionName"])
        return [
            (each["Schedule"], each["Timezone"], each["ScalableTargetAction"]) for each in found
        ]

    def wake_alarms(self) -> Any:
        alarms = self.cloudwatch.describe_alarms(AlarmNamePrefix="fraud-")["MetricAlarms"]
        return {alarm["AlarmName"]: alarm for alarm in alarms}


@pytest.fixture
def account() -> Iterator[Account]:
    with mock_aws():
        account = Account()
        # moto looks for the endpoint that is scaled.
        sagemaker: Any = boto3.client(
            "sagemaker", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        sagemaker.create_model(
            ModelName="m",
            ExecutionRoleArn="arn:aws:iam::123456789012:role/r",
            PrimaryContainer={"Image": "i"},
        )
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": "m",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="relay", EndpointConfigName="c")
        yield account


def test_the_variant_scales_between_the_bounds_by_the_backlog_of_the_endpoint(
    account: Account,
) -> None:
    account.scaler.register("relay", AWAKE)

    (target,) = account.targets()
    assert target["ResourceId"] == TARGET["ResourceId"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    tracking = account.policies()["backlog-per-instance"][
        "TargetTrackingScalingPolicyConfiguration"
    ]
    assert tracking["TargetValue"] == 5
    assert tracking["ScaleInCooldown"] == 300
    assert tracking["ScaleOutCooldown"] == 120
    metric = tracking["CustomizedMetricSpecification"]
    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    # SageMaker publishes it for the endpoint, and for no variant of it.
    assert metric["Dimensions"] == [{"Name": "EndpointName", "Value": "relay"}]


def test_the_target_may_lie_between_two_numbers(account: Account) -> None:
    account.scaler.register("relay", replace(AWAKE, target_backlog=1.5))

    tracking = account.policies()["backlog-per-instance"]
    assert tracking["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 1.5


def test_an_endpoint_at_zero_scales_out_on_a_backlog_without_capacity(
    account: Account,
) -> None:
    account.scaler.register("relay", SLEEPY)

    wake = account.policies()["wake-from-zero"]
    steps = wake["StepScalingPolicyConfiguration"]
    assert steps["AdjustmentType"] == "ChangeInCapacity"
    assert steps["StepAdjustments"] == [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    alarm = account.wake_alarms()["fraud-wake-relay"]
    assert alarm["AlarmActions"] == [wake["PolicyARN"]]
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
    assert alarm["Dimensions"] == [{"Name": "EndpointName", "Value": "relay"}]


def test_an_endpoint_without_scale_to_zero_has_no_policy_and_alarm_for_it(account: Account) -> None:
    account.scaler.register("relay", SLEEPY)
    account.scaler.register("relay", AWAKE)

    assert set(account.policies()) == {"backlog-per-instance"}
    assert account.wake_alarms() == {}


def test_nothing_is_left_and_every_call_can_be_repeated(account: Account) -> None:
    for _ in range(2):
        account.scaler.register("relay", SLEEPY)

    for _ in range(2):
        account.scaler.deregister("relay")

    assert account.targets() == []
    assert account.wake_alarms() == {}


def test_the_schedule_is_that_of_the_last_registration(account: Account) -> None:
    night = ScheduledAction("cron(0 20 ? * * *)", "Europe/Berlin", 0, 0)
    morning = ScheduledAction("cron(30 7 ? * * *)", "Europe/Berlin", 1, 4)

    account.scaler.register("relay", replace(AWAKE, schedule=(night, morning)))
    both = account.actions()
    account.scaler.register("relay", replace(AWAKE, schedule=(morning,)))
    one = account.actions()
    account.scaler.register("relay", AWAKE)

    asleep, awake = {"MinCapacity": 0, "MaxCapacity": 0}, {"MinCapacity": 1, "MaxCapacity": 4}
    assert both == [
        ("cron(0 20 ? * * *)", "Europe/Berlin", asleep),
        ("cron(30 7 ? * * *)", "Europe/Berlin", awake),
    ]
    assert one == [("cron(30 7 ? * * *)", "Europe/Berlin", awake)]
    assert account.actions() == []


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        ("ConcurrentUpdateException", "another update", TransientError),
        ("ObjectNotFoundException", "No scalable target registered", TransientError),
        ("ThrottlingException", "Rate exceeded", TransientError),
        ("FailedResourceAccessException", "the role", AccessDenied),
        ("ValidationException", "User: x is not authorized to perform: y", AccessDenied),
        ("ValidationException", "Unable to assume IAM role: z", AccessDenied),
        ("ValidationException", "Maximum capacity cannot be less", PermanentError),
        ("LimitExceededException", "too many targets", PermanentError),
    ],
)
def test_an_error_says_what_the_caller_must_do(
    code: str, message: str, error: type[RelayError]
) -> None:
    with mock_aws(), refusing(code, message) as account, pytest.raises(RelayError) as refusal:
        account.scaler.register("relay", AWAKE)

    assert type(refusal.value) is error
    assert message in str(refusal.value)
    assert refusal.value.__cause__ is not None


@contextmanager
def refusing(code: str, message: str) -> Iterator[Account]:
    account = Account()
    with Stubber(account.autoscaling) as stub:
        stub.add_client_error("register_scalable_target", code, message, 400)
        yield account
