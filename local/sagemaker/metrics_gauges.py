"""How things stand with an endpoint: the metrics that SageMaker publishes each minute."""

from collections.abc import Iterator

from local.sagemaker.endpoints import SERVING, Endpoint
from local.sagemaker.metrics import Metric, Metrics


def observe(metrics: Metrics, endpoint: Endpoint) -> None:
    """Records them as they are now."""
    for name, value in gauges(endpoint):
        metrics.record(Metric.of_endpoint(name, endpoint.name), value)


def gauges(endpoint: Endpoint) -> Iterator[tuple[str, float]]:
    """ApproximateBacklogSizePerInstance is undefined without instances, so it is not there then."""
    if endpoint.status not in SERVING:
        return
    waiting, instances = endpoint.backlog, endpoint.fleet.size
    backlog = waiting + endpoint.fleet.busy
    yield "ApproximateBacklogSize", backlog
    if instances:
        yield "ApproximateBacklogSizePerInstance", backlog / instances
    yield "HasBacklogWithoutCapacity", float(waiting > 0 and not instances)
    yield "ApproximateAgeOfOldestRequest", endpoint.queue.oldest_seconds
