"""What the adapter asks of SageMaker, and what it makes of its answers."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from relay.aws.sagemaker.control_plane import SageMakerControlPlane
from relay.errors import AccessDenied, EndpointNotReady, PermanentError, RelayError, TransientError
from relay.provision.endpoint import EndpointDescription, EndpointStatus

from tests.support.provisioning.properties import specification

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"
FULL = specification(
    ModelEnvironment='{"WORKERS": "2"}',
    IncludeInferenceResponseIn=["SUCCESS_NOTIFICATION_TOPIC"],
    OutputKmsKeyId="arn:aws:kms:us-east-1:000000000000:key/1",
)
GENERATION = FULL.generation
ROLE_REFUSED = (
    "The provided role arn:aws:iam::000000000000:role/r is invalid. Please ensure the role exists, "
    'that its trust relationship policy allows the action "sts:AssumeRole" for the service '
    'principal "sagemaker.amazonaws.com", and has "sns:Publish" permissions for topic "arn"'
)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(_client()) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


@cache
def _client() -> "SageMakerClient":
    """Made once: reading SageMaker's service model takes longer than all of these tests."""
    return boto3.client(
        "sagemaker", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture
def control_plane(stub: Stubber) -> SageMakerControlPlane:
    return SageMakerControlPlane(_client)


def test_the_whole_model_is_asked_for(stub: Stubber, control_plane: SageMakerControlPlane) -> None:
    stub.add_response(
        "create_model",
        {"ModelArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m"},
        {
            "ModelName": GENERATION.model,
            "ExecutionRoleArn": FULL.execution_role_arn,
            "PrimaryContainer": {
                "Image": FULL.image,
                "ModelDataUrl": "s3://models/churn/model.tar.gz",
                "Environment": {"WORKERS": "2"},
            },
        },
    )

    control_plane.create_model(FULL)


def test_the_whole_configuration_is_asked_for(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    stub.add_response(
        "create_endpoint_config",
        {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/c"},
        {
            "EndpointConfigName": GENERATION.config,
            "ProductionVariants": [
                {
                    "VariantName": "AllTraffic",
                    "ModelName": GENERATION.model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            "AsyncInferenceConfig": {
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
                "OutputConfig": {
                    "S3OutputPath": "s3://relay-data/outputs",
                    "S3FailurePath": "s3://relay-data/failures",
                    "KmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1",
                    "NotificationConfig": {
                        "SuccessTopic": FULL.success_topic_arn,
                        "ErrorTopic": FULL.error_topic_arn,
                        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
                    },
                },
            },
        },
    )

    control_plane.create_config(FULL)


@pytest.mark.parametrize("retain", [True, False])
def test_an_update_says_whether_capacity_is_kept(
    stub: Stubber, control_plane: SageMakerControlPlane, retain: bool
) -> None:
    stub.add_response(
        "update_endpoint",
        {"EndpointArn": ARN},
        {
            "EndpointName": "relay",
            "EndpointConfigName": GENERATION.config,
            "RetainAllVariantProperties": retain,
        },
    )

    control_plane.update_endpoint(FULL, retain_capacity=retain)


def test_an_endpoint_that_exists_gets_the_tags(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    tags = [{"Key": "team", "Value": "fraud"}]
    target = specification(EndpointSpecification=json.dumps({"Tags": tags}))
    stub.add_response("add_tags", {"Tags": []}, {"ResourceArn": ARN, "Tags": tags})

    control_plane.tag(ARN, target)
    control_plane.tag(ARN, specification())  # has none, so nothing is asked for


def share(percent: int) -> dict[str, object]:
    return {"Type": "CAPACITY_PERCENT", "Value": percent}


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        (
            {"DeploymentStrategy": "AllAtOnce", "DeploymentTerminationWaitSeconds": "60"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "ALL_AT_ONCE",
                        "WaitIntervalInSeconds": 120,
                    },
                    "TerminationWaitInSeconds": 60,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
        (
            {"DeploymentStrategy": "Canary"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "CANARY",
                        "CanarySize": share(25),
                        "WaitIntervalInSeconds": 120,
                    },
                    "TerminationWaitInSeconds": 0,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
        (
            {"DeploymentStrategy": "Linear"},
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "LINEAR",
                        "LinearStepSize": share(25),
                        "WaitIntervalInSeconds": 120,
                    },
                    "TerminationWaitInSeconds": 0,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
        (
            {"DeploymentStrategy": "Rolling"},
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": share(25),
                    "WaitIntervalInSeconds": 120,
                    "MaximumExecutionTimeoutInSeconds": 1800,
                }
            },
        ),
    ],
)
def test_an_update_is_asked_for_as_it_is_to_be_deployed(
    settings: dict[str, object],
    policy: dict[str, object],
    stub: Stubber,
    control_plane: SageMakerControlPlane,
) -> None:
    target = specification(
        DeploymentStepPercent="25",
        DeploymentWaitSeconds="120",
        DeploymentMaximumSeconds="1800",
        RollbackAlarmNames=["relay-failures", "relay-latency"],
        **settings,
    )
    alarms = [{"AlarmName": "relay-failures"}, {"AlarmName": "relay-latency"}]
    stub.add_response(
        "update_endpoint",
        {"EndpointArn": ARN},
        {
            "EndpointName": "relay",
            "EndpointConfigName": target.generation.config,
            "RetainAllVariantProperties": True,
            "DeploymentConfig": {**policy, "AutoRollbackConfiguration": {"Alarms": alarms}},
        },
    )

    control_plane.update_endpoint(target, retain_capacity=True)


def test_the_instances_of_the_only_variant_are_counted(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    stub.add_response(
        "update_endpoint_weights_and_capacities",
        {"EndpointArn": ARN},
        {
            "EndpointName": "relay",
            "DesiredWeightsAndCapacities": [
                {"VariantName": "AllTraffic", "DesiredInstanceCount": 2}
            ],
        },
    )

    control_plane.set_instance_count("relay", 2)


def test_an_endpoint_that_is_being_changed_is_given_its_instances_later(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    operation = "update_endpoint_weights_and_capacities"
    refuse(stub, operation, f'Cannot update in-progress endpoint "{ARN}".')

    with pytest.raises(EndpointNotReady):
        control_plane.set_instance_count("relay", 2)


def test_an_endpoint_is_described(stub: Stubber, control_plane: SageMakerControlPlane) -> None:
    modified = datetime(2026, 3, 1, tzinfo=UTC)
    stub.add_response(
        "describe_endpoint",
        {
            "EndpointName": "relay",
            "EndpointArn": ARN,
            "EndpointConfigName": "c",
            "EndpointStatus": "UpdateRollbackFailed",
            "FailureReason": "no capacity",
            "ProductionVariants": [
                {"VariantName": "a", "CurrentInstanceCount": 1, "DesiredInstanceCount": 3}
            ],
            "CreationTime": modified,
            "LastModifiedTime": modified,
        },
    )

    described = control_plane.describe("relay")

    status = EndpointStatus.UPDATE_ROLLBACK_FAILED
    assert described == EndpointDescription(
        "relay", status, ARN, "c", "no capacity", modified, 1, 3
    )


@pytest.mark.parametrize("asynchronous", [True, False])
def test_the_variants_of_an_existing_configuration_are_read(
    asynchronous: bool, stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    output = {"OutputConfig": {"S3OutputPath": "s3://relay-data/outputs"}}
    stub.add_response(
        "describe_endpoint_config",
        {
            "EndpointConfigName": "theirs",
            "EndpointConfigArn": ARN.replace(":endpoint/", ":endpoint-config/"),
            "ProductionVariants": [{"VariantName": "primary"}, {"VariantName": "canary"}],
            "CreationTime": datetime(2026, 3, 1, tzinfo=UTC),
            **({"AsyncInferenceConfig": output} if asynchronous else {}),
        },
    )

    setup = control_plane.describe_config("theirs")

    assert setup.variants == ("primary", "canary")
    assert setup.asynchronous is asynchronous


def test_an_endpoint_that_is_not_there_is_absent(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    refuse(stub, "describe_endpoint", f'Could not find endpoint "{ARN}".')

    assert control_plane.describe("relay").status is EndpointStatus.ABSENT


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("create_model", lambda plane: plane.create_model(FULL)),
        ("create_endpoint_config", lambda plane: plane.create_config(FULL)),
        ("create_endpoint", lambda plane: plane.create_endpoint(FULL)),
    ],
)
def test_what_exists_already_is_not_made_again(
    stub: Stubber,
    control_plane: SageMakerControlPlane,
    operation: str,
    call: Callable[[SageMakerControlPlane], None],
) -> None:
    refuse(stub, operation, 'Cannot create already existing endpoint "arn".')

    call(control_plane)


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("delete_endpoint", lambda plane: plane.delete_endpoint("relay")),
        ("delete_endpoint_config", lambda plane: plane.delete_config("c")),
        ("delete_model", lambda plane: plane.delete_model("m")),
    ],
)
def test_what_is_gone_need_not_be_deleted(
    stub: Stubber,
    control_plane: SageMakerControlPlane,
    operation: str,
    call: Callable[[SageMakerControlPlane], None],
) -> None:
    refuse(stub, operation, 'Could not find endpoint "arn".')

    call(control_plane)


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_an_endpoint_at_which_sagemaker_works_is_deleted_later(
    stub: Stubber, control_plane: SageMakerControlPlane, verb: str
) -> None:
    refuse(stub, "delete_endpoint", f'Cannot {verb} in-progress endpoint "{ARN}".')

    with pytest.raises(EndpointNotReady):
        control_plane.delete_endpoint("relay")


@pytest.mark.parametrize(
    ("message", "code", "error"),
    [
        (ROLE_REFUSED, "ValidationException", AccessDenied),
        ("Could not assume role arn. Please ensure that", "ValidationException", AccessDenied),
        ('Could not find endpoint configuration "arn".', "ValidationException", TransientError),
        ('Cannot update in-progress endpoint "arn".', "ValidationException", EndpointNotReady),
        ("Rate exceeded", "ThrottlingException", TransientError),
        ("not authorized", "AccessDeniedException", AccessDenied),
        ("The account-level limit is 0 Instances", "ResourceLimitExceeded", PermanentError),
        ("Marketplace images are not supported", "ValidationException", PermanentError),
    ],
)
def test_an_error_says_what_the_caller_must_do(
    stub: Stubber,
    control_plane: SageMakerControlPlane,
    message: str,
    code: str,
    error: type[RelayError],
) -> None:
    refuse(stub, "create_endpoint", message, code)

    with pytest.raises(RelayError) as refusal:
        control_plane.create_endpoint(FULL)

    assert type(refusal.value) is error
    assert message in str(refusal.value)
    assert refusal.value.__cause__ is not None


def test_a_role_that_may_not_publish_names_the_permission_to_grant(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    refuse(stub, "create_endpoint", ROLE_REFUSED)

    with pytest.raises(AccessDenied) as refusal:
        control_plane.create_endpoint(FULL)

    reason = str(refusal.value)
    assert FULL.execution_role_arn in reason
    assert f"sns:Publish on {FULL.success_topic_arn} and {FULL.error_topic_arn}" in reason


def test_an_artifact_that_the_role_may_not_read_names_the_permission_to_grant(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    message = (
        "Could not access model data at s3://models/churn/model.tar.gz. Please ensure that the "
        'role "arn" exists, that its trust relationship policy allows the action "sts:AssumeRole", '
        'and has "s3:GetObject" permissions'
    )
    refuse(stub, "create_model", message)

    with pytest.raises(AccessDenied, match="allow s3:GetObject on s3://models/churn/model.tar.gz"):
        control_plane.create_model(FULL)


def test_an_artifact_that_does_not_exist_is_not_waited_for(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    refuse(stub, "create_model", "Could not find model data at s3://models/churn/model.tar.gz.")

    with pytest.raises(PermanentError):
        control_plane.create_model(FULL)


def test_an_unknown_status_is_waited_for(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    stub.add_response(
        "describe_endpoint",
        {
            "EndpointName": "relay",
            "EndpointArn": ARN,
            "EndpointStatus": "Hibernating",
            "CreationTime": datetime(2026, 3, 1, tzinfo=UTC),
            "LastModifiedTime": datetime(2026, 3, 1, tzinfo=UTC),
        },
    )

    with pytest.raises(TransientError, match="Hibernating"):
        control_plane.describe("relay")


def refuse(stub: Stubber, operation: str, message: str, code: str = "ValidationException") -> None:
    stub.add_client_error(operation, code, message, 400, expected_params=None)
