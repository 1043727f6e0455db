"""No permission too many: without any statement of any role, a call is refused.

IAM is enforced on the local stack as it was deployed, and the built functions run with sessions of
their own roles. Each test takes one statement away, sees the refusal, and puts it back.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.e2e.permissions import backfill_scenarios
from tests.e2e.permissions.scenarios import Scenarios
from tests.support.functions import Functions
from tests.support.stack import RunningStack

# SageMaker's emulator remembers what IAM said for a few seconds.
_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Needed:
    """A statement, or one action of it, what needs it, and what the refusal names."""

    role: str
    sid: str
    scenario: Callable[[Scenarios], str]
    refusal: tuple[str, ...]
    action: str | None = None

    def __str__(self) -> str:
        return f"{self.role}-{self.sid}" + (f"-{self.action}" if self.action else "")


_SEND = "sqs:SendMessage"

NEEDED = (
    Needed(
        "SubmitRole",
        "ReceiveUploads",
        Scenarios.submit_from_the_queue_while_throttled,
        ("sqs:ChangeMessageVisibility",),
    ),
    Needed("SubmitRole", "ClaimAttempts", Scenarios.submit, ("dynamodb:PartiQLInsert",)),
    Needed("SubmitRole", "SubmitRequests", Scenarios.submit, ("sagemaker:InvokeEndpointAsync",)),
    Needed(
        "SubmitRole",
        "QueueRequests",
        Scenarios.submit_while_throttled,
        (_SEND, "relay-SubmitQueue"),
    ),
    Needed(
        "SubmitRole",
        "ReportRejected",
        Scenarios.submit_what_sagemaker_refuses,
        (_SEND, "relay-NotificationQueue"),
    ),
    Needed(
        "SubmitRole",
        "SendToDeadLetterQueue",
        Scenarios.submit_an_unreadable_message,
        (_SEND, "relay-SubmitDeadLetterQueue"),
    ),
    Needed(
        "RouteRole",
        "ReceiveNotifications",
        Scenarios.route_to_what_does_not_exist,
        ("sqs:ChangeMessageVisibility",),
    ),
    Needed("RouteRole", "ReadRoutes", Scenarios.route, ("ssm:GetParameter",)),
    Needed(
        "RouteRole",
        "SendToFurtherTargets",
        Scenarios.route_to_what_does_not_exist,
        (_SEND, "relay-further-absent"),
    ),
    Needed("RouteRole", "ReadAndCloseAttempts", Scenarios.route, ("dynamodb:BatchGetItem",)),
    Needed("RouteRole", "SendResults", Scenarios.route, (_SEND, "relay-completed.fifo")),
    Needed(
        "RouteRole",
        "QueueRetriesAndDeadLetters",
        Scenarios.route_a_failure_that_may_pass,
        (_SEND, "relay-SubmitQueue"),
    ),
    Needed(
        "RouteRole",
        "QueueRetriesAndDeadLetters",
        Scenarios.route_an_unreadable_message,
        (_SEND, "relay-NotificationDeadLetterQueue"),
    ),
    Needed("ReconcileRole", "QueryOverdue", Scenarios.reconcile, ("dynamodb:Query",)),
    Needed(
        "ReconcileRole",
        "ReadAndPostponeAttempts",
        Scenarios.ask_for_a_status,
        ("dynamodb:BatchGetItem",),
    ),
    Needed(
        "ReconcileRole",
        "ReadAndPostponeAttempts",
        Scenarios.postpone,
        ("dynamodb:PartiQLUpdate",),
        action="dynamodb:PartiQLUpdate",
    ),
    Needed(
        "ReconcileRole",
        "ReadAndWriteCursor",
        Scenarios.reconcile_on_schedule,
        ("dynamodb:GetItem",),
    ),
    Needed(
        "ReconcileRole", "ListInputs", Scenarios.ask_for_the_status_of_an_input, ("s3:ListBucket",)
    ),
    Needed("ReconcileRole", "ListOutputsAndFailures", Scenarios.reconcile, ("s3:ListBucket",)),
    Needed(
        "ReconcileRole", "ReportOverdue", Scenarios.reconcile, (_SEND, "relay-NotificationQueue")
    ),
    Needed("BackfillRole", "ListInputs", backfill_scenarios.preview, ("s3:ListBucket",)),
    Needed("BackfillRole", "DescribeLedger", backfill_scenarios.preview, ("DescribeTable",)),
    Needed("BackfillRole", "ReadAndWriteRecords", backfill_scenarios.start, ("dynamodb:GetItem",)),
    Needed("BackfillRole", "SwitchSchedule", backfill_scenarios.start, ("events:EnableRule",)),
    Needed("BackfillRole", "SendRequests", backfill_scenarios.send, ("sqs:",)),
    Needed("BackfillRole", "ReadAttempts", backfill_scenarios.send, ("dynamodb:BatchGetItem",)),
    Needed("BackfillRole", "PublishCompletion", backfill_scenarios.send, ("events:PutEvents",)),
    Needed(
        "ProvisionRole",
        "ManageModels",
        Scenarios.create_and_delete_a_model,
        ("sagemaker:CreateModel",),
    ),
    Needed(
        "ProvisionRole",
        "ManageModels",
        Scenarios.create_and_delete_a_model,
        ("sagemaker:AddTags",),
        action="sagemaker:AddTags",
    ),
    Needed(
        "ProvisionRole",
        "PassExecutionRole",
        Scenarios.create_and_delete_a_model,
        ("iam:PassRole",),
    ),
    Needed(
        "ProvisionRole",
        "ManageConfigurations",
        Scenarios.delete_a_configuration,
        ("sagemaker:DeleteEndpointConfig",),
    ),
    Needed(
        "ProvisionRole",
        "ScaleEndpoint",
        Scenarios.scale,
        ("application-autoscaling:RegisterScalableTarget",),
    ),
    Needed(
        "ProvisionRole",
        "DescribeScheduledActions",
        Scenarios.scale,
        ("application-autoscaling:DescribeScheduledActions",),
    ),
    Needed("ProvisionRole", "ManageScalingAlarms", Scenarios.scale, ("cloudwatch:PutMetricAlarm",)),
    Needed(
        "ProvisionRole", "DescribeScalingAlarms", Scenarios.scale, ("cloudwatch:DescribeAlarms",)
    ),
    Needed(
        "ProvisionRole",
        "ManageWakeAlarm",
        Scenarios.scale,
        ("when calling the PutMetricAlarm operation",),
    ),
    Needed(
        "ProvisionRole",
        "CreateServiceLinkedRole",
        Scenarios.scale_for_the_first_time,
        ("iam:CreateServiceLinkedRole",),
    ),
    Needed(
        "ProvisionRole",
        "ManageEndpoint",
        Scenarios.scale,
        ("sagemaker:UpdateEndpointWeightsAndCapacities",),
    ),
    Needed(
        "ProvisionRole", "DescribeEndpoints", Scenarios.describe, ("sagemaker:DescribeEndpoint",)
    ),
    Needed("ProvisionRole", "TakeUpFailedRequests", Scenarios.sweep, ("sqs:ReceiveMessage",)),
    Needed(
        "ProvisionRole",
        "DeleteWhatTheStackCreated",
        Scenarios.delete_a_model_of_another_name,
        ("sagemaker:DeleteModel",),
    ),
    Needed("ProvisionRole", "ReadAndWriteRecords", Scenarios.describe, ("dynamodb:GetItem",)),
    Needed(
        "EndpointExecutionRole",
        "ReadInputs",
        Scenarios.infer,
        ("Unable to download the input", "s3:GetObject"),
    ),
    Needed("EndpointExecutionRole", "ReadModels", Scenarios.read_a_model, ("s3:GetObject",)),
    Needed(
        "EndpointExecutionRole",
        "WriteOutputsAndFailures",
        Scenarios.infer,
        ("s3:PutObject",),
    ),
    Needed("EndpointExecutionRole", "PublishNotifications", Scenarios.infer, ("sns:Publish",)),
    # SNS refuses to publish without the key.
    Needed("EndpointExecutionRole", "UseTopicKey", Scenarios.infer, ("sns:Publish",)),
    Needed(
        "EndpointExecutionRole",
        "DescribeAlarms",
        Scenarios.watch_an_alarm,
        ("cloudwatch:DescribeAlarms",),
    ),
    Needed("EndpointExecutionRole", "ReadArtifact", Scenarios.read_the_artifact, ("s3:GetObject",)),
    Needed(
        "EndpointExecutionRole", "ListObjects", Scenarios.look_for_an_object, ("s3:ListBucket",)
    ),
)

# What the local stack does without asking the role. On AWS all of them are needed.
_LOGS = "Lambda writes logs in the role's name; MiniStack keeps them without asking"
_DESTINATION = "Lambda sends what failed there in the role's name; MiniStack sends it as root"
_IMAGE = "the emulator runs model servers as processes and pulls no image"
NOT_ENFORCED = {
    ("SubmitRole", "WriteLogs"): _LOGS,
    ("RouteRole", "WriteLogs"): _LOGS,
    ("ReconcileRole", "WriteLogs"): _LOGS,
    ("ReconcileRole", "SendToDeadLetterQueue"): _DESTINATION,
    ("BackfillRole", "WriteLogs"): _LOGS,
    ("BackfillRole", "SendToDeadLetterQueue"): _DESTINATION,
    ("ProvisionRole", "WriteLogs"): _LOGS,
    ("ProvisionRole", "SendToDeadLetterQueue"): _DESTINATION,
    ("EndpointExecutionRole", "WriteLogs"): "the emulator goes on where it cannot write logs",
    ("EndpointExecutionRole", "PublishMetrics"): "the emulator publishes metrics of its own",
    ("EndpointExecutionRole", "PullImage"): _IMAGE,
    ("EndpointExecutionRole", "GetRegistryToken"): _IMAGE,
}


@pytest.fixture(scope="module")
def scenarios(
    stack: RunningStack, functions: Functions, downstream: Downstream
) -> Iterator[Scenarios]:
    found = Scenarios(stack, functions, downstream)
    yield found
    found.discard_what_waits()


def test_every_statement_is_either_needed_or_known_not_to_be_enforced_here(
    scenarios: Scenarios,
) -> None:
    needed = {(each.role, each.sid) for each in NEEDED}

    assert not needed & set(NOT_ENFORCED)
    assert scenarios.roles.statements() == needed | set(NOT_ENFORCED)


@pytest.mark.parametrize("needed", NEEDED, ids=str)
def test_a_role_without_the_statement_is_refused(needed: Needed, scenarios: Scenarios) -> None:
    _await(lambda: needed.scenario(scenarios), lambda refusal: not refusal)

    with scenarios.roles.without(needed.role, needed.sid, needed.action):
        _await(
            lambda: needed.scenario(scenarios),
            lambda refusal: all(part in refusal for part in needed.refusal),
        )


def _await(look: Callable[[], str], enough: Callable[[str], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not enough(seen := look()):
        assert time.monotonic() < deadline, seen or "nothing was refused"
