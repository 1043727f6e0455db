"""What the adapter makes of SageMaker's answers."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber
from relay.aws.sagemaker.control_plane import SageMakerControlPlane
from relay.errors import AccessDenied, EndpointNotReady, PermanentError, RelayError, TransientError
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.ports import ServingConfigGone

from tests.support.sagemaker.stubbed import ARN, FULL, GENERATION, refuse

ROLE_REFUSED = (
    "The provided role arn:aws:iam::000000000000:role/r is invalid. Please ensure the role exists, "
    'that its trust relationship policy allows the action "sts:AssumeRole" for the service '
    'principal "sagemaker.amazonaws.com", and has "sns:Publish" permissions for topic "arn"'
)


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


DENIED = "not authorized, because no identity-based policy allows the action"
DELETIONS = pytest.mark.parametrize(
    ("resource", "call"),
    [
        ("endpoint_config", lambda plane: plane.delete_config("c")),
        ("model", lambda plane: plane.delete_model("m")),
    ],
)


@DELETIONS
def test_a_deletion_that_is_denied_is_done_if_the_resource_is_gone(
    stub: Stubber,
    control_plane: SageMakerControlPlane,
    resource: str,
    call: Callable[[SageMakerControlPlane], None],
) -> None:
    refuse(stub, f"delete_{resource}", DENIED, "AccessDeniedException")
    refuse(stub, f"describe_{resource}", 'Could not find it "arn".')

    call(control_plane)

    stub.assert_no_pending_responses()


@DELETIONS
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_deletion_that_is_denied_is_not_done_unless_it_is_known_that_the_resource_is_gone(
    stub: Stubber,
    control_plane: SageMakerControlPlane,
    resource: str,
    call: Callable[[SageMakerControlPlane], None],
    code: str,
) -> None:
    refuse(stub, f"delete_{resource}", DENIED, "AccessDeniedException")
    refuse(stub, f"describe_{resource}", "Could not find out.", code)

    with pytest.raises(AccessDenied, match=DENIED):
        call(control_plane)


def test_a_deletion_of_a_model_that_is_there_stays_denied(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    refuse(stub, "delete_model", DENIED, "AccessDeniedException")
    model_arn = ARN.replace(":endpoint/", ":model/")
    created = datetime(2026, 3, 1, tzinfo=UTC)
    found = {"ModelName": "m", "ModelArn": model_arn, "CreationTime": created}
    stub.add_response("describe_model", found, {"ModelName": "m"})

    with pytest.raises(AccessDenied):
        control_plane.delete_model("m")


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


@pytest.mark.parametrize(
    ("config", "error"), [(GENERATION.config, TransientError), ("of-before", ServingConfigGone)]
)
def test_an_update_waits_for_its_own_configuration_and_not_for_a_deleted_one(
    stub: Stubber, control_plane: SageMakerControlPlane, config: str, error: type[RelayError]
) -> None:
    arn = ARN.replace(":endpoint/", ":endpoint-config/").replace("relay", config.lower())
    refuse(stub, "update_endpoint", f'Could not find endpoint configuration "{arn}".')

    with pytest.raises(RelayError) as refusal:
        control_plane.update_endpoint(FULL, retain_capacity=False)

    assert type(refusal.value) is error


def test_an_artifact_that_the_role_may_not_read_is_access_denied(
    stub: Stubber, control_plane: SageMakerControlPlane
) -> None:
    message = (
        "Could not access model data at s3://models/churn/model.tar.gz. Please ensure that the "
        'role "arn" exists, that its trust relationship policy allows the action "sts:AssumeRole", '
        'and has "s3:GetObject" permissions'
    )
    refuse(stub, "create_model", message)

    with pytest.raises(AccessDenied, match="Could not access model data"):
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
