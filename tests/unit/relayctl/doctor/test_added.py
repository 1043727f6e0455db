"""What someone added to a stack, and what is as it should be."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from relayctl.doctor.doctor import examine
from relayctl.doctor.findings import Severity
from tests.support.relayctl.deployed import Deployed
from tests.support.relayctl.drift.fault import further_mapping, permission


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployed]:
    """One stack. Each test takes back what it adds, by what the finding says."""
    yield Deployed.with_operators().deploy()


def added(stack: Deployed, command: str) -> tuple[Severity, str]:
    """The one finding, whose only command begins so."""
    (finding,) = examine(stack.again())
    (call,) = finding.repair
    assert str(call).startswith(command)
    getattr(stack.client(call.service), call.operation)(**call.parameters)
    return finding.severity, finding.problem


@pytest.mark.parametrize(
    ("given", "severity", "said"),
    [
        ({"Principal": "*"}, Severity.ERROR, "lambda:InvokeFunction to every account"),
        ({"Principal": "sns.amazonaws.com"}, Severity.WARNING, "to sns.amazonaws.com: "),
        (
            {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::mine"},
            Severity.WARNING,
            "to s3.amazonaws.com, aws:sourcearn arn:aws:s3:::mine: ",
        ),
    ],
)
def test_a_statement_is_an_error_if_it_permits_everyone(
    given: dict[str, str], severity: Severity, said: str, stack: Deployed
) -> None:
    permission("RouteFunction", **given)(stack)

    found, problem = added(
        stack,
        f"aws lambda remove-permission --function-name {stack.id('RouteFunction')} "
        "--statement-id mine",
    )

    assert found is severity
    assert "statement mine" in problem
    assert said in problem


def test_a_statement_for_a_rule_whose_name_begins_as_that_of_the_stack_is_not_the_stacks(
    stack: Deployed,
) -> None:
    rule = f"arn:aws:events:us-east-1:{stack.account}:rule/{stack.id('BackfillFunctionSchedule')}"
    permission("BackfillFunction", Principal="events.amazonaws.com", SourceArn=f"{rule}-2")(stack)

    _, problem = added(stack, "aws lambda remove-permission")

    assert f"{rule}-2" in problem


def test_a_permission_has_the_account_of_its_source_in_the_form_of_lambda() -> None:
    stack = Deployed.with_operators(RollOutUploads="true", DataBucketName="relay-models").deploy()
    name = stack.id("ProvisionFunction")
    policy = json.loads(stack.client("lambda").get_policy(FunctionName=name)["Policy"])
    s3 = {"Service": "s3.amazonaws.com"}
    (statement,) = (each for each in policy["Statement"] if each["Principal"] == s3)

    def found(account: str) -> set[tuple[str, str]]:
        statement["Condition"] = {
            "StringEquals": {"AWS:SourceAccount": account},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::relay-models"},
        }
        stack.answers("lambda", "GetPolicy", {"Policy": json.dumps(policy)})
        # Each function has this policy now; what follows is about the one whose it is.
        names = ("ProvisionFunction", "ArtifactPermission")
        return {
            (each.check, each.resource) for each in examine(stack.again()) if each.resource in names
        }

    assert found(stack.account) == set()
    assert found("111122223333") == {
        ("function-permission", "ArtifactPermission"),
        ("function-permission-added", "ProvisionFunction"),
    }


@pytest.mark.parametrize("queue", ["SubmitQueue", "NotificationQueue", "SubmitDeadLetterQueue"])
def test_a_mapping_takes_messages_away(queue: str, stack: Deployed) -> None:
    made: Any = further_mapping(queue, "RouteFunction")(stack)

    severity, problem = added(
        stack, f"aws lambda delete-event-source-mapping --uuid {made['UUID']}"
    )

    assert severity is Severity.ERROR
    assert "takes messages away" in problem
    assert stack.id("RouteFunction") in problem


def test_a_mapping_that_is_off_would_take_messages_away(stack: Deployed) -> None:
    made: Any = further_mapping("SubmitQueue", "RouteFunction")(stack)
    stack.client("lambda").update_event_source_mapping(UUID=made["UUID"], Enabled=False)

    severity, problem = added(stack, "aws lambda delete-event-source-mapping")

    assert severity is Severity.WARNING
    assert "would take messages away" in problem


@pytest.mark.parametrize("queue", ["CompletedQueue", "FailedQueue"])
def test_a_consumer_may_have_a_mapping_on_a_queue_of_results(queue: str, stack: Deployed) -> None:
    made: Any = further_mapping(queue, "RouteFunction")(stack)

    try:
        assert examine(stack.again()) == []
    finally:
        stack.client("lambda").delete_event_source_mapping(UUID=made["UUID"])
