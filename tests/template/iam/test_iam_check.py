"""The check of statements itself: on statements that AWS takes and that do nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.template.iam.arns import fits
from tests.template.iam.check import problems
from tests.template.iam.reference import form_of
from tests.template.iam.statements import statements

QUEUE = {"Fn::GetAtt": ["Queue", "Arn"]}
TABLE = {"Fn::GetAtt": ["Table", "Arn"]}
TOPIC = {"Ref": "Topic"}
BUCKET = {"Fn::GetAtt": ["Bucket", "Arn"]}
OBJECTS = {"Fn::Sub": "${Bucket.Arn}/inputs/*"}
LOGS = {"Fn::GetAtt": ["Logs", "Arn"]}
ENDPOINT = {
    "Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:endpoint/${Name}"
}
KEY = {"Ref": "KeyArn"}
RESOURCES = {
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Table": {"Type": "AWS::DynamoDB::Table"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Logs": {"Type": "AWS::Logs::LogGroup"},
}


def found(
    action: Any, resource: Any, condition: Any = None, effect: str = "Allow", policy: str = "IAM"
) -> str:
    """What the check says about a template with one statement, all of it in one text."""
    statement: dict[str, Any] = {"Sid": "It", "Effect": effect, "Action": action}
    if resource is not None:
        statement["Resource"] = resource
    if condition is not None:
        statement["Condition"] = condition
    carrier = {"IAM": "AWS::IAM::Policy", "SQS": "AWS::SQS::QueuePolicy"}[policy]
    return check(carrier, {"PolicyDocument": {"Statement": [statement]}})


def check(carrier: str, properties: Mapping[str, Any]) -> str:
    template = {
        "Parameters": {"Name": {"Type": "String"}, "KeyArn": {"Type": "String"}},
        "Resources": {**RESOURCES, "Carrier": {"Type": carrier, "Properties": properties}},
    }
    return "\n".join(each for statement in statements(template) for each in problems(statement))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sqs:SendMessage", QUEUE),
        ("SQS:sendmessage", QUEUE),
        (["sqs:SendMessage", "sns:Publish"], [QUEUE, TOPIC]),
        ("s3:GetObject", OBJECTS),
        ("s3:ListBucket", BUCKET),
        (["s3:ListBucket", "s3:GetObject"], [BUCKET, OBJECTS]),
        ("dynamodb:Query", {"Fn::Sub": "${Table.Arn}/index/due"}),
        ("logs:PutLogEvents", LOGS),
        ("logs:DescribeLogStreams", LOGS),
        ("logs:TagResource", {"Fn::Sub": "arn:aws:logs:eu-central-1:123456789012:log-group:/a/b"}),
        ("sagemaker:InvokeEndpointAsync", ENDPOINT),
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchGetImage", {"Fn::Sub": "arn:aws:ecr:${AWS::Region}:*:repository/*"}),
        ("kms:Decrypt", KEY),
        ("s3:GetObject", {"Fn::Sub": ["arn:aws:s3:::${Path}", {"Path": {"Fn::Select": [1, []]}}]}),
        ("sqs:SendMessage", {"Fn::If": ["Has", QUEUE, {"Ref": "AWS::NoValue"}]}),
        ("ssm:GetParameter", {"Fn::Sub": "arn:aws:ssm:eu-central-1:123456789012:parameter/a/b"}),
    ],
)
def test_a_good_statement_passes(action: Any, resource: Any) -> None:
    assert found(action, resource) == ""


@pytest.mark.parametrize(
    ("action", "resource", "says"),
    [
        # A call of the API that IAM grants by other names; a misspelling; another service's.
        ("dynamodb:BatchExecuteStatement", TABLE, "dynamodb:PartiQLSelect"),
        ("dynamodb:ExecuteStatement", TABLE, "dynamodb:PartiQLSelect"),
        ("sqs:SendMessages", QUEUE, "similar actions are sqs:SendMessage"),
        ("sqs:SendMessageBatch", QUEUE, "sqs:SendMessage"),
        ("sagemaker-runtime:InvokeEndpointAsync", ENDPOINT, "knows no service sagemaker-runtime"),
        ("s3:ListObjectsV2", BUCKET, "is no action of IAM"),
        ("sqs:Foo*", QUEUE, "is no action of IAM"),
        # The resource of another service, or of another kind.
        ("sqs:SendMessage", TOPIC, "acts on arn:${Partition}:sqs:"),
        ("s3:GetObject", BUCKET, "acts on"),
        ("s3:ListBucket", OBJECTS, "acts on"),
        ("dynamodb:GetItem", {"Fn::Sub": "${Table.Arn}/index/due"}, "acts on"),
        ("dynamodb:PutItem", {"Fn::Sub": "arn:aws:dynamodb:eu-central-1:123456789012:Table"}, "on"),
        ("sagemaker:InvokeEndpointAsync", {"Fn::Sub": "arn:aws:sagemaker:*:*:model/${Name}"}, "on"),
        ("iam:PassRole", {"Fn::Sub": "arn:aws:iam:eu-central-1:123456789012:role/x"}, "acts on"),
        ("s3:ListBucket", {"Fn::Sub": "arn:aws:s3:eu-central-1::bucket"}, "acts on"),
        ("sqs:SendMessage", {"Ref": "Queue"}, "acts on"),
        ("sqs:SendMessage", {"Fn::Sub": "arn:aws:sqs:eu-central-1:${Queue.Arn}"}, "acts on"),
        ("ssm:GetParameter", {"Fn::Sub": "arn:aws:ssm:*:*:${Name}"}, "acts on"),
        ("kms:Decrypt", "arn:aws:kms:eu-central-1:123456789012:alias/mine", "key/${KeyId}"),
        # One action, or one resource, of several.
        (["sqs:SendMessage", "sns:Publish"], QUEUE, "sns:Publish acts on"),
        ("sqs:SendMessage", [QUEUE, TOPIC], "a resource of none of sqs:SendMessage"),
        (["ecr:GetAuthorizationToken", "sqs:SendMessage"], QUEUE, "knows no resources"),
        # Wider than it need be, or nothing at all.
        ("sqs:SendMessage", "*", 'instead of "*" name arn:${Partition}:sqs:'),
        ("sqs:SendMessage", None, "names no resource"),
    ],
)
def test_a_statement_that_grants_nothing_is_refused(action: Any, resource: Any, says: str) -> None:
    said = found(action, resource)

    assert says in said
    assert said.startswith("Carrier, statement It: ")


@pytest.mark.parametrize(
    ("action", "resource", "condition"),
    [
        ("s3:ListBucket", BUCKET, {"StringLike": {"s3:prefix": ["outputs/*"]}}),
        ("sqs:SendMessage", QUEUE, {"ArnEquals": {"aws:SourceArn": TOPIC}}),
        ("sqs:SendMessage", QUEUE, {"Bool": {"AWS:securetransport": False}}),
        ("sqs:SendMessage", QUEUE, {"StringEqualsIfExists": {"aws:SourceAccount": "1"}}),
        ("sqs:SendMessage", QUEUE, {"StringEquals": {"aws:ResourceTag/team": "a"}}),
        ("kms:Decrypt", KEY, {"StringEquals": {"kms:EncryptionContext:aws:sqs:arn": QUEUE}}),
        ("s3:GetObject", OBJECTS, {"StringEquals": {"s3:ExistingObjectTag/stage": "x"}}),
        (
            "dynamodb:GetItem",
            TABLE,
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["relay-*"]}},
        ),
        ("dynamodb:GetItem", TABLE, {"Null": {"dynamodb:LeadingKeys": "false"}}),
        ("iam:PassRole", "arn:aws:iam::1:role/x", {"StringEquals": {"iam:PassedToService": "a.b"}}),
    ],
)
def test_a_good_condition_passes(action: Any, resource: Any, condition: Any) -> None:
    assert found(action, resource, condition) == ""


@pytest.mark.parametrize(
    ("action", "condition", "says"),
    [
        ("sqs:SendMessage", {"StringLike": {"s3:prefix": "a"}}, "does not have the condition key"),
        ("sqs:SendMessage", {"StringEquals": {"aws:SourceAcount": "1"}}, "aws:SourceAcount"),
        ("sqs:SendMessage", {"StringEquals": {"aws:SecureTransport": "false"}}, "type is Bool"),
        ("sqs:SendMessage", {"Bool": {"aws:SecureTransport": "off"}}, "type Bool, which off is"),
        ("sqs:SendMessage", {"ArnEquals": {"aws:SourceAccount": "1"}}, "type is String"),
        ("sqs:SendMessage", {"StringEquals": {"aws:SourceArn": "arn:aws:s3:::*"}}, "ArnLike"),
        ("sqs:SendMessage", {"StringEqual": {"aws:SourceAccount": "1"}}, "does not compare"),
        ("sqs:SendMessage", {"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}}, "single"),
        ("sqs:SendMessage", {"StringEquals": {"aws:CalledVia": "a"}}, "ForAnyValue:StringEquals"),
        (
            ["sqs:SendMessage", "sqs:ReceiveMessage"],
            {"Fn::If": ["Has", {"Bool": {"aws:Typo": "true"}}, {"Ref": "AWS::NoValue"}]},
            "aws:Typo",
        ),
    ],
)
def test_a_condition_that_never_holds_is_refused(action: Any, condition: Any, says: str) -> None:
    assert says in found(action, QUEUE, condition)


def test_a_refusal_may_name_all_actions_and_all_resources() -> None:
    tls = {"Bool": {"aws:SecureTransport": "false"}}

    assert found("sqs:*", QUEUE, tls, effect="Deny") == ""
    assert found("sqs:*", "*", tls, effect="Deny", policy="SQS") == ""
    assert "acts on" in found("sqs:*", TOPIC, tls, effect="Deny", policy="SQS")


def test_statements_behind_conditions_are_checked() -> None:
    bad = {"Effect": "Allow", "Action": "sqs:Sent", "Resource": QUEUE}
    absent = {"Ref": "AWS::NoValue"}
    policy = {"PolicyDocument": {"Statement": [{"Fn::If": ["Has", absent, bad]}]}}

    assert "sqs:Sent" in check("AWS::IAM::Role", {"Policies": [{"Fn::If": ["A", policy, absent]}]})


def test_who_may_assume_a_role_is_checked() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRoles", "Principal": {"Service": "a.b"}}

    said = check("AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": [trust]}})

    assert "similar actions are sts:AssumeRole" in said


def test_the_action_of_a_permission_is_checked() -> None:
    assert "lambda:Invoke is no" in check("AWS::Lambda::Permission", {"Action": "lambda:Invoke"})


@pytest.mark.parametrize(
    ("arn", "matches"),
    [
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::bucket/a/b", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::bucket/*.tar.gz", True),
        ("arn:aws:s3:::bucket/", False),
        ("arn:aws:sqs:::bucket/a", False),
        ("arn:aws:s3", False),
        ("bucket/a", False),
    ],
)
def test_an_arn_fits_a_form_when_such_a_resource_can_exist(arn: str, matches: bool) -> None:
    assert fits(arn, form_of("s3", "object")) is matches
