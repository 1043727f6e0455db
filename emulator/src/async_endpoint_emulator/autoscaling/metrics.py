"""The metrics of asynchronous endpoints: kept for the alarms, and published to CloudWatch."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from async_endpoint_emulator.aws import AWS_ERRORS, Aws
from async_endpoint_emulator.deployments.endpoint import SERVING
from async_endpoint_emulator.deployments.load import EndpointLoad
from async_endpoint_emulator.inference.meters import Meters, Statistic

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

log = logging.getLogger("sagemaker")

NAMESPACE = "AWS/SageMaker"
_DATA_AT_A_TIME = 500

_UNITS: dict[str, "StandardUnitType"] = {
    "ModelLatency": "Microseconds",
    "RequestDownloadLatency": "Microseconds",
    "ResponseUploadLatency": "Microseconds",
    "TimeInBacklog": "Milliseconds",
    "TotalProcessingTime": "Milliseconds",
    "ApproximateAgeOfOldestRequest": "Seconds",
}


@dataclass(frozen=True, slots=True)
class Series:
    """What data points belong to: a metric's name and its dimensions, ordered by their names."""

    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass
class Metrics:
    """Every data point of the last while, and those that are not published yet.

    `remember_seconds`: the longest that an alarm may look back.
    """

    meters: Meters
    remember_seconds: float = 3600.0
    clock: Callable[[], float] = time.monotonic
    _points: dict[Series, deque[tuple[float, Statistic]]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _unpublished: list[tuple[Series, Statistic]] = field(default_factory=list)

    def observe(self, loads: list[EndpointLoad]) -> None:
        """Takes what was measured since the last time, and how the endpoints stand now."""
        for meter, statistic in self.meters.take().items():
            dimensions = (("EndpointName", meter.endpoint), ("VariantName", meter.variant))
            self._record(Series(meter.metric.value, dimensions), statistic)
        for load in loads:
            for name, value in gauges(load):
                series = Series(name, (("EndpointName", load.name),))
                self._record(series, Statistic.of(value))

    def between(self, series: Series, start: float, end: float) -> list[Statistic]:
        """The data points in `(start, end]`, by this object's clock."""
        return [point for moment, point in self._points.get(series, ()) if start < moment <= end]

    def take_unpublished(self) -> list[tuple[Series, Statistic]]:
        taken, self._unpublished = self._unpublished, []
        return taken

    def _record(self, series: Series, statistic: Statistic) -> None:
        now, points = self.clock(), self._points[series]
        points.append((now, statistic))
        while points[0][0] < now - self.remember_seconds:
            points.popleft()
        self._unpublished.append((series, statistic))


def gauges(load: EndpointLoad) -> Iterator[tuple[str, float]]:
    """What SageMaker publishes once a minute, with the dimension EndpointName alone.

    ApproximateBacklogSizePerInstance is undefined without instances, so it is not there then.
    """
    if load.status not in SERVING:
        return
    yield "ApproximateBacklogSize", load.backlog
    if load.instances:
        yield "ApproximateBacklogSizePerInstance", load.backlog / load.instances
    yield "HasBacklogWithoutCapacity", float(load.waiting > 0 and not load.instances)
    yield "ApproximateAgeOfOldestRequest", load.oldest_seconds or 0.0


@dataclass(frozen=True)
class MetricsPublisher:
    """Puts the data points into CloudWatch, from time to time."""

    aws: Aws
    metrics: Metrics
    every_seconds: float

    async def run(self) -> None:
        """Until it is cancelled. A failure is logged; what was to be published then is gone."""
        while True:
            await asyncio.sleep(self.every_seconds)
            try:
                await self.publish()
            except AWS_ERRORS as exc:
                log.error("metrics not published: %s", exc)

    async def publish(self) -> None:
        merged: dict[Series, Statistic] = {}
        for series, statistic in self.metrics.take_unpublished():
            merged[series] = merged.get(series, Statistic()).merged(statistic)
        data = [_datum(series, statistic) for series, statistic in merged.items()]
        put = self.aws.cloudwatch.put_metric_data
        for start in range(0, len(data), _DATA_AT_A_TIME):
            chunk = data[start : start + _DATA_AT_A_TIME]
            await self.aws.call(put, Namespace=NAMESPACE, MetricData=chunk)


def _datum(series: Series, statistic: Statistic) -> "MetricDatumTypeDef":
    return {
        "MetricName": series.name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in series.dimensions],
        "Timestamp": datetime.now(UTC),
        "StatisticValues": {
            "SampleCount": statistic.count,
            "Sum": statistic.total,
            "Minimum": statistic.least,
            "Maximum": statistic.most,
        },
        "Unit": _UNITS.get(series.name, "Count"),
    }
