"""The keys of what the stack creates, KmsKeyArn and TopicKey, and who may use them."""

import json
import re
from fnmatch import fnmatch
from typing import Any

import pytest

from local.stack.settings import REPOSITORY
from tests.template.template import (
    allowed_when_deployed,
    deployed,
    resolve,
    resource_statements,
    resources,
    source,
    world,
)

KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
# The property with the key, of each type that stores data.
KEY_OF: dict[str, tuple[str | int, ...]] = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::S3::Bucket": (
        *("BucketEncryption", "ServerSideEncryptionConfiguration", 0),
        *("ServerSideEncryptionByDefault", "KMSMasterKeyID"),
    ),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
}
# Types that store no data of requests, are a key, or cannot have one: a parameter that
# CloudFormation makes is never a SecureString, and a layer is code.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
WITHOUT_KEY = {
    *("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"),
    *("AWS::Events::Rule", "AWS::SSM::Parameter"),
    *("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::KMS::Key"),
    *("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"),
    *("AWS::Lambda::LayerVersion", "AWS::Lambda::Permission"),
    *("AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"),
    *("AWS::SQS::QueuePolicy", "Custom::AsyncEndpoint", "Custom::Locations"),
    "Custom::Routes",
}
# What a caller needs of the key of what it calls: producers and consumers of a queue, publishers,
# callers of a table, and readers and writers of objects.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
NEEDS = {
    "sqs:SendMessage": {"kms:GenerateDataKey", "kms:Decrypt"},
    "sqs:ReceiveMessage": {"kms:Decrypt"},
    "sns:Publish": {"kms:GenerateDataKey", "kms:Decrypt"},
    "dynamodb:": {"kms:Decrypt"},
    "s3:GetObject": {"kms:Decrypt"},
    "s3:PutObject": {"kms:GenerateDataKey", "kms:Decrypt"},
}
ROLES = [role.name for role in resources("IAM::Role")]
TOPICS = {"SuccessTopic", "ErrorTopic"}
# The two parameters, and whether the stack then creates a key for its topics.
CREATES_TOPIC_KEY = [
    ({}, True),
    ({"CreateTopicKey": "true"}, True),
    ({"CreateTopicKey": "false"}, False),
    ({"KmsKeyArn": KEY}, False),
    ({"KmsKeyArn": KEY, "CreateTopicKey": "false"}, False),
]


def keys(**parameters: str) -> dict[str, Any]:
    """The key of each resource that stores data; None for one without."""
    return {
        name: key_of(each.properties, *KEY_OF[each.type])
        for name, each in deployed(**parameters).items()
        if each.type in KEY_OF
    }


def key_of(properties: Any, *path: str | int) -> Any:
    for step in path:
        missing = isinstance(properties, dict) and step not in properties
        properties = None if missing or properties is None else properties[step]
    return properties


def test_everything_that_stores_data_is_encrypted_with_the_key_that_is_given() -> None:
    found = keys(KmsKeyArn=KEY)

    assert [name for name, key in found.items() if key != {"Ref": "KmsKeyArn"}] == []


def test_without_a_key_the_topics_alone_have_one_which_the_stack_creates() -> None:
    found = {name: key for name, key in keys().items() if key is not None}

    assert set(found) == TOPICS
    for key in found.values():
        index, choices = key["Fn::Select"]
        assert choices[index] == {"Fn::GetAtt": ["TopicKey", "Arn"]}


def test_nothing_has_a_key_if_the_stack_is_to_create_none() -> None:
    assert {name for name, key in keys(CreateTopicKey="false").items() if key is not None} == set()


@pytest.mark.parametrize(("parameters", "creates"), CREATES_TOPIC_KEY, ids=str)
def test_the_stack_creates_a_key_only_where_its_topics_have_it(
    parameters: dict[str, str], creates: bool
) -> None:
    found = deployed(**parameters)

    assert ("TopicKey" in found, "TopicKeyPolicy" in found) == (creates, creates)
    assert {"TopicKey" in str(found[topic].properties) for topic in TOPICS} == {creates}
    assert source()["Outputs"]["TopicKeyArn"]["Condition"] == "CreatesTopicKey"


def test_the_key_that_the_stack_creates_is_rotated_and_iam_decides_who_may_use_it() -> None:
    """Without KeyPolicy, KMS attaches the default key policy, which leaves the decision to IAM.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    key = deployed()["TopicKey"].properties

    assert key["EnableKeyRotation"] is True
    assert set(key) == {"Description", "EnableKeyRotation"}


def test_no_topic_has_the_key_before_its_publishers_may_use_it() -> None:
    stack = world()

    for topic in TOPICS:
        assert stack.is_made_before(stack.named("TopicKeyPolicy"), stack.named(topic))
    assert stack.is_made_before(stack.named("TopicKeyPolicy"), stack.named("Endpoint"))


@pytest.mark.parametrize("parameters", [{}, {"ExistingEndpointRoleName": "theirs"}], ids=str)
def test_whoever_may_publish_to_the_topics_may_use_their_key(parameters: dict[str, str]) -> None:
    found = deployed(**parameters)

    publishing, using = (found[f"{name}Policy"] for name in ("EndpointData", "TopicKey"))
    assert using.properties["Roles"] == publishing.properties["Roles"]
    assert len(using.properties["Roles"]) == 1 + len(parameters)


def test_every_type_of_resource_is_known_to_store_data_or_not() -> None:
    kept = deployed(KmsKeyArn=KEY, VolumeKmsKeyId=KEY, CreateDashboard="true")
    types = {each.type for each in (*kept.values(), *deployed().values())}

    assert types == {*KEY_OF, *WITHOUT_KEY}


def test_a_key_replaces_the_encryption_that_a_service_has_for_itself() -> None:
    found = deployed(KmsKeyArn=KEY)

    queues = [each.properties for each in found.values() if each.type == "AWS::SQS::Queue"]
    assert not [each for each in queues if "SqsManagedSseEnabled" in each]
    ledger = found["LedgerTable"].properties["SSESpecification"]
    assert (ledger["SSEEnabled"], ledger["SSEType"]) == (True, "KMS")
    (rule,) = found["DataBucket"].properties["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_use_the_key_for_just_what_it_does_with_encrypted_resources(role: str) -> None:
    statements = allowed_when_deployed(role, KmsKeyArn=KEY)

    asked = {
        (action, need)
        for statement in statements
        for action in _each(statement["Action"])
        for need in NEEDS
        if action.startswith(need)
    }
    (granted,) = (each for each in statements if each["Resource"] == {"Ref": "KmsKeyArn"})
    assert set(granted["Action"]) == {each for _, need in asked for each in NEEDS[need]}
    through = granted["Condition"]["StringEquals"]["kms:ViaService"]
    services = {action.partition(":")[0] for action, _ in asked}
    assert sorted(each["Fn::Sub"] for each in through) == sorted(
        f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}" for service in services
    )


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_use_no_key_where_there_is_none(role: str) -> None:
    assert "kms:" not in str(allowed_when_deployed(role, CreateTopicKey="false"))


@pytest.mark.parametrize("role", ROLES)
def test_only_the_endpoint_may_use_the_key_that_the_stack_creates(role: str) -> None:
    using = [each for each in allowed_when_deployed(role) if "kms:" in str(each["Action"])]

    assert bool(using) == (role == "EndpointExecutionRole")
    for statement in using:
        assert set(statement["Action"]) == NEEDS["sns:Publish"]
        assert statement["Resource"] == {"Fn::GetAtt": ["TopicKey", "Arn"]}
        through = {"kms:ViaService": {"Fn::Sub": "sns.${AWS::Region}.${AWS::URLSuffix}"}}
        assert statement["Condition"] == {"StringEquals": through}


def test_an_existing_endpoints_role_gets_the_permission_for_the_key_with_the_others() -> None:
    found = deployed(KmsKeyArn=KEY, ExistingEndpointRoleName="theirs", EndpointMode="existing")
    policy = found["EndpointDataPolicy"].properties

    assert {"Ref": "ExistingEndpointRoleName"} in policy["Roles"]
    assert "kms:GenerateDataKey" in str(policy["PolicyDocument"])


def test_the_three_keys_of_an_endpoint_are_independent() -> None:
    other = KEY.replace("0a1b", "ffff")

    found = deployed(KmsKeyArn=KEY, OutputKmsKeyId=other, VolumeKmsKeyId=other)

    endpoint = found["Endpoint"].properties
    assert endpoint["OutputKmsKeyId"] == {"Ref": "OutputKmsKeyId"}
    assert {"Ref": "VolumeKmsKeyId"} in endpoint["VolumeKmsKeyId"]["Fn::Select"][1]
    granted = [
        each["Resource"]
        for each in allowed_when_deployed(
            "EndpointExecutionRole", KmsKeyArn=KEY, OutputKmsKeyId=other, VolumeKmsKeyId=other
        )
        if "kms:" in str(each["Action"])
    ]
    assert {str(each) for each in granted} == {
        str({"Ref": name}) for name in ("KmsKeyArn", "OutputKmsKeyId", "VolumeKmsKeyId")
    }


# The key policy to paste, with the names of a stack in place of the words in capitals.
PAGE = (REPOSITORY / "docs/how-to/customer-keys.md").read_text()
NAMES = {
    "PARTITION": "aws",
    "REGION": "us-east-1",
    "ACCOUNT": "000000000000",
    "STACK": resolve({"Ref": "AWS::StackName"}),
}


def pasted() -> list[dict[str, Any]]:
    (written,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for word, name in NAMES.items():
        written = written.replace(word, name)
    statements: list[dict[str, Any]] = json.loads(written)["Statement"]
    return statements


def test_the_key_policy_of_the_page_admits_every_service_that_sends_to_a_queue() -> None:
    senders = {
        service
        for statement in resource_statements()
        if statement.allows and "sqs:SendMessage" in statement.actions
        for service in statement.services
    }
    assert senders

    (admitting,) = (each for each in pasted() if "s3.amazonaws.com" in str(each["Principal"]))
    assert set(admitting["Principal"]["Service"]) == senders
    assert set(admitting["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert admitting["Condition"] == {"StringEquals": {"aws:SourceAccount": NAMES["ACCOUNT"]}}


def test_the_key_policy_of_the_page_admits_the_log_groups_of_the_stack_alone() -> None:
    (admitting,) = (each for each in pasted() if "logs." in str(each["Principal"]))
    pattern = admitting["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    groups = [resolve(each.properties["LogGroupName"]) for each in resources("Logs::LogGroup")]

    begin = f"arn:aws:logs:{NAMES['REGION']}:{NAMES['ACCOUNT']}:log-group:"
    assert [each for each in groups if not fnmatch(f"{begin}{each}", pattern)] == []
    assert not fnmatch(f"{begin}/aws/lambda/another-submit", pattern)


def test_every_statement_of_the_key_policy_has_its_source_on_the_page() -> None:
    assert len(pasted()) > 2
    for statement in pasted():
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{statement['Sid']}`"))
        assert "(https://docs.aws.amazon.com/" in row


def _each(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
