"""The endpoint: its status, its instances, and the requests that wait in it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from relayctl.console.sources.emulator import Emulator
from relayctl.deployment import Deployment

CAPACITY_NEEDS: Final = ("sagemaker:DescribeEndpoint",)
BACKLOG_NEEDS: Final = ("cloudwatch:GetMetricData",)

# SageMaker publishes the metric each minute, and CloudWatch has it within a few.
# https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
_PERIOD_SECONDS: Final = 60
_LOOK_BACK: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Capacity:
    """`instances` are in service; `desired` are those that scaling, or the stack, asks for."""

    name: str
    status: str
    instances: int
    desired: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Requests in the endpoint's queue. `processing` is None where nothing says it.

    `at` is the time of the metric; None for a number of this moment. `waiting` is None if the
    metric has no data, as of an endpoint without requests.
    """

    waiting: int | None
    processing: int | None = None
    at: datetime | None = None


def capacity(deployment: Deployment) -> Capacity | None:
    """Return the endpoint's capacity; None if the stack has no endpoint.

    Raises:
        ClientError: SageMaker refused.
    """
    name = deployment.outputs.get("EndpointName")
    if name is None:
        return None
    answer = deployment.client("sagemaker").describe_endpoint(EndpointName=name)
    variants = answer.get("ProductionVariants", [])
    return Capacity(
        name,
        answer["EndpointStatus"],
        sum(each.get("CurrentInstanceCount", 0) for each in variants),
        sum(each.get("DesiredInstanceCount", 0) for each in variants),
        answer.get("FailureReason", ""),
    )


def backlog(deployment: Deployment, emulator: Emulator | None) -> Backlog:
    """Return what waits in the endpoint: from the emulator, or from CloudWatch.

    Raises:
        RelayctlError: the emulator refused or did not answer.
        ClientError: CloudWatch refused.
    """
    name = deployment.outputs.get("EndpointName", "")
    if emulator:
        state = emulator.state().get(name, {})
        return Backlog(state.get("backlog", 0), state.get("in_process", 0))
    now = datetime.now(UTC)
    answer = deployment.client("cloudwatch").get_metric_data(
        MetricDataQueries=[_query(name)],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    (result,) = answer["MetricDataResults"]
    if not result["Values"]:
        return Backlog(None)
    return Backlog(round(result["Values"][0]), at=result["Timestamps"][0])


def _query(endpoint: str) -> Any:  # noqa: ANN401 - as GetMetricData takes it
    return {
        "Id": "backlog",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ApproximateBacklogSize",
                "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
            },
            "Period": _PERIOD_SECONDS,
            "Stat": "Maximum",
        },
    }
