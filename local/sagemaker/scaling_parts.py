"""Puts the parts of Application Auto Scaling together."""

from local.sagemaker.aws import Aws
from local.sagemaker.endpoint_operations import Endpoints
from local.sagemaker.identity import Authoriser
from local.sagemaker.metrics import Metrics
from local.sagemaker.resources import Namer
from local.sagemaker.scaling import Scaling
from local.sagemaker.scaling_alarms import Alarms, TrackingAlarms
from local.sagemaker.scaling_loop import ScalingLoop
from local.sagemaker.scaling_pace import Pace
from local.sagemaker.scaling_registry import Registry


def application_auto_scaling(
    aws: Aws,
    namer: Namer,
    authoriser: Authoriser,
    endpoints: Endpoints,
    metrics: Metrics,
    pace: Pace,
) -> tuple[Scaling, ScalingLoop]:
    """The API, and the loop that scales; the operations on endpoints learn what is registered."""
    registry = Registry(namer)
    endpoints.is_scalable_target = registry.is_registered
    api = Scaling(registry, endpoints.all, authoriser, aws, TrackingAlarms(aws))
    return api, ScalingLoop(registry, endpoints, Alarms(aws, metrics, pace))
