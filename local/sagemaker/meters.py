"""What SageMaker measures about each endpoint's variants, under the names of CloudWatch's metrics.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Metric(StrEnum):
    """Those with the dimensions EndpointName and VariantName. Counts are 1 for each request."""

    REQUEST_DOWNLOAD_FAILURES = "RequestDownloadFailures"
    RESPONSE_UPLOAD_FAILURES = "ResponseUploadFailures"
    NOTIFICATION_FAILURES = "NotificationFailures"
    INVOCATION_FAILURES = "InvocationFailures"
    EXPIRED_REQUESTS = "ExpiredRequests"
    INVOCATIONS_PROCESSED = "InvocationsProcessed"
    INVOCATION_4XX_ERRORS = "Invocation4XXErrors"
    INVOCATION_5XX_ERRORS = "Invocation5XXErrors"
    REQUEST_DOWNLOAD_LATENCY = "RequestDownloadLatency"
    """Microseconds, as the two that follow."""
    RESPONSE_UPLOAD_LATENCY = "ResponseUploadLatency"
    MODEL_LATENCY = "ModelLatency"
    TIME_IN_BACKLOG = "TimeInBacklog"
    """Milliseconds, as TotalProcessingTime (from receipt to the end, with the notification)."""
    TOTAL_PROCESSING_TIME = "TotalProcessingTime"


class Meter(NamedTuple):
    """What a statistic is about."""

    endpoint: str
    variant: str
    metric: Metric


@dataclass(slots=True)
class Statistic:
    """A statistic set, as PutMetricData takes it."""

    count: int = 0
    total: float = 0.0
    least: float = field(default=float("inf"))
    most: float = field(default=float("-inf"))

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)

    def merged(self, other: "Statistic") -> "Statistic":
        return Statistic(
            self.count + other.count,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )


class Meters:
    """Collects observations until they are taken."""

    def __init__(self) -> None:
        self._statistics: dict[Meter, Statistic] = {}

    def observe(self, endpoint: str, variant: str, metric: Metric, value: float = 1.0) -> None:
        meter = Meter(endpoint, variant, metric)
        statistic = self._statistics.get(meter)
        if statistic is None:
            statistic = self._statistics[meter] = Statistic()
        statistic.add(value)

    def take(self) -> dict[Meter, Statistic]:
        """Everything observed since the last call; the collection starts afresh."""
        taken, self._statistics = self._statistics, {}
        return taken
