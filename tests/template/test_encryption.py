"""KmsKeyArn: one key for what the stack creates, and who may use it."""

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
# Types that store no data of requests, or cannot have a key: a parameter that CloudFormation makes
# is never a SecureString, and a layer is code.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
WITHOUT_KEY = {
    *("AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::SSM::Parameter"),
    *("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"),
    *("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"),
    *("AWS::Lambda::LayerVersion", "AWS::Lambda::Permission"),
    *("AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"),
    *("AWS::SQS::QueuePolicy", "Custom::AsyncEndpoint", "Custom::Routes"),
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


def test_nothing_has_a_key_unless_one_is_given() -> None:
    assert {name for name, key in keys().items() if key is not None} == set()


def test_every_type_of_resource_is_known_to_store_data_or_not() -> None:
    types = {each.type for each in deployed(KmsKeyArn=KEY, VolumeKmsKeyId=KEY).values()}

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
def test_a_role_may_use_no_key_unless_one_is_given(role: str) -> None:
    assert "kms:" not in str(allowed_when_deployed(role))


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
PAGE = (REPOSITORY / "docs/encryption.md").read_text()
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
