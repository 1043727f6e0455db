"""Application Auto Scaling with its service-linked role."""

from collections.abc import Callable
from typing import Any, Final

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.errors import Refused, invalid
from tests.support.aws_fake.services.cloudwatch import CloudWatch
from tests.support.aws_fake.services.endpoints import SERVING, VARIANT
from tests.support.aws_fake.services.sagemaker import SageMaker

_ROLE: Final = (
    "arn:aws:iam::000000000000:role/aws-service-role/sagemaker.application-autoscaling.amazonaws."
    "com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
# For so long after its creation nothing may assume the service-linked role.
_ROLE_SECONDS: Final = 60


class AutoScaling:
    """Scalable targets by their resource ids. It knows endpoints by their names only."""

    def __init__(self, clock: Clock, sagemaker: SageMaker, cloudwatch: CloudWatch) -> None:
        self._clock = clock
        self._sagemaker = sagemaker
        self._cloudwatch = cloudwatch
        self.targets: dict[str, Document] = {}
        self.policies: dict[tuple[str, str], Document] = {}
        self.scheduled: dict[tuple[str, str], Document] = {}
        self.ever_scaled = False
        # Seconds since the beginning; None: the account has no service-linked role yet.
        self.role_made: float | None = -1_000_000
        # Whether the last instance is taken away just before the next deregistration.
        self.sleeps_before_deregistration = False
        # Whether the quota of policies is used up.
        self.quota_is_used_up = False
        # What the caller may do with the endpoint; raises Refused.
        self.permit: Callable[[str, str, str], None] = lambda service, operation, subject: None
        sagemaker.is_scalable_target = lambda name: _resource(name) in self.targets

    @property
    def operations(self) -> dict[str, Operation]:
        return {
            "register_scalable_target": self._register,
            "deregister_scalable_target": self._deregister,
            "put_scaling_policy": self._put_policy,
            "delete_scaling_policy": self._delete_policy,
            "describe_scalable_targets": self._describe_targets,
            "put_scheduled_action": self._put_action,
            "describe_scheduled_actions": self._describe_actions,
            "delete_scheduled_action": self._delete_action,
        }

    def bounds(self, endpoint: str) -> tuple[int, int] | None:
        """MinCapacity and MaxCapacity; None where the endpoint is not scaled."""
        target = self.targets.get(_resource(endpoint))
        return (target["MinCapacity"], target["MaxCapacity"]) if target else None

    def schedule(self, endpoint: str) -> list[tuple[str, str, int, int]]:
        """Schedule, Timezone, MinCapacity and MaxCapacity of each action, by their names."""
        return [
            (each["Schedule"], each["Timezone"], *each["ScalableTargetAction"].values())
            for (resource, _), each in sorted(self.scheduled.items())
            if resource == _resource(endpoint)
        ]

    def sleep(self, endpoint: str) -> None:
        """Take the last instance away, where the target and the endpoint allow it."""
        bounds, state = self.bounds(endpoint), self._sagemaker.state(endpoint)
        if bounds and bounds[0] == 0 and state and state.status == "InService" and state.desired:
            self._sagemaker.scale(endpoint, 0)

    def sleep_all(self) -> None:
        for resource in self.targets:
            self.sleep(resource.split("/")[1])

    def _register(
        self, *, ResourceId: str, MinCapacity: int, MaxCapacity: int, **_: Any
    ) -> Document:
        name, variant = ResourceId.split("/")[1::2]
        state = self._sagemaker.state(name)
        if state is None or state.status not in SERVING or variant != VARIANT:
            raise invalid(f"SageMaker endpoint variant doesn't exist: {ResourceId}")
        self._permit_capacity(name)
        if self.role_made is None:
            self.role_made = self._clock.seconds
        if self._clock.seconds < self.role_made + _ROLE_SECONDS:
            raise invalid(f"Unable to assume IAM role: {_ROLE}")
        self.ever_scaled = True
        self.targets[ResourceId] = {"MinCapacity": MinCapacity, "MaxCapacity": MaxCapacity}
        if state.status == "InService" and state.desired < MinCapacity:
            self._sagemaker.scale(name, MinCapacity)
        return {"ScalableTargetARN": f"{_ROLE}/{name}"}

    def _deregister(self, *, ResourceId: str, **_: Any) -> Document:
        if ResourceId not in self.targets:
            raise _not_found("scalable target", ResourceId)
        if self.sleeps_before_deregistration:
            self.sleeps_before_deregistration = False
            self.sleep(ResourceId.split("/")[1])
        for resource, name in list(self.policies):
            if resource == ResourceId:
                self._drop_policy(resource, name)
        for resource, name in list(self.scheduled):
            if resource == ResourceId:
                del self.scheduled[resource, name]
        del self.targets[ResourceId]
        return {}

    def _describe_targets(self, *, ResourceIds: list[str], **_: Any) -> Document:
        known = [each for each in ResourceIds if each in self.targets]
        found = [{"ResourceId": each, **self.targets[each]} for each in known]
        return {"ScalableTargets": found}

    def _put_policy(
        self, *, PolicyName: str, ResourceId: str, PolicyType: str, **request: Any
    ) -> Document:
        if ResourceId not in self.targets:
            raise _not_found("scalable target", ResourceId, "registered")
        if self.quota_is_used_up:
            raise Refused("LimitExceededException", "Too many scaling policies in this account")
        arn = f"arn:aws:autoscaling:::scalingPolicy:{ResourceId}:policyName/{PolicyName}"
        self.policies[ResourceId, PolicyName] = {"PolicyType": PolicyType, **request}
        if PolicyType == "TargetTrackingScaling":
            for name in _tracking_alarms(ResourceId, PolicyName):
                self._cloudwatch.alarms[name] = {"AlarmActions": [arn]}
        return {"PolicyARN": arn, "Alarms": []}

    def _delete_policy(self, *, PolicyName: str, ResourceId: str, **_: Any) -> Document:
        if (ResourceId, PolicyName) not in self.policies:
            raise _not_found("scaling policy", ResourceId)
        self._drop_policy(ResourceId, PolicyName)
        return {}

    def _put_action(self, *, ScheduledActionName: str, ResourceId: str, **request: Any) -> Document:
        if ResourceId not in self.targets:
            raise _not_found("scalable target", ResourceId, "registered")
        self.scheduled[ResourceId, ScheduledActionName] = request
        return {}

    def _describe_actions(self, *, ResourceId: str, **_: Any) -> Document:
        names = [name for resource, name in self.scheduled if resource == ResourceId]
        return {"ScheduledActions": [{"ScheduledActionName": name} for name in names]}

    def _delete_action(self, *, ScheduledActionName: str, ResourceId: str, **_: Any) -> Document:
        if (ResourceId, ScheduledActionName) not in self.scheduled:
            raise _not_found("scheduled action", ResourceId)
        del self.scheduled[ResourceId, ScheduledActionName]
        return {}

    def _drop_policy(self, resource: str, name: str) -> None:
        del self.policies[resource, name]
        for alarm in _tracking_alarms(resource, name):
            self._cloudwatch.alarms.pop(alarm, None)

    def _permit_capacity(self, endpoint: str) -> None:
        """The service tries what it will do with its caller's permissions."""
        for operation in ("describe_endpoint", "update_endpoint_weights_and_capacities"):
            try:
                self.permit("sagemaker", operation, endpoint)
            except Refused as refused:
                raise invalid(refused.message) from refused


def _resource(endpoint: str) -> str:
    return f"endpoint/{endpoint}/variant/{VARIANT}"


def _tracking_alarms(resource: str, policy: str) -> list[str]:
    return [f"TargetTracking-{resource}-{kind}-{policy}" for kind in ("AlarmHigh", "AlarmLow")]


def _not_found(what: str, resource: str, found: str = "found") -> Refused:
    return Refused(
        "ObjectNotFoundException",
        f"No {what} {found} for service namespace: sagemaker, resource ID: {resource}, scalable "
        "dimension: sagemaker:variant:DesiredInstanceCount",
    )
