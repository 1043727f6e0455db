"""The remedy for each message that SageMaker is known to give."""

from datetime import UTC, datetime

import pytest
from async_endpoint_emulator.failures import KINDS, failure_reason
from async_endpoint_emulator.resources import EndpointConfig, Model
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import messages
from relay.provision.texts.remedies import remedy

from tests.support.provisioning.properties import specification
from tests.support.provisioning.requests import create
from tests.support.provisioning.world import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WANTED = specification()
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
QUOTA = (
    "ResourceLimitExceeded: The account-level service limit 'ml.m5.large for endpoint usage' is 0 "
    "Instances, with current utilization of 0 Instances and a request delta of 1 Instances."
)


READ = "read parameter /alarm/marketplace for ModelEnvironment.API_KEY: "


def denied(action: str, resource: str) -> str:
    return (
        "AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/relay-ProvisionRole/p "
        f"is not authorized to perform: {action} on resource: {resource} because no identity-based "
        f"policy allows the {action} action"
    )


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        (f"{READ}ParameterNotFound: no message", "correct its name in ModelEnvironment"),
        (READ + denied("ssm:GetParameter", "arn:p"), "ModelSecretArns must have the ARN"),
        (READ + denied("secretsmanager:GetSecretValue", "arn:s"), "the ARN of the secret too"),
        (READ + denied("kms:Decrypt", "arn:k"), "allow kms:Decrypt to the provision function's"),
        ('and has "sns:Publish" permissions for topic "arn"', WANTED.error_topic_arn),
        ("Could not assume role arn. Please ensure", WANTED.execution_role_arn),
        ("Could not find model data at s3://b/k.", "Upload the artifact"),
        ('Could not access model data at s3://b/k. … has "s3:GetObject"', "endpoint's region"),
        ("Failed to download model data for container", "allow s3:GetObject on s3://models/churn"),
        ("Failed to extract model data archive", "compressed with gzip"),
        (
            "Model data download exceeded ModelDataDownloadTimeoutInSeconds (60).",
            "Raise ModelDataDownloadTimeoutInSeconds in EndpointSpecification",
        ),
        (f"Requested image {IMAGE} not found.", f"Verify that {IMAGE} exists in this region"),
        ('ECR image "x" is invalid.', "correct ImageUri"),
        (
            "Please make sure all images included in the model for the",
            "permits this account to pull",
        ),
        ('Using non-ECR image "x" without Vpc repository access mode', "RepositoryAccessMode Vpc"),
        (
            "Marketplace images are not supported when specifying",
            "do not support images of AWS Marketplace",
        ),
        (QUOTA, "increase of 'ml.m5.large for endpoint usage' in Service Quotas"),
        (
            "Unable to provision requested ML compute capacity due to Insuff",
            "try again later, or choose",
        ),
        ("did not pass the ping health check.", "ContainerStartupHealthCheckTimeoutInSeconds"),
        ("CannotStartContainerError. Please ensure", "start with the argument `serve`"),
        ("Request to service failed. If failure persists", "on the processor of ml.m5.large"),
        ("One or more endpoint features are not supported using this", "another InstanceType"),
        (denied("sagemaker:CreateModel", "arn:m"), "sagemaker:CreateModel on arn:m: a permissions"),
        (denied("iam:PassRole", "arn:r"), "grants the provision function iam:PassRole on arn:r"),
        ("not authorized to perform: iam:PassRole", "function iam:PassRole: a permissions"),
        (
            denied("cloudwatch:PutMetricAlarm", "arn:a"),
            "cloudwatch:PutMetricAlarm on arn:a: a perm",
        ),
        (
            f"The repository of your image {IMAGE} does not grant ecr:GetDownloadUrlForLayer, "
            "ecr:BatchGetImage permission to sagemaker.amazonaws.com service principal.",
            "ecr:BatchCheckLayerAvailability",
        ),
        (
            f"The role 'arn' does not have BatchGetImage permission for the image: '{IMAGE}'.",
            "No container has started",
        ),
        (denied("kms:CreateGrant", "arn:k"), "The key policy"),
        ("arn is not authorized to perform: ec2:CreateNetworkInterface", "EndpointPolicyArns"),
        ("the alarm relay-errors went into ALARM", "RollbackAlarmNames"),
    ],
)
def test_what_sagemaker_says_is_answered_with_what_to_do(said: str, advised: str | None) -> None:
    assert advised
    assert advised in remedy(said, WANTED)


def test_an_unknown_message_has_no_remedy() -> None:
    assert remedy("The moon is in the seventh house.", WANTED) == ""


def test_a_removal_has_the_remedies_that_need_no_specification() -> None:
    advised = remedy(denied("sagemaker:DeleteEndpoint", "arn:e"), None)

    assert "sagemaker:DeleteEndpoint on arn:e" in advised
    assert remedy("sns:Publish", None) == ""


def said_for(kind: str) -> str:
    """The FailureReason with which the emulator plays this kind of failure."""
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models/churn/model.tar.gz"}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "m",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    model = Model("m", "arn", NOW, {"PrimaryContainer": container})
    config = EndpointConfig("c", "arn", NOW, {"ProductionVariants": [variant]})
    return failure_reason(kind, config, {"m": model})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_failure_that_the_emulator_plays_has_a_remedy(kind: str) -> None:
    assert remedy(said_for(kind), WANTED)


def test_a_failed_creation_says_what_happened_and_what_to_do() -> None:
    reason = "The primary container for production variant AllTraffic did not pass the ping health"
    endpoint = EndpointDescription(
        "relay", EndpointStatus.FAILED, failure_reason=f"{reason} check."
    )

    message = messages.not_created(endpoint, WANTED)

    assert reason in message
    assert message.endswith("a larger InstanceType. Then deploy the stack again")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_remedy_reaches_cloudformation_whole(kind: str) -> None:
    world = World()
    world.wake(create())
    world.sagemaker.becomes(EndpointStatus.FAILED, said_for(kind))
    world.settle()

    (answer,) = world.answers

    assert remedy(said_for(kind), WANTED) in answer.reason
    assert "…" not in answer.to_json()
