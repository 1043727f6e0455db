"""The route document through CloudFormation and Parameter Store, as they are on the local stack."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from relay.routes import Routes

from tests.e2e.pipeline import eventually
from tests.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ssm import SSMClient

_UPDATE_SECONDS = 60.0


@pytest.fixture(scope="module")
def cloudformation(stack: RunningStack) -> "CloudFormationClient":
    with stack.variables():
        return boto3.Session().client("cloudformation")


@pytest.fixture(scope="module")
def ssm(stack: RunningStack) -> "SSMClient":
    with stack.variables():
        return boto3.Session().client("ssm")


@pytest.fixture
def parameter(stack: RunningStack, ssm: "SSMClient") -> Iterator[str]:
    """The parameter's name; afterwards it is as it was."""
    name = stack.outputs["RoutesParameterName"]
    before = text_of(ssm, name)
    yield name
    if text_of(ssm, name) != before:
        put(ssm, name, before)


def text_of(ssm: "SSMClient", name: str) -> str:
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]


def put(ssm: "SSMClient", name: str, text: str) -> None:
    ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)


def updated(cloudformation: "CloudFormationClient", **changes: str) -> tuple[str, list[str]]:
    """Deploys the stack again with other parameters: its status then, and what failed and why."""
    stack_id = cloudformation.describe_stacks(StackName="relay")["Stacks"][0]["StackId"]
    given = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["Parameters"]
    known = {event["EventId"] for event in events(cloudformation, stack_id)}
    cloudformation.update_stack(
        StackName=stack_id,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": changes[name]}
            if name in changes
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in (each["ParameterKey"] for each in given)
        ],
    )

    def status() -> str | None:
        now = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        return None if now.endswith("IN_PROGRESS") else now

    ended = eventually(status, _UPDATE_SECONDS, "the end of the update")
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in events(cloudformation, stack_id)
        if event["EventId"] not in known and event["ResourceStatus"] == "UPDATE_FAILED"
    ]
    return ended, reasons


def events(cloudformation: "CloudFormationClient", stack_id: str) -> list[Any]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [event for page in pages for event in page["StackEvents"]]


def test_the_deployed_document_is_the_one_that_goes_to_the_two_queues(
    ssm: "SSMClient", parameter: str
) -> None:
    routes = Routes.read(text_of(ssm, parameter))

    assert [target.name for target in routes.targets] == [
        "relay-completed.fifo",
        "relay-failed.fifo",
    ]


def test_a_deployment_with_a_mistake_in_its_routes_fails_with_the_position_and_changes_nothing(
    cloudformation: "CloudFormationClient", ssm: "SSMClient", parameter: str
) -> None:
    before = text_of(ssm, parameter)
    document = json.loads(before)
    document["routes"][0]["when"] = "data.outcome = 'completed'"
    document["routes"][0]["too"] = "nowhere"

    status, failed = updated(cloudformation, Routes=json.dumps(document))

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    (reason,) = (each for each in failed if each.startswith("CheckedRoutes: "))
    assert "routes[0].when, character 14: Unknown token '='" in reason
    assert "routes[0]: unknown member 'too'; did you mean to?" in reason
    assert text_of(ssm, parameter) == before


def test_a_deployment_that_names_a_target_out_of_reach_says_what_to_add(
    cloudformation: "CloudFormationClient", ssm: "SSMClient", parameter: str
) -> None:
    before = text_of(ssm, parameter)
    elsewhere = "arn:aws:sqs:us-east-1:000000000000:elsewhere"

    status, failed = updated(cloudformation, Routes=json.dumps({"otherwise": {"to": elsewhere}}))

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    (reason,) = (each for each in failed if each.startswith("CheckedRoutes: "))
    assert f"may not send to {elsewhere}; add it to the parameter RouteTargetArns" in reason
    assert text_of(ssm, parameter) == before
