"""The operations that the emulator has, and those of the same services that it has not."""

from dataclasses import dataclass
from functools import cache

import botocore.session
from botocore.model import OperationModel, ServiceModel

CONTROL, RUNTIME, SCALING = "sagemaker", "sagemaker-runtime", "application-autoscaling"
EMULATED = {
    CONTROL: (
        "CreateModel",
        "DescribeModel",
        "ListModels",
        "DeleteModel",
        "CreateEndpointConfig",
        "DescribeEndpointConfig",
        "ListEndpointConfigs",
        "DeleteEndpointConfig",
        "CreateEndpoint",
        "DescribeEndpoint",
        "ListEndpoints",
        "UpdateEndpoint",
        "UpdateEndpointWeightsAndCapacities",
        "DeleteEndpoint",
        "AddTags",
        "ListTags",
        "DeleteTags",
    ),
    RUNTIME: ("InvokeEndpointAsync",),
    SCALING: (
        "RegisterScalableTarget",
        "DescribeScalableTargets",
        "DeregisterScalableTarget",
        "PutScalingPolicy",
        "DescribeScalingPolicies",
        "DeleteScalingPolicy",
        "DescribeScalingActivities",
        "PutScheduledAction",
        "DescribeScheduledActions",
        "DeleteScheduledAction",
    ),
}
# An asynchronous endpoint answers both with ValidationError.
REFUSED = {RUNTIME: ("InvokeEndpoint", "InvokeEndpointWithResponseStream")}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of an API."""

    service: str
    name: str

    @property
    def model(self) -> OperationModel:
        return service_model(self.service).operation_model(self.name)

    @property
    def refusal(self) -> str:
        """The code of a refusal of what breaks a constraint of the model."""
        return "ValidationError" if self.service == RUNTIME else "ValidationException"


@cache
def service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def emulated() -> list[Operation]:
    return [Operation(service, name) for service, names in EMULATED.items() for name in names]


def absent() -> list[Operation]:
    """What the services have and the emulator has not."""
    return [
        Operation(service, name)
        for service, names in EMULATED.items()
        for name in service_model(service).operation_names
        if name not in (*names, *REFUSED.get(service, ()))
    ]
