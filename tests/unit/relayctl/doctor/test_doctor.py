"""`doctor` on good stacks of every kind, and where something cannot be read."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from relayctl.doctor.account import action_of
from relayctl.doctor.doctor import KINDS, NEEDS, examine
from relayctl.doctor.findings import Call, Severity
from relayctl.errors import RelayctlError
from tests.support.relayctl.commands import Commands
from tests.support.relayctl.deployed import STACK, Deployed

_ALL = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)
# What a stack is deployed with, and what is there before it.
_ACCOUNTS: dict[str, dict[str, str]] = {
    "nothing further": {},
    "a network": {
        "SubnetIds": "subnet-0a1b,subnet-0c1d",
        "SecurityGroupIds": "sg-0a1b",
    },
    "expiry, versions, roll-outs and no window": {
        "InputExpirationDays": "30",
        "OutputExpirationDays": "30",
        "FailureExpirationDays": "20",
        "DataBucketVersioning": "Enabled",
        "RollOutUploads": "true",
        "LedgerDeletionProtection": "true",
        "CreateTopicKey": "false",
        "BatchingWindowSeconds": "0",
        "LogLevel": "DEBUG",
        "RouteTargetArns": "arn:aws:sqs:us-east-1:111122223333:orders",
        "EndpointPolicyArns": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    },
}


@pytest.mark.parametrize("given", _ACCOUNTS.values(), ids=list(_ACCOUNTS))
def test_nothing_is_found_on_a_good_stack_with(given: dict[str, str]) -> None:
    assert examine(Deployed(**given).deploy()) == []


def test_nothing_is_found_on_a_good_stack_with_keys_and_a_permissions_boundary() -> None:
    stack = Deployed.with_operators()
    key = stack.client("kms").create_key()["KeyMetadata"]["Arn"]
    boundary = stack.client("iam").create_policy(PolicyName="boundary", PolicyDocument=_ALL)[
        "Policy"
    ]["Arn"]

    stack.give(KmsKeyArn=key, OutputKmsKeyId=key, VolumeKmsKeyId=key)
    stack.give(PermissionsBoundaryArn=boundary)

    assert examine(stack.deploy()) == []


def existing_buckets() -> Deployed:
    stack = Deployed()
    for name in ("lake", "pond"):
        stack.client("s3").create_bucket(Bucket=f"{name}-{stack.account}")
    send_events(stack, on=True)
    stack.give(
        InputBucketName=f"lake-{stack.account}",
        InputPrefixes="fraud/in/, orders & more/in/",
        OutputBucketName=f"pond-{stack.account}",
        AccessLogBucketName=f"pond-{stack.account}",
    )
    return stack.deploy()


def send_events(stack: Deployed, *, on: bool) -> None:
    stack.client("s3").put_bucket_notification_configuration(
        Bucket=f"lake-{stack.account}",
        NotificationConfiguration={"EventBridgeConfiguration": {}} if on else {},
    )


def test_nothing_is_found_on_a_good_stack_with_existing_buckets_until_one_sends_no_events() -> None:
    stack = existing_buckets()
    assert examine(stack) == []

    send_events(stack, on=False)
    stack.client("s3").delete_bucket(Bucket=f"pond-{stack.account}")
    silent, gone = examine(stack)

    assert (silent.check, gone.check) == ("bucket-events", "bucket-gone")
    (call,) = silent.repair
    stack.client("s3").put_bucket_notification_configuration(**call.parameters)
    stack.client("s3").create_bucket(Bucket=f"pond-{stack.account}")
    assert examine(stack) == []


@pytest.fixture(scope="module")
def good() -> Iterator[Deployed]:
    """A good stack, which no test changes."""
    yield Deployed.with_operators().deploy()


def test_every_type_of_the_template_is_looked_at(good: Deployed) -> None:
    types = {each["Type"] for each in json.loads(good.template())["Resources"].values()}
    checks = {
        "AWS::SSM::Parameter",  # routes.routes
        "AWS::Lambda::Permission",  # permissions.permissions
        "AWS::Lambda::LayerVersion",  # functions.code_of_layer
        "Custom::Locations",  # a check of the deployment alone
        "Custom::Routes",  # likewise
        "Custom::AsyncEndpoint",  # endpoint.endpoint
    }

    assert types == checks | {kind.type for kind in KINDS} & types


def test_the_command_names_exactly_the_permissions_that_it_needs(good: Deployed) -> None:
    called: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        called.add(action_of(model.service_model.signing_name, model.name))

    for stack in (Deployed.with_operators().deploy(), existing_buckets()):
        stack.on_call(note)
        examine(stack)

    # Of stacks with an endpoint, a dashboard, further targets, or a managed policy.
    others = {
        *("lambda:InvokeFunction", "sagemaker:DescribeEndpoint"),
        *("sagemaker:DescribeEndpointConfig", "cloudwatch:GetDashboard"),
        *("application-autoscaling:DescribeScalableTargets", "events:DescribeEventBus"),
        *("application-autoscaling:DescribeScalingPolicies",),
        *("iam:GetPolicy", "iam:GetPolicyVersion"),
    }
    assert called - {"cloudformation:DescribeStacks"} == set(NEEDS) - others


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sqs", "GetQueueAttributes", "sqs:GetQueueAttributes"),
        ("iam", "GetRole", "iam:GetRole"),
        ("s3", "GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
        ("cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("cloudformation", "GetTemplate", "cloudformation:GetTemplate"),
    ],
)
def test_what_the_person_may_not_read_is_neither_good_nor_a_crash(
    service: str, operation: str, action: str
) -> None:
    stack = Deployed.with_operators().deploy()
    stack.refuses(service, operation)

    (finding,) = examine(stack)

    assert finding.severity is Severity.UNKNOWN
    assert f"checked: needs {action}" in finding.problem
    assert action in finding.action


def test_during_an_update_the_stack_is_not_compared_with_its_template(good: Deployed) -> None:
    stack = good.again()
    stack.__dict__["description"] = {**stack.description, "StackStatus": "UPDATE_IN_PROGRESS"}
    queue = stack.id("SubmitQueue")
    stack.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "30"})

    try:
        (finding,) = examine(stack)
    finally:
        stack.client("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"VisibilityTimeout": "271"}
        )

    assert (finding.check, finding.severity) == ("stack-changing", Severity.NOTE)


@pytest.mark.parametrize(
    ("status", "check"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", "stack-rolled-back"),
        ("UPDATE_ROLLBACK_FAILED", "stack-failed"),
        ("ROLLBACK_COMPLETE", "stack-failed"),
        ("DELETE_FAILED", "stack-failed"),
    ],
)
def test_a_stack_that_failed_needs_a_person(status: str, check: str, good: Deployed) -> None:
    stack = good.again()
    stack.__dict__["description"] = {**stack.description, "StackStatus": status}

    findings = examine(stack)

    assert [each.check for each in findings] == [check]
    assert findings[0].commands


def test_an_output_that_the_stack_has_not_is_found(good: Deployed) -> None:
    stack = good.again()
    outputs = [
        each
        for each in stack.description["Outputs"]
        if each["OutputKey"] not in ("FailedQueueUrl", "RoutesParameterName")
    ]
    stack.__dict__["description"] = {**stack.description, "Outputs": outputs}

    assert {(each.check, each.resource) for each in examine(stack)} == {
        ("stack-output", "FailedQueueUrl"),
        ("stack-output", "RoutesParameterName"),
    }


def test_a_queue_that_was_deleted_is_found_and_a_change_set_restores_it(
    relayctl_on: Any,
) -> None:
    stack = Deployed().deploy()
    stack.client("sqs").delete_queue(QueueUrl=stack.id("CompletedQueue"))

    ended = relayctl_on(stack)("doctor")

    assert ended.exit == 1
    assert "queue-gone" in ended.out
    assert "--deployment-mode REVERT_DRIFT" in ended.out
    assert "ParameterKey=EndpointMode,UsePreviousValue=true" in ended.out
    named = f"--stack-name {STACK} --change-set-name restore"
    assert f"aws cloudformation describe-change-set {named}" in ended.out
    assert f"aws cloudformation execute-change-set {named}" in ended.out


@pytest.mark.parametrize(
    "template",
    [
        '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
        "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n",
    ],
)
def test_a_stack_of_something_else_is_refused(template: str) -> None:
    stack = Deployed()
    stack.client("cloudformation").create_stack(StackName=STACK, TemplateBody=template)

    with pytest.raises(RelayctlError, match="not a stack of the relay"):
        examine(stack)


@pytest.fixture
def relayctl_on() -> Any:
    return Commands


def test_a_good_stack_ends_with_0_and_says_so(good: Deployed, relayctl_on: Any) -> None:
    ended = relayctl_on(good.again())("doctor")

    assert ended.exit == 0
    assert ended.out.strip() == "stack relay: nothing found"


def test_the_schedule_that_backfill_switches_may_be_off(relayctl_on: Any) -> None:
    stack = Deployed().deploy()
    stack.client("events").disable_rule(Name=stack.id("BackfillFunctionSchedule"))

    ended = relayctl_on(stack)("doctor", "--json")

    assert ended.document["findings"] == []


def test_a_program_reads_each_finding_with_its_commands(relayctl_on: Any) -> None:
    stack = Deployed().deploy()
    stack.client("events").disable_rule(Name=stack.id("ReconcileFunctionSchedule"))

    ended = relayctl_on(stack)("doctor", "--json")

    assert ended.exit == 1
    assert ended.document["needs_a_person"] is True
    (finding,) = ended.document["findings"]
    assert (finding["check"], finding["severity"]) == ("rule-state", "error")
    assert finding["commands"] == [
        f"aws events enable-rule --name {stack.id('ReconcileFunctionSchedule')}"
    ]

    ignored = relayctl_on(stack.again())("doctor", "--json", "--ignore", "rule-state")
    assert ignored.exit == 0
    assert ignored.document["findings"] == []


def test_a_command_is_quoted_for_a_shell_and_called_as_the_aws_cli_calls_it() -> None:
    call = Call(
        "s3",
        "put_bucket_policy",
        {"Bucket": "data", "Policy": '{"Sid": "it\'s"}', "ChecksumAlgorithm": ["A", "B"]},
    )

    assert str(call) == (
        'aws s3api put-bucket-policy --bucket data --policy \'{"Sid": "it\'"\'"\'s"}\' '
        "--checksum-algorithm A B"
    )
    assert "--no-enabled" in str(Call("lambda", "update", {"Enabled": False}))
    assert "--notification-endpoint" in str(Call("sns", "subscribe", {"Endpoint": "arn"}))
