"""Application Auto Scaling of an endpoint's variant, and the alarm that wakes it.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import classify
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.provision.specification.api_requests import VARIANT
from relay.provision.specification.scaling import Scaling

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient

_NAMESPACE: Final = "AWS/SageMaker"
_BACKLOG_POLICY: Final = "backlog-per-instance"
_WAKE_POLICY: Final = "wake-from-zero"

# What was registered a moment ago is not there for every part of the service at once.
_COMES_BACK = frozenset(
    {"ObjectNotFoundException", "ConcurrentUpdateException", "InternalServiceException"}
)
_GONE = frozenset({"ObjectNotFoundException", "ResourceNotFound", "ResourceNotFoundException"})
_NOT_THERE = re.compile(r"no (scalable target|scaling policy) found", re.IGNORECASE)
# The service tries what the caller may do to endpoint and alarms, and what its own role may.
_RIGHTS = re.compile(r"not authorized|service-linked role|assume .*role", re.IGNORECASE)


class ApplicationAutoScaling:
    """Implements `relay.provision.lifecycle.ports.Autoscaler`.

    Args:
        autoscaling, cloudwatch: give the clients; most wake-ups need neither.
    """

    def __init__(
        self,
        autoscaling: "Callable[[], ApplicationAutoScalingClient]",
        cloudwatch: "Callable[[], CloudWatchClient]",
    ) -> None:
        self._autoscaling = autoscaling
        self._cloudwatch = cloudwatch

    def register(self, endpoint_name: str, scaling: Scaling) -> None:
        with _translated(f"scale endpoint {endpoint_name}"):
            self._autoscaling().register_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=_resource(endpoint_name),
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
                MinCapacity=scaling.minimum,
                MaxCapacity=scaling.maximum,
            )
            self._follow_the_backlog(endpoint_name, scaling)
            if scaling.sleeps:
                self._wake(endpoint_name, scaling)
                return
        doing = f"let endpoint {endpoint_name} sleep no more"
        self._delete_wake_alarm(endpoint_name, doing)
        with _gone_is_gone(doing):
            self._autoscaling().delete_scaling_policy(
                PolicyName=_WAKE_POLICY,
                ServiceNamespace="sagemaker",
                ResourceId=_resource(endpoint_name),
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            )

    def deregister(self, endpoint_name: str) -> None:
        """With the target go its policies and their alarms, except for the one that is ours."""
        doing = f"stop scaling endpoint {endpoint_name}"
        self._delete_wake_alarm(endpoint_name, doing)
        with _gone_is_gone(doing):
            self._autoscaling().deregister_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=_resource(endpoint_name),
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            )

    def _follow_the_backlog(self, endpoint_name: str, scaling: Scaling) -> None:
        self._autoscaling().put_scaling_policy(
            PolicyName=_BACKLOG_POLICY,
            ServiceNamespace="sagemaker",
            ResourceId=_resource(endpoint_name),
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": scaling.target_backlog,
                "CustomizedMetricSpecification": {
                    "Namespace": _NAMESPACE,
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    # Of this metric there is one for each endpoint, and none for its variants.
                    "Dimensions": [{"Name": "EndpointName", "Value": endpoint_name}],
                    "Statistic": "Average",
                },
                "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
                "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
            },
        )

    def _wake(self, endpoint_name: str, scaling: Scaling) -> None:
        """The backlog per instance has no value without instances, so it wakes nobody."""
        policy = self._autoscaling().put_scaling_policy(
            PolicyName=_WAKE_POLICY,
            ServiceNamespace="sagemaker",
            ResourceId=_resource(endpoint_name),
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                # Not an exact capacity: as long as the alarm lasts, that would take away what the
                # other policy has added.
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Maximum",
                "Cooldown": scaling.scale_out_cooldown_seconds,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
        )
        self._cloudwatch().put_metric_alarm(
            AlarmName=_wake_alarm(endpoint_name),
            AlarmDescription=(
                f"Wakes the endpoint {endpoint_name}: requests wait and no instance runs. "
                "Of the relay's own; it is in alarm whenever the endpoint is about to wake."
            ),
            Namespace=_NAMESPACE,
            MetricName="HasBacklogWithoutCapacity",
            Dimensions=[{"Name": "EndpointName", "Value": endpoint_name}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[policy["PolicyARN"]],
        )

    def _delete_wake_alarm(self, endpoint_name: str, doing: str) -> None:
        with _gone_is_gone(doing):
            self._cloudwatch().delete_alarms(AlarmNames=[_wake_alarm(endpoint_name)])


def _resource(endpoint_name: str) -> str:
    return f"endpoint/{endpoint_name}/variant/{VARIANT}"


def _wake_alarm(endpoint_name: str) -> str:
    return f"{endpoint_name}-wake-from-zero"


@contextmanager
def _gone_is_gone(doing: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if _code(error) not in _GONE and not _NOT_THERE.search(str(error)):
            raise _explained(error, doing) from error


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise _explained(error, doing) from error


def _explained(error: ClientError | BotoCoreError, doing: str) -> Exception:
    code = _code(error)
    if code in _COMES_BACK:
        return TransientError(f"{doing}: {error}")
    if code == "FailedResourceAccessException" or _RIGHTS.search(str(error)):
        return AccessDenied(f"{doing}: {error}")
    if code == "LimitExceededException":
        return PermanentError(f"{doing}: {error}. Ask for a higher quota in Service Quotas")
    return classify(error, doing)


def _code(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return ""
    return error.response.get("Error", {}).get("Code", "")
