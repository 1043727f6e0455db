"""The instances of an endpoint that nothing scales any more."""

from typing import TYPE_CHECKING

from tests.acceptance.targets.target import eventually

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_SECONDS = 30.0


def awake(sagemaker: "SageMakerClient", endpoint_name: str) -> None:
    """The idle endpoint may have been scaled to zero as soon as it was registered."""
    eventually(lambda: _is_awake(sagemaker, endpoint_name), _SECONDS, "an endpoint that is awake")


def _is_awake(sagemaker: "SageMakerClient", endpoint_name: str) -> bool:
    endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
    (variant,) = endpoint["ProductionVariants"]
    if endpoint["EndpointStatus"] != "InService":
        return False
    if variant["DesiredInstanceCount"]:
        return True
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint_name,
        DesiredWeightsAndCapacities=[
            {"VariantName": variant["VariantName"], "DesiredInstanceCount": 1}
        ],
    )
    return False
