"""What SageMaker measures about each endpoint's variants, under the names of CloudWatch's metrics.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self


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


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic set, as PutMetricData takes it."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    @classmethod
    def of(cls, value: float) -> Self:
        return cls(1, value, value, value)

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
        known = self._statistics.get(meter, Statistic())
        self._statistics[meter] = known.merged(Statistic.of(value))

    def take(self) -> dict[Meter, Statistic]:
        """Everything observed since the last call; the collection starts afresh."""
        taken, self._statistics = self._statistics, {}
        return taken
