"""The reasons that CloudFormation and the log show: what happened, and what to do."""

import re
from datetime import timedelta
from typing import Final

from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.custom_resource import RequestType
from relay.provision.specification.specification import Specification

_STATE_AFTER_UPDATE: Final = {
    EndpointStatus.IN_SERVICE: "SageMaker rolled it back. The previous configuration is in service",
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
        f"{_cause(endpoint)}. {_what_to_do(endpoint, wanted, 'correct the model or the image')}"
    )


def not_updated(endpoint: EndpointDescription, wanted: Specification) -> str:
    state = _STATE_AFTER_UPDATE.get(endpoint.status, "It does not serve")
    return (
        f"endpoint {endpoint.name} could not be updated ({endpoint.status.value}): "
        f"{_cause(endpoint)}. {state}. {_what_to_do(endpoint, wanted, 'correct what was changed')}"
    )


def too_few_instances(wanted: Specification, count: int) -> str:
    return (
        f"DeploymentStrategy is {wanted.deployment.strategy}, with which SageMaker moves at most "
        f"half of the instances in one step, but endpoint {wanted.endpoint_name} has only {count}. "
        "Set DeploymentStrategy to AllAtOnce, or InstanceCount to at least 2, and deploy again"
    )


def too_late(endpoint_name: str, endpoint: EndpointDescription, waited: timedelta) -> str:
    return (
        f"endpoint {endpoint_name} is still {endpoint.status.value} after "
        f"{waited // timedelta(minutes=1)} minutes. Check {_log_group(endpoint_name)}, "
        "and deploy again when the endpoint's status no longer changes"
    )


def too_old(request: RequestType) -> str:
    done = "deleted" if request is RequestType.DELETE else "changed"
    return f"Lambda held the {request.value} back for too long, so nothing was {done}. Try again"


def not_stored(request: RequestType, error: Exception) -> str:
    done = "deleted" if request is RequestType.DELETE else "changed"
    return (
        f"the {request.value} could not be stored for 52 minutes, so nothing was {done}: {error}. "
        "Verify that the ledger table exists and that the provision function's role may write to "
        "it, and try again"
    )


def never_its_turn(endpoint_name: str) -> str:
    return (
        f"a roll-out to endpoint {endpoint_name} was still under way, and SageMaker takes no "
        "second change until it ends. Call provision with the action `describe`, and deploy again "
        "when the roll-out has ended"
    )


def _cause(endpoint: EndpointDescription) -> str:
    return endpoint.failure_reason.strip().rstrip(".") or "SageMaker gives no reason"


def _what_to_do(endpoint: EndpointDescription, wanted: Specification, otherwise: str) -> str:
    # After a rollback SageMaker's reason has been seen empty; alarms are a likely cause then.
    watched = endpoint.status is EndpointStatus.IN_SERVICE and wanted.deployment.alarms
    message = endpoint.failure_reason.strip() or ("alarm" if watched else "")
    if known := remedy(message, wanted):
        return f"{known}. Then deploy again"
    return f"Check {_log_group(endpoint.name)}, {otherwise}, and deploy again"


def _log_group(endpoint_name: str) -> str:
    return f"the log group /aws/sagemaker/Endpoints/{endpoint_name}"


# --- remedies for SageMaker's own messages, which say what happened and seldom what to change -----

# The patterns are of error messages and FailureReasons that SageMaker has been seen to give. What
# has not been seen gets no remedy rather than a guess. The first that fits counts, so the narrower
# come before the wider. `wanted` is the specification, `found` the match.
_DENIED: Final = r"perform: ((?:sagemaker|iam|application-autoscaling):\w+)"
_GRANTED: Final = "The template grants the provision function "
_DENIED_BY: Final = (
    ": a permissions boundary, a service control policy or a change made by hand denies it"
)
_REMEDIES: Final = (
    (
        r"sns:Publish",
        "The execution role {wanted.execution_role_arn} must trust sagemaker.amazonaws.com and "
        "allow sns:Publish on {wanted.success_topic_arn} and {wanted.error_topic_arn}, in its own "
        "policy and not only in the topics'; where a topic is encrypted with a key of yours, also "
        "kms:GenerateDataKey and kms:Decrypt on the key",
    ),
    (
        r"\bkms:|KMS key",
        "The key policy must allow the provision function's role (VolumeKmsKeyId) or the "
        "endpoint's role (OutputKmsKeyId)",
    ),
    (_DENIED + r" on resource: (\S+)", _GRANTED + "{found[1]} on {found[2]}" + _DENIED_BY),
    (_DENIED, _GRANTED + "{found[1]}" + _DENIED_BY),
    (
        r"\bec2:|subnet|security group|network interface",
        "The endpoint's role needs the permissions of a SageMaker model in a VPC "
        "(EndpointPolicyArns); subnets and security groups must belong to one VPC of this account",
    ),
    (
        r"access model data|s3:GetObject|download model data",
        "The execution role {wanted.execution_role_arn} must trust sagemaker.amazonaws.com and "
        "allow s3:GetObject on {wanted.model_data_url}, and the bucket must lie in the endpoint's "
        "region. What EndpointSpecification names is granted with EndpointPolicyArns",
    ),
    (
        r"sts:AssumeRole|could not assume role",
        "The execution role {wanted.execution_role_arn} must exist and trust "
        "sagemaker.amazonaws.com",
    ),
    (
        r"could not find model data",
        "Upload the artifact to that address, or correct ModelDataUrl",
    ),
    (
        r"extract model data",
        "The artifact must be a tar archive compressed with gzip, with the model's files at its "
        "top",
    ),
    (
        r"ModelDataDownloadTimeoutInSeconds",
        "Give it longer with ModelDataDownloadTimeoutInSeconds in EndpointSpecification (up to "
        "3600)",
    ),
    (
        r"marketplace",
        "SageMaker runs no image of the marketplace asynchronously: use one of SageMaker's, or "
        "your own",
    ),
    (
        r"non-ECR image",
        "An image outside ECR needs ImageConfig with RepositoryAccessMode Vpc, and VpcConfig, in "
        "EndpointSpecification",
    ),
    (
        r"requested image|ECR image|all images included",
        "Verify that {wanted.image} exists in this region, with this tag (`aws ecr "
        "describe-images`), and that its repository lets this account pull; then correct "
        "ImageUri, or Framework and FrameworkVersion",
    ),
    (
        r"service limit '([^']+)'",
        "Ask for more of {found[1]!r} in Service Quotas (Amazon SageMaker), or choose another "
        "InstanceType or a smaller InstanceCount. An update needs old and new instances at a time, "
        "unless DeploymentStrategy is Rolling",
    ),
    (
        r"InsufficientInstanceCapacity|ML compute capacity",
        "AWS has no such instance free at the moment: deploy again later, or choose another "
        "InstanceType or another region",
    ),
    (
        r"ping health check",
        "The container must answer GET /ping on port 8080 with 200 within two seconds. Its output "
        "is in {log_group}. A model that takes more than four minutes to load needs "
        "ContainerStartupHealthCheckTimeoutInSeconds in EndpointSpecification; one that does not "
        "fit into memory, a larger InstanceType",
    ),
    (
        r"CannotStartContainer|Request to service failed",
        "The image must start with the argument `serve`, on the processor of "
        "{wanted.instance_type}. Its output is in {log_group}",
    ),
    (
        r"endpoint features are not supported",
        "The configuration has a setting that asynchronous inference does not support in this "
        "region: try without EndpointSpecification, or with another InstanceType",
    ),
    (
        r"alarm",
        "See in CloudWatch which alarm was in ALARM, and since when ({alarms}). If it was before "
        "the update began, the inputs or the model that serve are its cause, and every update with "
        "these alarms is rolled back: deploy without them, once with "
        '"deployment": {{"alarms": false}} in a call, or the stack with WatchRollbackAlarms=false. '
        "If it was not, correct the new model",
    ),
)


def remedy(message: str, wanted: Specification) -> str:
    """What a person can do about it, in one or two sentences without a full stop; "" for nothing.

    Args:
        message: an error message of SageMaker's, or the FailureReason of an endpoint.
        wanted: what was asked for.
    """
    for pattern, text in _REMEDIES:
        if found := re.search(pattern, message, re.IGNORECASE):
            return text.format(
                wanted=wanted,
                found=found,
                log_group=_log_group(wanted.endpoint_name),
                alarms=", ".join(wanted.deployment.alarms) or "those of RollbackAlarmNames",
            )
    return ""
