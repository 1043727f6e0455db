"""Puts the parts of Application Auto Scaling together."""

from local.sagemaker.aws import Aws
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.metrics import Metrics, Pace
from local.sagemaker.resources import Namer
from local.sagemaker.scaling import SERVICE_LINKED_ROLE, Scaling
from local.sagemaker.scaling_alarms import Alarms, TrackingAlarms
from local.sagemaker.scaling_loop import ScalingLoop
from local.sagemaker.scaling_registry import Registry


def application_auto_scaling(
    aws: Aws,
    namer: Namer,
    authoriser: Authoriser,
    control_plane: ControlPlane,
    metrics: Metrics,
    pace: Pace,
) -> tuple[Scaling, ScalingLoop]:
    """The API, and the loop that scales; the control plane learns what is registered."""
    registry = Registry(namer)
    control_plane.is_scalable_target = registry.is_registered

    async def set_capacity(endpoint: str, variant: str, count: int) -> None:
        capacity = {"VariantName": variant, "DesiredInstanceCount": count}
        await control_plane.perform(
            "UpdateEndpointWeightsAndCapacities",
            {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [capacity]},
            Caller(SERVICE_LINKED_ROLE, principal=None),  # its role may do just this
        )

    endpoints = control_plane.endpoints
    api = Scaling(registry, endpoints, authoriser, aws, TrackingAlarms(aws))
    return api, ScalingLoop(registry, endpoints, Alarms(aws, metrics, pace), set_capacity)
