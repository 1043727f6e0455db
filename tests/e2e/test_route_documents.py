"""The route document through CloudFormation and Parameter Store, as they are on the local stack."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from relay.routes import Routes

from tests.e2e.updates import updated
from tests.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ssm import SSMClient


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
