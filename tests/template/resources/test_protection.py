"""What is stored and sent is encrypted, private, and cannot loop."""

import json

import pytest

from local.cloudformation.parameters import admits
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
    world,
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


LAKE = {"InputBucketName": "lake", "InputPrefixes": "fraud/in/,orders/in/"}
POND = {"OutputBucketName": "pond", "OutputPrefix": "results/", "FailurePrefix": "failed/"}


@pytest.mark.parametrize("parameters", [{}, LAKE, {**LAKE, **POND}])
def test_the_locations_that_are_checked_are_those_that_are_used(parameters: dict[str, str]) -> None:
    stack = world(**parameters)
    checked = stack.named("CheckedLocations").get()
    endpoint = stack.named("Endpoint").get()
    submit = stack.named("SubmitFunction").get("Environment", "Variables")
    inputs = checked["InputBucketName"] or checked["OwnBucketName"]
    outputs = checked["OutputBucketName"] or checked["OwnBucketName"]

    assert checked["OwnBucketName"] == stack.resolve({"Ref": "DataBucket"})
    assert (endpoint["InputBucketName"], submit["INPUT_BUCKET"]) == (inputs, inputs)
    assert endpoint["InputPrefixes"] == checked["InputPrefixes"]
    assert submit["INPUT_PREFIXES"] == ",".join(checked["InputPrefixes"])
    assert submit["INPUT_DEFAULTS"] == checked["InputDefaults"]
    assert endpoint["S3OutputPath"] == f"s3://{outputs}/{checked['OutputPrefix']}"
    assert endpoint["S3FailurePath"] == f"s3://{outputs}/{checked['FailurePrefix']}"


def test_the_endpoint_has_access_only_to_locations_that_are_checked() -> None:
    stack = world()

    for later in ("EndpointDataPolicy", "Endpoint"):
        assert stack.is_made_before(stack.named("CheckedLocations"), stack.named(later))


def test_uploads_to_another_bucket_come_through_the_rule_and_from_its_prefixes_alone() -> None:
    stack = world(**LAKE)

    assert json.loads(stack.named("UploadRule").get("EventPattern")) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["lake"]},
            "object": {"key": [{"prefix": "fraud/in/"}, {"prefix": "orders/in/"}]},
        },
    }
    assert stack.named("DataBucket").get("NotificationConfiguration", "QueueConfigurations") is None


@pytest.mark.parametrize("name", ["InputPrefixes", "OutputPrefix", "FailurePrefix"])
def test_a_prefix_admits_what_neither_json_nor_iam_interprets(name: str) -> None:
    parameter = source()["Parameters"][name]

    for taken in (
        "inputs/",
        "a b/",
        "a+b/",
        "größe/",
        "it's/",
        "team=a/in/",
        "a/b/c/",
        "<a&b>/",
        "!%()~|@[]^_`;:\xa0ÿ/",
    ):
        assert admits(parameter, taken), taken
    for refused in (
        *("", "inputs", "/", "/a/", "a//b/", "a/b", 'a"/', "a\\/", "a*/", "a?/", "${a}/", "a$/"),
        *("{{resolve:ssm:a}}/", "日本/", "😀/", "a\n/", "a\x7f/", "a\x80/"),
    ):
        assert not admits(parameter, refused), refused
    if name != "InputPrefixes":
        assert not admits(parameter, "a,b/")


def test_a_pattern_of_odd_prefixes_is_json() -> None:
    odd = "it's <a&b> + größe/"
    pattern = json.loads(
        world(InputBucketName="lake", InputPrefixes=odd).named("UploadRule").get("EventPattern")
    )

    assert pattern["detail"]["object"]["key"] == [{"prefix": odd}]


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
    (rule,) = inputs["Filter"]["S3Key"]["Rules"]
    assert (rule["Name"], resolve(rule["Value"])) == ("prefix", "inputs/")
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
            assert resolve(environment[variable]) == resolve(endpoint[path])
    assert "OUTPUT_PATH" in environment


def test_the_ledger_can_be_restored_and_forgets_what_has_expired() -> None:
    table = resource("LedgerTable").properties

    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
