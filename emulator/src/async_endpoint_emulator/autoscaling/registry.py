"""Scalable targets, scaling policies and activities: what was asked for, kept as it was asked."""

import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from async_endpoint_emulator.autoscaling.schedules import Schedule
from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.resources import Namer
from async_endpoint_emulator.validation import Document

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_KEPT_ACTIVITIES = 100


@dataclass(slots=True)
class ScalableTarget:
    """One variant of an endpoint, and between which capacities it may scale."""

    resource_id: str
    arn: str
    endpoint: str
    variant: str
    minimum: int
    maximum: int
    role_arn: str
    suspended: Document = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def bounded(self, capacity: int) -> int:
        return max(self.minimum, min(self.maximum, capacity))

    def describe(self) -> Document:
        return {
            **scope(self.resource_id),
            "MinCapacity": self.minimum,
            "MaxCapacity": self.maximum,
            "RoleARN": self.role_arn,
            "CreationTime": self.created,
            "SuspendedState": {
                "DynamicScalingInSuspended": False,
                "DynamicScalingOutSuspended": False,
                "ScheduledScalingSuspended": False,
                **self.suspended,
            },
            "ScalableTargetARN": self.arn,
        }


@dataclass(slots=True)
class ScalingPolicy:
    """A step scaling or target tracking policy of a target."""

    name: str
    arn: str
    resource_id: str
    type: str
    configuration: Document
    alarms: list[Document] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_step(self) -> bool:
        return self.type == "StepScaling"

    def describe(self) -> Document:
        return {
            "PolicyARN": self.arn,
            "PolicyName": self.name,
            **scope(self.resource_id),
            "PolicyType": self.type,
            f"{self.type}PolicyConfiguration": self.configuration,
            "Alarms": self.alarms,
            "CreationTime": self.created,
        }

    def stepped(self, capacity: int, beyond: float) -> int:
        """The capacity after a step, for a metric that is `beyond` its alarm's threshold."""
        step = next(
            (
                each["ScalingAdjustment"]
                for each in self.configuration.get("StepAdjustments", [])
                if each.get("MetricIntervalLowerBound", -math.inf) <= beyond
                and beyond < each.get("MetricIntervalUpperBound", math.inf)
            ),
            None,
        )
        if step is None:
            return capacity
        match self.configuration.get("AdjustmentType", "ChangeInCapacity"):
            case "ExactCapacity":
                return int(step)
            case "PercentChangeInCapacity":
                change = capacity * step / 100
                rounded = math.ceil(change) if change >= 0 else math.floor(change)
                least = self.configuration.get("MinAdjustmentMagnitude", 1)
                return capacity + int(math.copysign(max(abs(rounded), least), step))
            case _:
                return capacity + int(step)

    def tracked(self, capacity: int, metric: float) -> int:
        """The capacity at which the metric would be at its target."""
        return math.ceil(capacity * metric / float(self.configuration["TargetValue"]))

    def cooldown(self, way: str) -> float:
        """Seconds to wait between actions, scaling `Out` or `In`."""
        member = "Cooldown" if self.is_step else f"Scale{way}Cooldown"
        return float(self.configuration.get(member, 300))


@dataclass(slots=True)
class ScheduledAction:
    """Bounds for a target from the times of a schedule on; `due`: when it runs next."""

    name: str
    arn: str
    resource_id: str
    # The members Schedule, Timezone, StartTime, EndTime and ScalableTargetAction, as given.
    given: Document
    schedule: Schedule
    due: datetime | None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def describe(self) -> Document:
        return {
            "ScheduledActionName": self.name,
            "ScheduledActionARN": self.arn,
            **scope(self.resource_id),
            **self.given,
            "CreationTime": self.created,
        }

    def next_after(self, moment: datetime) -> datetime | None:
        """The next time within StartTime and EndTime."""
        start, end = self.given.get("StartTime"), self.given.get("EndTime")
        due = self.schedule.after(max(moment, start) if start else moment)
        return None if due and end and due > end else due


@dataclass
class Registry:
    """Everything Application Auto Scaling knows; policies and actions by resource id and name."""

    namer: Namer
    targets: dict[str, ScalableTarget] = field(default_factory=dict)
    policies: dict[tuple[str, str], ScalingPolicy] = field(default_factory=dict)
    scheduled: dict[tuple[str, str], ScheduledAction] = field(default_factory=dict)
    activities: list[Document] = field(default_factory=list)

    def target_arn(self, resource_id: str) -> str:
        digest = hashlib.sha256(resource_id.encode()).hexdigest()[:36]
        return self.namer.arn_of("application-autoscaling", f"scalable-target/{digest}")

    def policy_arn(self, resource_id: str, name: str) -> str:
        policy = f"resource/{NAMESPACE}/{resource_id}:policyName/{name}"
        return self.namer.arn_of("autoscaling", f"scalingPolicy:{uuid4()}:{policy}")

    def is_registered(self, endpoint: str, variant: str) -> bool:
        return resource_id(endpoint, variant) in self.targets

    def policies_of(self, resource_id: str | None) -> list[ScalingPolicy]:
        """Those of one resource, or all."""
        found = self.policies.values()
        return [each for each in found if resource_id in (None, each.resource_id)]

    def scheduled_action_arn(self, resource_id: str, name: str) -> str:
        action = f"resource/{NAMESPACE}/{resource_id}:scheduledActionName/{name}"
        return self.namer.arn_of("autoscaling", f"scheduledAction:{uuid4()}:{action}")

    def actions_of(self, resource_id: str | None) -> list[ScheduledAction]:
        """Those of one resource, or all."""
        found = self.scheduled.values()
        return [each for each in found if resource_id in (None, each.resource_id)]

    def run_schedules(self, now: datetime) -> None:
        """Give targets the bounds of the actions that are due, in the order of their times."""
        due = [each for each in self.scheduled.values() if each.due and each.due <= now]
        for action in sorted(due, key=lambda each: each.due or now):
            target = self.targets[action.resource_id]
            action.due = action.next_after(now)
            if target.suspended.get("ScheduledScalingSuspended"):
                continue
            bounds = action.given["ScalableTargetAction"]
            target.minimum = bounds.get("MinCapacity", target.minimum)
            target.maximum = bounds.get("MaxCapacity", target.maximum)

    def remember(self, activity: Document) -> None:
        """Newest first, as DescribeScalingActivities lists them."""
        self.activities.insert(0, activity)
        del self.activities[_KEPT_ACTIVITIES:]


def scope(resource_id: str) -> Document:
    """The members that name a scalable target in every answer."""
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id,
        "ScalableDimension": DIMENSION,
    }


def resource_id(endpoint: str, variant: str) -> str:
    return f"endpoint/{endpoint}/variant/{variant}"


def not_found(what: str, resource: str, found: str = "found") -> AwsError:
    return AwsError(
        "ObjectNotFoundException",
        f"No {what} {found} for service namespace: {NAMESPACE}, resource ID: {resource}, "
        f"scalable dimension: {DIMENSION}",
    )
