"""The metrics of asynchronous endpoints: kept for the alarms, and published to CloudWatch."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local.sagemaker.aws import AWS_ERRORS, Aws

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

log = logging.getLogger("sagemaker")

NAMESPACE = "AWS/SageMaker"
_DATA_AT_A_TIME = 500
_VALUES_IN_A_DATUM = 150

_UNITS: dict[str, "StandardUnitType"] = {
    "ModelLatency": "Microseconds",
    "RequestDownloadLatency": "Microseconds",
    "ResponseUploadLatency": "Microseconds",
    "TimeInBacklog": "Milliseconds",
    "TotalProcessingTime": "Milliseconds",
    "ApproximateAgeOfOldestRequest": "Seconds",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A name and its dimensions, in the order of their names."""

    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of_endpoint(cls, name: str, endpoint: str) -> "Metric":
        return cls(name, (("EndpointName", endpoint),))

    @classmethod
    def of_variant(cls, name: str, endpoint: str, variant: str) -> "Metric":
        return cls(name, (("EndpointName", endpoint), ("VariantName", variant)))


@dataclass(slots=True)
class Pace:
    """How much faster than on AWS the minutes of alarms and cooldowns pass."""

    speed: float

    def seconds(self, of_aws: float) -> float:
        return of_aws / self.speed


@dataclass
class Metrics:
    """Every data point of the last while, and those that nobody has published yet.

    `remember_seconds`: the longest that an alarm may look back.
    """

    remember_seconds: float = 3600.0
    clock: Callable[[], float] = time.monotonic
    _points: dict[Metric, deque[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _unpublished: dict[Metric, list[float]] = field(default_factory=lambda: defaultdict(list))

    def count(self, name: str, endpoint: str, variant: str, value: float = 1.0) -> None:
        """Something that happened on a variant."""
        self.record(Metric.of_variant(name, endpoint, variant), value)

    def record(self, metric: Metric, value: float) -> None:
        now = self.clock()
        points = self._points[metric]
        points.append((now, value))
        while points[0][0] < now - self.remember_seconds:
            points.popleft()
        self._unpublished[metric].append(value)

    def between(self, metric: Metric, start: float, end: float) -> list[float]:
        """The values in `(start, end]`, by this object's clock."""
        return [value for moment, value in self._points.get(metric, ()) if start < moment <= end]

    def take_unpublished(self) -> dict[Metric, list[float]]:
        taken, self._unpublished = self._unpublished, defaultdict(list)
        return taken


class MetricsPublisher:
    """Puts the data points into CloudWatch, from time to time."""

    def __init__(self, aws: Aws, metrics: Metrics, every_seconds: float) -> None:
        self._aws = aws
        self._metrics = metrics
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Until it is cancelled. A failure is logged; what was to be published then is gone."""
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                await self.publish()
            except AWS_ERRORS as exc:
                log.error("metrics not published: %s", exc)

    async def publish(self) -> None:
        data = list(_data(self._metrics.take_unpublished()))
        put = self._aws.cloudwatch.put_metric_data
        for start in range(0, len(data), _DATA_AT_A_TIME):
            chunk = data[start : start + _DATA_AT_A_TIME]
            await self._aws.call(put, Namespace=NAMESPACE, MetricData=chunk)


def _data(points: dict[Metric, list[float]]) -> Iterable["MetricDatumTypeDef"]:
    now = datetime.now(UTC)
    for metric, values in points.items():
        for start in range(0, len(values), _VALUES_IN_A_DATUM):
            yield {
                "MetricName": metric.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
                "Timestamp": now,
                "Values": values[start : start + _VALUES_IN_A_DATUM],
                "Unit": _UNITS.get(metric.name, "Count"),
            }
