"""Application Auto Scaling of an endpoint's variant, and the alarm that scales it out from zero.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from relay.aws.errors import SdkError, classify, error_code, translated
from relay.errors import AccessDenied, PermanentError, RelayError, TransientError
from relay.provision.specification.api_requests import VARIANT
from relay.provision.specification.scaling import Scaling

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient

_NAMESPACE: Final = "AWS/SageMaker"
_BACKLOG_POLICY: Final = "backlog-per-instance"
_WAKE_POLICY: Final = "wake-from-zero"

# What was registered a moment ago is not visible to every part of the service at once.
_COMES_BACK = frozenset(
    {"ObjectNotFoundException", "ConcurrentUpdateException", "InternalServiceException"}
)
_GONE = frozenset({"ObjectNotFoundException", "ResourceNotFound", "ResourceNotFoundException"})
_NOT_THERE = re.compile(r"no (scalable target|scaling policy) found", re.IGNORECASE)
# The service tries the caller's permissions on endpoint and alarms, and those of its own role.
_DENIED = re.compile(r"not authorized|service-linked role|assume .*role", re.IGNORECASE)


class _ScalableTarget(TypedDict):
    ServiceNamespace: Literal["sagemaker"]
    ResourceId: str
    ScalableDimension: Literal["sagemaker:variant:DesiredInstanceCount"]


class ApplicationAutoScaling:
    """Implements `relay.provision.lifecycle.ports.Autoscaler`.

    Args:
        autoscaling, cloudwatch: give the clients, which most invocations do not need.
        stack_name: begins the names of alarms. The permission for them is the stack's, whatever the
            endpoint's name is.
    """

    def __init__(
        self,
        autoscaling: "Callable[[], ApplicationAutoScalingClient]",
        cloudwatch: "Callable[[], CloudWatchClient]",
        stack_name: str,
    ) -> None:
        self._autoscaling = autoscaling
        self._cloudwatch = cloudwatch
        self._stack_name = stack_name

    def register(self, endpoint_name: str, scaling: Scaling) -> None:
        with translated(f"scale endpoint {endpoint_name}", _explained):
            self._autoscaling().register_scalable_target(
                **_variant(endpoint_name),
                MinCapacity=scaling.minimum,
                MaxCapacity=scaling.maximum,
            )
            self._follow_the_backlog(endpoint_name, scaling)
            self._follow_the_schedule(endpoint_name, scaling)
            if scaling.sleeps:
                self._wake(endpoint_name, scaling)
                return
        doing = f"disable scaling to zero on endpoint {endpoint_name}"
        self._delete_wake_alarm(endpoint_name, doing)
        with translated(doing, _unless_gone):
            self._autoscaling().delete_scaling_policy(
                PolicyName=_WAKE_POLICY,
                **_variant(endpoint_name),
            )

    def deregister(self, endpoint_name: str) -> None:
        """Application Auto Scaling deletes the target's policies, their alarms and its scheduled
        actions, but not our alarm.
        """
        doing = f"stop scaling endpoint {endpoint_name}"
        self._delete_wake_alarm(endpoint_name, doing)
        with translated(doing, _unless_gone):
            self._autoscaling().deregister_scalable_target(
                **_variant(endpoint_name),
            )

    def _follow_the_backlog(self, endpoint_name: str, scaling: Scaling) -> None:
        self._autoscaling().put_scaling_policy(
            PolicyName=_BACKLOG_POLICY,
            **_variant(endpoint_name),
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": float(scaling.target_backlog),
                "CustomizedMetricSpecification": {
                    "Namespace": _NAMESPACE,
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    # This metric has no dimension for the variant.
                    "Dimensions": [{"Name": "EndpointName", "Value": endpoint_name}],
                    "Statistic": "Average",
                },
                "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
                "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
            },
        )

    def _follow_the_schedule(self, endpoint_name: str, scaling: Scaling) -> None:
        """Put the scheduled actions, and delete those of a longer schedule before."""
        client = self._autoscaling()
        names = [f"schedule-{number}" for number, _ in enumerate(scaling.schedule, start=1)]
        for name, action in zip(names, scaling.schedule, strict=True):
            client.put_scheduled_action(
                ScheduledActionName=name,
                **_variant(endpoint_name),
                Schedule=action.schedule,
                Timezone=action.timezone,
                ScalableTargetAction={
                    "MinCapacity": action.minimum,
                    "MaxCapacity": action.maximum,
                },
            )
        found = client.describe_scheduled_actions(**_variant(endpoint_name))
        for each in found["ScheduledActions"]:
            if each["ScheduledActionName"] not in names:
                client.delete_scheduled_action(
                    ScheduledActionName=each["ScheduledActionName"], **_variant(endpoint_name)
                )

    def _wake(self, endpoint_name: str, scaling: Scaling) -> None:
        """Scale out from zero, where the backlog per instance has no value."""
        policy = self._autoscaling().put_scaling_policy(
            PolicyName=_WAKE_POLICY,
            **_variant(endpoint_name),
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                # Not ExactCapacity: as long as the alarm is in ALARM, that would remove what the
                # other policy has added.
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Maximum",
                "Cooldown": scaling.scale_out_cooldown_seconds,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
        )
        self._cloudwatch().put_metric_alarm(
            AlarmName=self._wake_alarm(endpoint_name),
            AlarmDescription=(
                f"Scales endpoint {endpoint_name} out from zero: requests wait and no instance "
                "runs. The relay's own; it is in ALARM whenever the endpoint scales out from zero."
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
        with translated(doing, _unless_gone):
            self._cloudwatch().delete_alarms(AlarmNames=[self._wake_alarm(endpoint_name)])

    def _wake_alarm(self, endpoint_name: str) -> str:
        return f"{self._stack_name}-wake-{endpoint_name}"


def _variant(endpoint_name: str) -> _ScalableTarget:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint_name}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def _explained(error: SdkError, doing: str) -> RelayError:
    code = error_code(error)
    if code in _COMES_BACK:
        return TransientError(f"{doing}: {error}")
    if code == "FailedResourceAccessException" or _DENIED.search(str(error)):
        return AccessDenied(f"{doing}: {error}")
    if code == "LimitExceededException":
        return PermanentError(f"{doing}: {error}. Request a quota increase in Service Quotas")
    return classify(error, doing)


def _unless_gone(error: SdkError, doing: str) -> RelayError | None:
    if error_code(error) in _GONE or _NOT_THERE.search(str(error)):
        return None
    return _explained(error, doing)
