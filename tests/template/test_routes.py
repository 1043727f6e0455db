"""What the template says about where results go."""

import json

import pytest
from relay.routes import Routes
from relay.target import TargetKind

from tests.template.template import resolve, resource, role_statements, transformed

OWN_QUEUES = {
    "CompletedQueue.Arn": "arn:aws:sqs:us-east-1:000000000000:relay-completed.fifo",
    "FailedQueue.Arn": "arn:aws:sqs:us-east-1:000000000000:relay-failed.fifo",
}


def default_document() -> str:
    condition, given, default = resource("RoutesParameter").properties["Value"]["Fn::If"]
    assert (condition, given) == ("HasRoutes", {"Ref": "Routes"})
    text: str = default["Fn::Sub"]
    for name, arn in OWN_QUEUES.items():
        text = text.replace("${" + name + "}", arn)
    return text


@pytest.mark.parametrize(
    ("outcome", "queue"),
    [
        ("completed", "CompletedQueue.Arn"),
        ("failed", "FailedQueue.Arn"),
        ("expired", "FailedQueue.Arn"),
        ("rejected", "FailedQueue.Arn"),
    ],
)
def test_without_routes_of_ones_own_each_outcome_has_its_queue(outcome: str, queue: str) -> None:
    routes = Routes.read(default_document())

    (addressed,) = routes.address({"id": "a" * 32, "data": {"outcome": outcome}})

    assert addressed.target.arn == OWN_QUEUES[queue]
    assert addressed.target.kind is TargetKind.FIFO_QUEUE
    assert addressed.group == "a" * 32


def test_the_default_routes_need_no_right_that_the_function_lacks() -> None:
    (send,) = (each for each in role_statements() if each.document["Sid"] == "SendResults")

    assert {json.dumps(each) for each in send.resources} == {
        json.dumps({"Fn::GetAtt": name.split(".")}) for name in OWN_QUEUES
    }


def test_route_may_send_to_further_targets_only_as_they_are_listed() -> None:
    policies = transformed()["Resources"]["RouteRole"]["Properties"]["Policies"]

    (conditional,) = (each["Fn::If"] for each in policies if "Fn::If" in each)

    condition, policy, otherwise = conditional
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert condition == "HasRouteTargets"
    assert statement["Action"] == ["sqs:SendMessage", "sns:Publish", "events:PutEvents"]
    assert statement["Resource"] == {"Ref": "RouteTargetArns"}
    assert otherwise == {"Ref": "AWS::NoValue"}


def test_route_reads_the_one_parameter_and_no_other() -> None:
    (read,) = (each for each in role_statements() if each.document["Sid"] == "ReadRoutes")

    (arn,) = (each["Fn::Sub"] for each in read.resources)

    # The name begins with the slash that ends "parameter/" in the ARN.
    assert resolve(resource("RoutesParameter").properties["Name"]) == "/relay/routes"
    assert arn.endswith(":parameter${RoutesParameter}")
    assert read.actions == ["ssm:GetParameter", "ssm:GetParameterHistory"]
