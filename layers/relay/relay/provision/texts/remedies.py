"""Remedies for SageMaker's own messages, which say what happened and seldom what to change."""

import re
from collections.abc import Sequence
from typing import Final

from relay.provision.specification.specification import Specification

# The patterns are of error messages and FailureReasons that SageMaker has been seen to give. What
# has not been seen gets no remedy rather than a guess. The first that fits counts, so the narrower
# come before the wider. `wanted` is the specification, `found` the match.
_DENIED: Final = r"perform: ((?:sagemaker|iam|application-autoscaling|cloudwatch):\w+)"
# Of relay.aws.model_environment.
_REFERENCE: Final = r"^read parameter \S+ for ModelEnvironment\.\w+: "
_GRANTED: Final = "The template grants the provision function "
_DENIED_BY: Final = (
    ": a permissions boundary, a service control policy or a change made by hand denies it"
)
_ALARMS_NAMED: Final = 4
_NEEDS_WANTED: Final = re.compile(r"\{(wanted|log_group|alarms)")
REMEDIES: Final = (
    # Before all others: the name of a parameter can have any of their words.
    (
        _REFERENCE + r"\w*NotFound",
        "Create this parameter, or the secret, in the stack's region, or correct its name in "
        "ModelEnvironment",
    ),
    (
        _REFERENCE + r".*\bkms:",
        "The policy of the key with which this parameter or secret is encrypted must allow "
        "kms:Decrypt to the provision function's role",
    ),
    (
        _REFERENCE + r".*not authorized to perform",
        "ModelSecretArns must have the ARN of this parameter, and for a secret the ARN of the "
        "secret too",
    ),
    (
        r"sns:Publish",
        "The execution role {wanted.execution_role_arn} must trust sagemaker.amazonaws.com and "
        "allow sns:Publish on {wanted.success_topic_arn} and {wanted.error_topic_arn}, in its own "
        "policy and not only in the topics'; where a topic is encrypted with a KMS key, also "
        "kms:GenerateDataKey and kms:Decrypt on the key",
    ),
    (
        r"\bkms:|KMS key",
        "The key policy must allow the provision function's role (VolumeKmsKeyId) or the "
        "endpoint's role (OutputKmsKeyId)",
    ),
    # https://github.com/aws/deep-learning-containers/issues/5657
    # https://github.com/aws/sagemaker-python-sdk/issues/2002
    (
        r"\becr:|BatchGetImage permission",
        "The policy of the repository of {wanted.image} must allow ecr:BatchGetImage, "
        "ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability to "
        "{wanted.execution_role_arn}, in another account explicitly, and the repository must be "
        "in this region. No container has started, so there is no log of one",
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
        "allow s3:GetObject on {wanted.model_data_url}, and the bucket must be in the endpoint's "
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
        "root",
    ),
    (
        r"model data archive is too large",
        "Leave out of the artifact what the model does not need, or choose an InstanceType with "
        "more memory",
    ),
    (
        r"ModelDataDownloadTimeoutInSeconds",
        "Raise ModelDataDownloadTimeoutInSeconds in EndpointSpecification (up to 3600)",
    ),
    (
        r"marketplace",
        "Asynchronous endpoints do not support images of AWS Marketplace: use an image of "
        "SageMaker, or your own",
    ),
    (
        r"non-ECR image",
        "An image outside ECR needs ImageConfig with RepositoryAccessMode Vpc, and VpcConfig, in "
        "EndpointSpecification",
    ),
    (
        r"requested image|ECR image|all images included",
        "Verify that {wanted.image} exists in this region, with this tag (`aws ecr "
        "describe-images`), and that its repository permits this account to pull it; then "
        "correct ImageUri, or Framework and FrameworkVersion",
    ),
    (
        r"service limit '([^']+)'",
        "Request an increase of {found[1]!r} in Service Quotas (Amazon SageMaker), or choose "
        "another InstanceType or a smaller InstanceCount. Unless DeploymentStrategy is Rolling, an "
        "update needs the old and the new instances at the same time",
    ),
    (
        r"InsufficientInstanceCapacity|ML compute capacity",
        "AWS does not have enough capacity for this instance type now: try again later, or choose "
        "another InstanceType or another region",
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


def remedy(message: str, wanted: Specification | None) -> str:
    """What a person can do about it, in one or two sentences without a full stop; "" for nothing.

    Args:
        message: an error message of SageMaker's, or the FailureReason of an endpoint.
        wanted: what was asked for; None where nothing is to serve.
    """
    for pattern, text in REMEDIES:
        found = re.search(pattern, message, re.IGNORECASE)
        if found and wanted:
            return text.format(
                wanted=wanted,
                found=found,
                log_group=log_group(wanted.endpoint_name),
                alarms=_named(wanted.deployment.alarms),
            )
        if found and not _NEEDS_WANTED.search(text):
            return text.format(found=found)
    return ""


def _named(alarms: Sequence[str]) -> str:
    """A few of the alarms by name: ten names can be longer than the response."""
    if not alarms:
        return "those of RollbackAlarmNames"
    others = len(alarms) - _ALARMS_NAMED
    return ", ".join(alarms[:_ALARMS_NAMED]) + (f" and {others} more" if others > 0 else "")


def log_group(endpoint_name: str) -> str:
    return f"the log group /aws/sagemaker/Endpoints/{endpoint_name}"
