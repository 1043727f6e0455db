"""What CloudFormation shows a person when it did not work: what happened, and what to do."""

from datetime import timedelta
from typing import Final

from relay.provision.endpoint import Endpoint, EndpointStatus
from relay.provision.lifecycle.advice import advice
from relay.provision.specification.specification import Specification

_STATE_AFTER_UPDATE: Final = {
    EndpointStatus.IN_SERVICE: "SageMaker rolled it back; it serves what it served before",
    EndpointStatus.UPDATE_ROLLBACK_FAILED: (
        "The rollback failed as well: it serves the old and the new configuration mixed, until "
        "the relay has updated it back to the old one"
    ),
}


def not_ours(endpoint: Endpoint) -> str:
    return (
        f"endpoint {endpoint.name} already exists with configuration {endpoint.config}, which this "
        "request did not make, and is left alone. Choose another EndpointName, or delete that "
        "endpoint, and deploy again"
    )


def not_created(endpoint: Endpoint, wanted: Specification) -> str:
    return (
        f"endpoint {endpoint.name} could not be created ({endpoint.status.value}): "
        f"{_cause(endpoint)}. {_remedy(endpoint, wanted, 'correct the model or the image')}"
    )


def not_updated(endpoint: Endpoint, wanted: Specification) -> str:
    state = _STATE_AFTER_UPDATE.get(endpoint.status, "It does not serve")
    return (
        f"endpoint {endpoint.name} could not be updated ({endpoint.status.value}): "
        f"{_cause(endpoint)}. {state}. {_remedy(endpoint, wanted, 'correct what was changed')}"
    )


def too_few_instances(wanted: Specification, count: int) -> str:
    return (
        f"DeploymentStrategy is {wanted.deployment.strategy}, with which SageMaker moves at most "
        f"half of the instances in one step, but endpoint {wanted.endpoint_name} has only {count}. "
        "Set DeploymentStrategy to AllAtOnce, or InstanceCount to at least 2, and deploy again"
    )


def former_name_out_of_reach(former_name: str, error: Exception) -> str:
    return (
        f"EndpointName has changed, but endpoint {former_name} could not be deleted afterwards: "
        f"deploy with FormerEndpointName={former_name.lower()}, or under the old name. {error}"
    )


def too_late(endpoint_name: str, endpoint: Endpoint, waited: timedelta) -> str:
    return (
        f"endpoint {endpoint_name} is still {endpoint.status.value} after "
        f"{waited // timedelta(minutes=1)} minutes. {_logs(endpoint_name)}, "
        "and deploy again once it has settled"
    )


def never_its_turn(endpoint_name: str) -> str:
    return (
        f"a roll-out to endpoint {endpoint_name} was still under way, and SageMaker takes no "
        "second change meanwhile. See how far it is with the action describe, and deploy again "
        "once it is over"
    )


def _cause(endpoint: Endpoint) -> str:
    return endpoint.failure_reason.strip().rstrip(".") or "SageMaker gives no reason"


def _remedy(endpoint: Endpoint, wanted: Specification, otherwise: str) -> str:
    # After a rollback SageMaker's reason has been seen empty; alarms are a likely cause then.
    watched = endpoint.status is EndpointStatus.IN_SERVICE and wanted.deployment.alarms
    said = endpoint.failure_reason.strip() or ("alarm" if watched else "")
    if known := advice(said, wanted):
        return f"{known}. Then deploy again"
    return f"{_logs(endpoint.name)}, {otherwise}, and deploy again"


def _logs(endpoint_name: str) -> str:
    return f"Look into the log group /aws/sagemaker/Endpoints/{endpoint_name}"
