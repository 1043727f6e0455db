"""`doctor` on stacks of which something was deleted: it is found, and so is everything else."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from relayctl.doctor import doctor
from relayctl.doctor.account import Account
from relayctl.doctor.doctor import examine
from relayctl.doctor.expected import Stack
from relayctl.doctor.findings import Finding, Severity
from relayctl.doctor.subjects import queues
from tests.support.parts import Part, first_of
from tests.support.relayctl.commands import Commands
from tests.support.relayctl.deployed import STACK, Answer, Deployed
from tests.support.relayctl.drift.fault import subscription

Delete = Callable[[Deployed, str], object]


def by(service: str, operation: str, parameter: str, **given: Any) -> Delete:
    """One call, whose parameter is the id of the resource."""

    def delete(stack: Deployed, name: str) -> object:
        call = getattr(stack.client(service), operation)
        return call(**{parameter: stack.id(name)}, **given)

    return delete


def _rule(stack: Deployed, name: str) -> None:
    client, id = stack.client("events"), stack.id(name)
    targets = client.list_targets_by_rule(Rule=id)["Targets"]
    client.remove_targets(Rule=id, Ids=[each["Id"] for each in targets])
    client.delete_rule(Name=id)


def _role(stack: Deployed, name: str) -> None:
    client, id = stack.client("iam"), stack.id(name)
    for policy in client.list_role_policies(RoleName=id)["PolicyNames"]:
        client.delete_role_policy(RoleName=id, PolicyName=policy)
    for attached in client.list_attached_role_policies(RoleName=id)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=id, PolicyArn=attached["PolicyArn"])
    client.delete_role(RoleName=id)


def _role_policy(stack: Deployed, name: str) -> None:
    client, given = stack.client("iam"), _properties(stack, name)
    for role in client.list_roles()["Roles"]:
        for policy in client.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            if policy == given["PolicyName"]["Fn::Sub"].replace("${AWS::StackName}", STACK):
                client.delete_role_policy(RoleName=role["RoleName"], PolicyName=policy)


def _permission(stack: Deployed, name: str) -> None:
    function = stack.id(_properties(stack, name)["FunctionName"]["Ref"])
    stack.client("lambda").remove_permission(FunctionName=function, StatementId=stack.id(name))


def _invocation(stack: Deployed, name: str) -> None:
    function = stack.id(name).partition(":")[0]
    stack.client("lambda").delete_function_event_invoke_config(
        FunctionName=function, Qualifier="$LATEST"
    )


def _layer(stack: Deployed, name: str) -> None:
    *_, layer, version = stack.id(name).split(":")
    stack.client("lambda").delete_layer_version(LayerName=layer, VersionNumber=int(version))


def _subscription(stack: Deployed, name: str) -> None:
    topic = _properties(stack, name)["TopicArn"]["Ref"]
    stack.client("sns").unsubscribe(SubscriptionArn=subscription(stack, topic))


def _queue_policy(stack: Deployed, name: str) -> None:
    for queue in _properties(stack, name)["Queues"]:
        stack.client("sqs").set_queue_attributes(
            QueueUrl=stack.id(queue["Ref"]), Attributes={"Policy": ""}
        )


def _topic_policy(stack: Deployed, name: str) -> None:
    for topic in _properties(stack, name)["Topics"]:
        stack.client("sns").set_topic_attributes(
            TopicArn=stack.id(topic["Ref"]), AttributeName="Policy", AttributeValue=""
        )


def _bucket_policy(stack: Deployed, name: str) -> None:
    bucket = stack.id(_properties(stack, name)["Bucket"]["Ref"])
    stack.client("s3").delete_bucket_policy(Bucket=bucket)


def _properties(stack: Deployed, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(stack.template())["Resources"][name]["Properties"]
    return found


DELETIONS: Final[Mapping[str, Delete]] = {
    "AWS::CloudWatch::Alarm": lambda stack, name: stack.client("cloudwatch").delete_alarms(
        AlarmNames=[stack.id(name)]
    ),
    "AWS::DynamoDB::Table": by("dynamodb", "delete_table", "TableName"),
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Policy": _role_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": by("kms", "schedule_key_deletion", "KeyId", PendingWindowInDays=7),
    "AWS::Lambda::EventInvokeConfig": _invocation,
    "AWS::Lambda::EventSourceMapping": by("lambda", "delete_event_source_mapping", "UUID"),
    "AWS::Lambda::Function": by("lambda", "delete_function", "FunctionName"),
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Lambda::Permission": _permission,
    "AWS::Logs::LogGroup": by("logs", "delete_log_group", "logGroupName"),
    "AWS::S3::Bucket": by("s3", "delete_bucket", "Bucket"),
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": by("sns", "delete_topic", "TopicArn"),
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": by("sqs", "delete_queue", "QueueUrl"),
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SSM::Parameter": by("ssm", "delete_parameter", "Name"),
}


# Where a good stack has nothing, or something else is asked then.
GOOD_ANSWERS: Final = {
    "iam ListRolePolicies",  # of policies that were added
    "lambda GetEventSourceMapping",  # the mapping may have been created again
    "s3 GetBucketLogging",
    "s3 GetBucketVersioning",
    "s3 GetObject",  # packages may be removed after a deployment
}


def resources() -> Mapping[str, str]:
    """The resources of a stack with their types, but for those that are functions alone."""
    stack = Deployed.with_operators().deploy()
    listed = stack.client("cloudformation").get_paginator("list_stack_resources")
    return {
        each["LogicalResourceId"]: each["ResourceType"]
        for page in listed.paginate(StackName=stack.stack_name)
        for each in page["StackResourceSummaries"]
        if not each["ResourceType"].startswith("Custom::")
    }


@first_of(12)
def test_a_resource_that_was_deleted_is_found_whichever_it_is(part: Part) -> None:
    unnoticed: list[str] = []
    for name, kind in part.of(list(resources().items())):
        stack = Deployed.with_operators().deploy()
        DELETIONS[kind](stack, name)

        found = examine(stack)

        if not any(each.severity in (Severity.ERROR, Severity.WARNING) for each in found):
            unnoticed.append(name)

    assert unnoticed == []


def test_what_is_found_besides_a_queue_that_was_deleted_is_found_too() -> None:
    stack = Deployed.with_operators().deploy()
    sqs = stack.client("sqs")
    sqs.send_message(QueueUrl=stack.id("NotificationDeadLetterQueue"), MessageBody="parked")
    sqs.send_message(QueueUrl=stack.id("ProvisionDeadLetterQueue"), MessageBody="parked")
    sqs.delete_queue(QueueUrl=stack.id("ReconcileDeadLetterQueue"))

    ended = Commands(stack)("doctor", "--json")

    assert ended.exit == 1
    found = {(each["check"], each["resource"]) for each in ended.document["findings"]}
    assert found == {
        ("queue-gone", "ReconcileDeadLetterQueue"),
        ("dead-letters", "NotificationDeadLetterQueue"),
        ("dead-letters", "ProvisionDeadLetterQueue"),
    }


@first_of(8)
def test_whatever_does_not_exist_for_aws_ends_no_other_check(part: Part) -> None:
    """Each operation in turn says so, where nothing else is wrong."""
    stack = Deployed.with_operators().deploy()
    called: set[str] = set()
    gone = ""

    def answer(model: Any, **_: Any) -> object:
        name = f"{model.service_model.service_name} {model.name}"
        called.add(name)
        if name != gone:
            return None
        error = {"Code": "ResourceNotFoundException", "Message": "no"}
        return Answer("", 404, {}, b""), {"ResponseMetadata": {}, "Error": error}

    stack.on_call(answer)
    assert examine(stack.again()) == []
    quiet: set[str] = set()
    # Without the stack itself, no command goes on.
    for gone in part.of(sorted(called - {"cloudformation DescribeStacks"})):
        if not any(each.severity is not Severity.NOTE for each in examine(stack.again())):
            quiet.add(gone)

    assert quiet <= GOOD_ANSWERS


def test_a_check_that_meets_what_does_not_exist_is_reported_as_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shelves(stack: Stack, account: Account) -> Iterator[Finding]:
        account.get("sqs", "get_queue_url", QueueName="none")
        yield from ()

    monkeypatch.setattr(doctor, "CHECKS", (shelves, queues.dead_letters))
    stack = Deployed.with_operators().deploy()
    stack.client("sqs").send_message(
        QueueUrl=stack.id("SubmitDeadLetterQueue"), MessageBody="parked"
    )

    dead, unchecked = examine(stack)

    assert (dead.check, unchecked.check) == ("dead-letters", "not-checked")
    assert "shelves was not checked" in unchecked.problem
    assert "sqs:GetQueueUrl" in unchecked.problem
