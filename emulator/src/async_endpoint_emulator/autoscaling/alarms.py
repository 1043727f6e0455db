"""CloudWatch alarms: those that target tracking makes, and the evaluation of all on AWS/SageMaker.

The AWS stand-in keeps the alarms. It knows neither their missing data nor scaling actions, and its
minutes are real minutes, so the emulator evaluates them and sets their states.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from async_endpoint_emulator.autoscaling.metrics import NAMESPACE, Metrics, Series
from async_endpoint_emulator.autoscaling.registry import ScalingPolicy
from async_endpoint_emulator.aws import Aws, error_code
from async_endpoint_emulator.inference.meters import Statistic
from async_endpoint_emulator.pace import Pace
from async_endpoint_emulator.resources import Namer

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import ComparisonOperatorType, StateValueType
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

# As observed on AWS: out after three minutes above the target, in after fifteen well below it.
_HIGH_PERIODS, _LOW_PERIODS = 3, 15
_LOW_SHARE = 0.9

_STATISTICS: Mapping[str, Callable[[Statistic], float]] = {
    "Average": lambda points: points.total / points.count,
    "Sum": lambda points: points.total,
    "Minimum": lambda points: points.least,
    "Maximum": lambda points: points.most,
    "SampleCount": lambda points: points.count,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


class TrackingAlarms:
    """The two alarms behind each target tracking policy, under the names that AWS gives them."""

    def __init__(self, aws: Aws, namer: Namer) -> None:
        self._aws = aws
        self._namer = namer

    async def put(self, policy: ScalingPolicy) -> None:
        """Makes the alarms, or changes them, and notes them in the policy."""
        target = float(policy.configuration["TargetValue"])
        await self._put(policy, "AlarmHigh", "GreaterThanThreshold", target, _HIGH_PERIODS)
        if not policy.configuration.get("DisableScaleIn"):
            low = target * _LOW_SHARE
            await self._put(policy, "AlarmLow", "LessThanThreshold", low, _LOW_PERIODS)

    async def delete(self, policy: ScalingPolicy) -> None:
        names = [alarm["AlarmName"] for alarm in policy.alarms]
        if names:
            await self._aws.call(self._aws.cloudwatch.delete_alarms, AlarmNames=names)

    async def _put(
        self,
        policy: ScalingPolicy,
        kind: str,
        comparison: "ComparisonOperatorType",
        threshold: float,
        periods: int,
    ) -> None:
        # The id in the policy's ARN stays when the policy changes, and so do the names.
        identity = policy.arn.split(":")[6]
        name = f"TargetTracking-{policy.resource_id}-{kind}-{identity}"
        metric = policy.configuration["CustomizedMetricSpecification"]
        await self._aws.call(
            self._aws.cloudwatch.put_metric_alarm,
            AlarmName=name,
            AlarmDescription="DO NOT EDIT OR DELETE. Of Application Auto Scaling: see its policy.",
            Namespace=metric["Namespace"],
            MetricName=metric["MetricName"],
            Dimensions=metric.get("Dimensions", []),
            Statistic=metric["Statistic"],
            Period=60,
            EvaluationPeriods=periods,
            Threshold=threshold,
            ComparisonOperator=comparison,
            AlarmActions=[policy.arn],
        )
        arn = self._namer.arn_of("cloudwatch", f"alarm:{name}")
        policy.alarms.append({"AlarmName": name, "AlarmARN": arn})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evaluation says. `value`: the metric in the newest period that has one."""

    name: str
    state: "StateValueType"
    actions: tuple[str, ...]
    threshold: float
    value: float | None

    @property
    def in_alarm(self) -> bool:
        return self.state == "ALARM" and self.value is not None


def evaluate(alarm: "MetricAlarmTypeDef", metrics: Metrics, pace: Pace) -> Verdict:
    """The alarm's state by CloudWatch's rules, in minutes of the pace."""
    values = _values(alarm, metrics, pace)
    threshold = alarm["Threshold"]
    compare = _COMPARISONS[alarm["ComparisonOperator"]]
    missing = alarm.get("TreatMissingData") or "missing"
    breaching = sum(
        missing == "breaching" if value is None else compare(value, threshold) for value in values
    )
    known = [value for value in values if value is not None]
    state: StateValueType = "OK"
    if breaching >= alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]):
        state = "ALARM"
    elif not known and missing == "missing":
        state = "INSUFFICIENT_DATA"
    elif not known and missing == "ignore":
        state = alarm["StateValue"]
    actions = tuple(alarm.get("AlarmActions", [])) if alarm.get("ActionsEnabled", True) else ()
    return Verdict(alarm["AlarmName"], state, actions, threshold, known[0] if known else None)


def _values(alarm: "MetricAlarmTypeDef", metrics: Metrics, pace: Pace) -> list[float | None]:
    """One for each period that is evaluated, newest first; None where there is no data point."""
    dimensions = sorted((each["Name"], each["Value"]) for each in alarm.get("Dimensions", []))
    series = Series(alarm["MetricName"], tuple(dimensions))
    period, now = pace.seconds(alarm["Period"]), metrics.clock()
    values: list[float | None] = []
    for number in range(alarm["EvaluationPeriods"]):
        end = now - number * period
        points = metrics.between(series, end - period, end)
        values.append(_statistic(alarm, points) if points else None)
    return values


def _statistic(alarm: "MetricAlarmTypeDef", points: list[Statistic]) -> float:
    if "ExtendedStatistic" in alarm:
        # A percentile. Of many points nothing is known but their extremes: the worst stands for it.
        return max(point.most for point in points)
    return _STATISTICS[alarm.get("Statistic") or "Average"](reduce(Statistic.merged, points))


@dataclass
class Alarms:
    """Evaluates every alarm on this namespace, and sets in CloudWatch the states that are new."""

    aws: Aws
    metrics: Metrics
    pace: Pace
    _published: dict[str, str] = field(default_factory=dict)

    async def evaluate(self) -> list[Verdict]:
        alarms = await self.aws.call(self._all)
        return [evaluate(alarm, self.metrics, self.pace) for alarm in alarms]

    async def publish(self, verdicts: list[Verdict]) -> None:
        """Has CloudWatch show the states."""
        for verdict in verdicts:
            # A state that was set by hand stays until the metric itself brings another one.
            if self._published.get(verdict.name, "INSUFFICIENT_DATA") != verdict.state:
                await self.aws.call(self._set_state, verdict)
        self._published = {verdict.name: verdict.state for verdict in verdicts}

    def _all(self) -> "list[MetricAlarmTypeDef]":
        pages = self.aws.cloudwatch.get_paginator("describe_alarms").paginate()
        alarms = [alarm for page in pages for alarm in page.get("MetricAlarms", [])]
        return [alarm for alarm in alarms if alarm.get("Namespace") == NAMESPACE]

    def _set_state(self, verdict: Verdict) -> None:
        value = "no data" if verdict.value is None else f"{verdict.value:g}"
        try:
            self.aws.cloudwatch.set_alarm_state(
                AlarmName=verdict.name,
                StateValue=verdict.state,
                StateReason=f"{value}, where the threshold is {verdict.threshold:g}",
            )
        except ClientError as exc:
            if error_code(exc) not in ("ResourceNotFound", "ResourceNotFoundException"):
                raise  # it has been deleted meanwhile
