"""Reasons of failures, as CloudFormation and the log show them: what happened and what to do."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.specification.specification import Specification

_STATE_AFTER_UPDATE: Final = {
    EndpointStatus.IN_SERVICE: "SageMaker rolled it back; it serves what it served before",
    EndpointStatus.UPDATE_ROLLBACK_FAILED: (
        "The rollback failed as well: it serves the old and the new configuration mixed, until "
        "the relay has updated it back to the old one"
    ),
}


def not_ours(endpoint: EndpointDescription) -> str:
    return (
        f"endpoint {endpoint.name} already exists with configuration {endpoint.config}, which this "
        "request did not make, and is left alone. Choose another EndpointName, or delete that "
        "endpoint, and deploy again"
    )


def not_created(endpoint: EndpointDescription, wanted: Specification) -> str:
    return (
        f"endpoint {endpoint.name} could not be created ({endpoint.status.value}): "
        f"{_cause(endpoint)}. {_remedy(endpoint, wanted, 'correct the model or the image')}"
    )


def not_updated(endpoint: EndpointDescription, wanted: Specification) -> str:
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


def too_late(endpoint_name: str, endpoint: EndpointDescription, waited: timedelta) -> str:
    return (
        f"endpoint {endpoint_name} is still {endpoint.status.value} after "
        f"{waited // timedelta(minutes=1)} minutes. Look into {_log_group(endpoint_name)}, "
        "and deploy again once it has settled"
    )


def never_its_turn(endpoint_name: str) -> str:
    return (
        f"a roll-out to endpoint {endpoint_name} was still under way, and SageMaker takes no "
        "second change meanwhile. See how far it is with the action describe, and deploy again "
        "once it is over"
    )


def _cause(endpoint: EndpointDescription) -> str:
    return endpoint.failure_reason.strip().rstrip(".") or "SageMaker gives no reason"


def _remedy(endpoint: EndpointDescription, wanted: Specification, otherwise: str) -> str:
    # After a rollback SageMaker's reason has been seen empty; alarms are a likely cause then.
    watched = endpoint.status is EndpointStatus.IN_SERVICE and wanted.deployment.alarms
    said = endpoint.failure_reason.strip() or ("alarm" if watched else "")
    if known := advice(said, wanted):
        return f"{known}. Then deploy again"
    return f"Look into {_log_group(endpoint.name)}, {otherwise}, and deploy again"


def _log_group(endpoint_name: str) -> str:
    return f"the log group /aws/sagemaker/Endpoints/{endpoint_name}"


# --- what to do about SageMaker's own words, which say what happened and seldom what to change ----
#
# The patterns are of error messages and FailureReasons that SageMaker has been seen to give. What
# has not been seen gets no advice rather than a guess.

_Remedy = str | Callable[[Specification, re.Match[str]], str]


def _publishing(wanted: Specification, _: re.Match[str]) -> str:
    return (
        f"The execution role {wanted.execution_role_arn} must trust sagemaker.amazonaws.com and "
        f"allow sns:Publish on {wanted.success_topic_arn} and {wanted.error_topic_arn}, in its own "
        "policy and not only in the topics'; where a topic is encrypted with a key of yours, also "
        "kms:GenerateDataKey and kms:Decrypt on the key"
    )


def _artifact_access(wanted: Specification, _: re.Match[str]) -> str:
    return (
        f"The execution role {wanted.execution_role_arn} must trust sagemaker.amazonaws.com and "
        f"allow s3:GetObject on {wanted.model_data_url}, and the bucket must lie in the endpoint's "
        "region. What EndpointSpecification names is granted with EndpointPolicyArns"
    )


def _role(wanted: Specification, _: re.Match[str]) -> str:
    return (
        f"The execution role {wanted.execution_role_arn} must exist and trust "
        "sagemaker.amazonaws.com"
    )


def _image(wanted: Specification, _: re.Match[str]) -> str:
    return (
        f"Look whether {wanted.image} exists in this region, with this tag (`aws ecr "
        "describe-images`), and whether its repository lets this account pull; then correct "
        "ImageUri, or Framework and FrameworkVersion"
    )


def _quota(_: Specification, found: re.Match[str]) -> str:
    return (
        f"Ask for more of {found[1]!r} in Service Quotas (Amazon SageMaker), or choose another "
        "InstanceType or a smaller InstanceCount. An update needs old and new instances at a time, "
        "unless DeploymentStrategy is Rolling"
    )


def _health_check(wanted: Specification, _: re.Match[str]) -> str:
    return (
        f"The container must answer GET /ping on port 8080 with 200 within two seconds. "
        f"Its output is in {_log_group(wanted.endpoint_name)}. A model that takes more than four "
        "minutes to load needs ContainerStartupHealthCheckTimeoutInSeconds in "
        "EndpointSpecification; one that does not fit into memory, a larger InstanceType"
    )


def _start(wanted: Specification, _: re.Match[str]) -> str:
    return (
        f"The image must start with the argument `serve`, on the processor of "
        f"{wanted.instance_type}. Its output is in {_log_group(wanted.endpoint_name)}"
    )


def _permission(_: Specification, found: re.Match[str]) -> str:
    where = f" on {found[2]}" if found[2] else ""
    return (
        f"The template grants the provision function {found[1]}{where}: a permissions boundary, a "
        "service control policy or a change made by hand takes it away"
    )


_KEY: Final = (
    "The key's own policy must let this account's roles use it: the provision function's for "
    "VolumeKmsKeyId, the endpoint's for OutputKmsKeyId"
)
_ARCHIVE: Final = (
    "The artifact must be a tar archive compressed with gzip, with the model's files at its top"
)
_MARKETPLACE: Final = (
    "SageMaker runs no image of the marketplace asynchronously: use one of SageMaker's, or your own"
)
_REGISTRY: Final = (
    "An image outside ECR needs ImageConfig with RepositoryAccessMode Vpc, and VpcConfig, in "
    "EndpointSpecification"
)
_CAPACITY: Final = (
    "AWS has no such instance free at the moment: deploy again later, or choose another "
    "InstanceType or another region"
)
_DOWNLOAD_TIME: Final = (
    "Give it longer with ModelDataDownloadTimeoutInSeconds in EndpointSpecification (up to 3600)"
)
_FEATURES: Final = (
    "Something in the configuration does not go with asynchronous inference in this region: try "
    "without EndpointSpecification, or with another InstanceType"
)
_VPC: Final = (
    "The endpoint's role needs the permissions of a SageMaker model in a VPC (EndpointPolicyArns); "
    "subnets and security groups must belong to one VPC of this account"
)


def _alarm(wanted: Specification, _: re.Match[str]) -> str:
    names = ", ".join(wanted.deployment.alarms) or "those of RollbackAlarmNames"
    return (
        f"See in CloudWatch which alarm was in ALARM, and since when ({names}). If it was before "
        "the update began, the inputs or the model that serves are its cause, and every update "
        "with these alarms is rolled back: deploy without them, once with "
        '"deployment": {"alarms": false} in a call, or the stack with WatchRollbackAlarms=false. '
        "If it was not, correct the new model"
    )


_NOT_THERE: Final = "Upload the artifact to that address, or correct ModelDataUrl"

# The first that fits, so the narrower comes before the wider.
_REMEDIES: Final[tuple[tuple[str, _Remedy], ...]] = (
    (r"sns:Publish", _publishing),
    (r"\bkms:|KMS key", _KEY),
    (
        r"perform: ((?:sagemaker|iam|application-autoscaling):\w+)(?: on resource: (\S+))?",
        _permission,
    ),
    (r"\bec2:|subnet|security group|network interface", _VPC),
    (r"access model data|s3:GetObject|download model data", _artifact_access),
    (r"sts:AssumeRole|could not assume role", _role),
    (r"could not find model data", _NOT_THERE),
    (r"extract model data", _ARCHIVE),
    (r"ModelDataDownloadTimeoutInSeconds", _DOWNLOAD_TIME),
    (r"marketplace", _MARKETPLACE),
    (r"non-ECR image", _REGISTRY),
    (r"requested image|ECR image|all images included", _image),
    (r"service limit '([^']+)'", _quota),
    (r"InsufficientInstanceCapacity|ML compute capacity", _CAPACITY),
    (r"ping health check", _health_check),
    (r"CannotStartContainer|Request to service failed", _start),
    (r"endpoint features are not supported", _FEATURES),
    (r"alarm", _alarm),
)


def advice(said: str, wanted: Specification) -> str:
    """What a person can do about it, in one or two sentences without a full stop; "" for nothing.

    Args:
        said: a refusal of SageMaker's, or the FailureReason of an endpoint.
        wanted: what was asked for.
    """
    for pattern, remedy in _REMEDIES:
        if found := re.search(pattern, said, re.IGNORECASE):
            return remedy if isinstance(remedy, str) else remedy(wanted, found)
    return ""
