"""What is stored and sent is encrypted, private, and cannot loop."""

import pytest

from tests.template.template import (
    Resource,
    Statement,
    deployed,
    resolve,
    resource,
    resource_statements,
    resources,
    source,
    target,
)

GUARDED = [*resources("S3::Bucket"), *resources("SQS::Queue"), *resources("SNS::Topic")]


def name_of(resource: Resource) -> str:
    return resource.name


def refuses_plain_connections(guarded: Resource) -> bool:
    return any(
        not statement.allows
        and statement.document["Principal"] == "*"
        and statement.document["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and guarded.name in _subjects(statement)
        for statement in resource_statements()
    )


def _subjects(statement: Statement) -> list[str]:
    """What a statement is about: for "*" in a queue's policy, the queues that carry it."""
    if statement.resources == ["*"]:
        return [target(queue) for queue in statement.owner.properties["Queues"]]
    return [target_or_path(each) for each in statement.resources]


def target_or_path(value: object) -> str:
    return "" if isinstance(value, dict) and "Fn::Sub" in value else target(value)


@pytest.mark.parametrize("guarded", GUARDED, ids=name_of)
def test_everything_that_holds_or_passes_on_data_refuses_connections_without_tls(
    guarded: Resource,
) -> None:
    assert refuses_plain_connections(guarded)


def test_objects_are_refused_without_tls_too_and_not_only_the_bucket() -> None:
    (statement,) = (each for each in resource_statements() if each.owner.name == "DataBucketPolicy")

    assert {"Fn::Sub": "${DataBucket.Arn}/*"} in statement.resources
    assert statement.actions == ["s3:*"]


@pytest.mark.parametrize("queue", resources("SQS::Queue"), ids=name_of)
def test_messages_are_encrypted_at_rest(queue: Resource) -> None:
    assert deployed()[queue.name].properties["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("bucket", resources("S3::Bucket"), ids=name_of)
def test_objects_are_encrypted_at_rest_and_cannot_be_made_public(bucket: Resource) -> None:
    encryption = deployed()[bucket.name].properties["BucketEncryption"]
    (rule,) = encryption["ServerSideEncryptionConfiguration"]

    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert bucket.properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    (ownership,) = bucket.properties["OwnershipControls"]["Rules"]
    assert ownership["ObjectOwnership"] == "BucketOwnerEnforced"


@pytest.mark.parametrize("bucket", resources("S3::Bucket"), ids=name_of)
def test_data_survives_the_stack(bucket: Resource) -> None:
    declared = source()["Resources"][bucket.name]

    assert declared["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate")
    assert declared["UpdateReplacePolicy"] == "Retain"


def test_no_output_can_become_an_input() -> None:
    endpoint = resource("Endpoint").properties
    bucket = resolve({"Ref": "DataBucket"})
    paths = [resolve(endpoint[f"S3{kind}Path"]) for kind in ("Input", "Output", "Failure")]

    assert paths == [f"s3://{bucket}/{each}" for each in ("inputs", "outputs", "failures")]
    for path in paths:
        assert not [other for other in paths if other != path and other.startswith(path)]


def test_an_upload_under_models_starts_nothing_unless_roll_outs_by_upload_are_on() -> None:
    found = deployed()

    notifications = found["DataBucket"].properties["NotificationConfiguration"]
    assert set(notifications) == {"QueueConfigurations"}
    assert "ArtifactPermission" not in found
    assert found["ProvisionFunction"].properties["Environment"]["Variables"][
        "ROLL_OUT_UPLOADS"
    ] == {"Ref": "RollOutUploads"}


def test_only_inputs_and_archives_of_models_raise_events() -> None:
    found = deployed(RollOutUploads="true")
    notifications = found["DataBucket"].properties["NotificationConfiguration"]

    assert set(notifications) == {"QueueConfigurations", "LambdaConfigurations"}
    (inputs,), (models,) = (
        notifications[kind] for kind in ("QueueConfigurations", "LambdaConfigurations")
    )
    assert target(inputs["Queue"]) == "SubmitQueue"
    assert inputs["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "inputs/"}]
    index, choices = models["Function"]["Fn::Select"]
    assert target(choices[index]) == "ProvisionFunction"
    assert models["Filter"]["S3Key"]["Rules"] == [
        {"Name": "prefix", "Value": "models/"},
        {"Name": "suffix", "Value": ".tar.gz"},
    ]


@pytest.mark.parametrize("function", ["SubmitFunction", "RouteFunction", "ReconcileFunction"])
def test_a_function_gets_the_folders_that_the_endpoint_writes_to(function: str) -> None:
    endpoint = resource("Endpoint").properties
    environment = resource(function).properties["Environment"]["Variables"]

    for variable, path in (("OUTPUT_PATH", "S3OutputPath"), ("FAILURE_PATH", "S3FailurePath")):
        if variable in environment:
            assert resolve(environment[variable]) == resolve(endpoint[path]) + "/"
    assert "OUTPUT_PATH" in environment


def test_the_ledger_can_be_restored_and_forgets_what_has_expired() -> None:
    table = resource("LedgerTable").properties

    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
