"""Sums of metrics of CloudWatch over a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from relayctl.doctor.account import Account

# GetMetricData takes so many queries at a time.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
_QUERIES = 500
# CloudWatch keeps data points of five minutes for 63 days, and of an hour for 455 days.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
_SHORT, _LONG = timedelta(minutes=5), timedelta(hours=1)
_LONG_FROM = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of one resource. `statistic` is Sum, SampleCount or Average of a period."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Sum"

    @classmethod
    def of(cls, namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> "Metric":
        return cls(namespace, name, tuple(dimensions.items()), statistic)


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of a metric, one for each period with data."""

    values: tuple[float, ...]
    period: timedelta

    @property
    def total(self) -> float:
        return sum(self.values)

    @property
    def mean(self) -> float:
        return self.total / len(self.values) if self.values else 0.0

    @property
    def hours_with_data(self) -> float:
        return len(self.values) * self.period / timedelta(hours=1)


def measure(
    account: Account, metrics: Iterable[Metric], since: datetime, until: datetime
) -> Mapping[Metric, Measured]:
    """Return what CloudWatch has of each metric; one without data is left out.

    Raises:
        NotChecked: the person has no permission for GetMetricData.
    """
    period = _LONG if until - since >= _LONG_FROM else _SHORT
    wanted = list(dict.fromkeys(metrics))
    found: dict[Metric, Measured] = {}
    for start in range(0, len(wanted), _QUERIES):
        some = wanted[start : start + _QUERIES]
        answer = account.get(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=_queries(some, period),
            StartTime=since,
            EndTime=until,
        )
        for result in answer["MetricDataResults"]:
            if result["Values"]:
                index = int(str(result["Id"]).removeprefix("m"))
                before = found.get(some[index], Measured((), period)).values
                found[some[index]] = Measured((*before, *result["Values"]), period)
    return found


def _queries(metrics: Sequence[Metric], period: timedelta) -> list[dict[str, Any]]:
    return [
        {
            "Id": f"m{index}",
            "MetricStat": {
                "Metric": {
                    "Namespace": each.namespace,
                    "MetricName": each.name,
                    "Dimensions": [
                        {"Name": name, "Value": value} for name, value in each.dimensions
                    ],
                },
                "Period": int(period.total_seconds()),
                "Stat": each.statistic,
            },
        }
        for index, each in enumerate(metrics)
    ]
