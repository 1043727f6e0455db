"""What a deployment reports about its route document."""

import json
from pathlib import Path

import pytest
from relay.errors import UnreadableMessage
from relay.events.custom_resource import CheckRequest, CustomResourceRequest
from relay.events.endpoint_events import read_event
from relay.provision.lifecycle.ports import ResponseNotDelivered

from tests.support.provisioning.world import World

COMPLETED = "arn:aws:sqs:us-east-1:000000000000:relay-completed.fifo"
FAILED = "arn:aws:sqs:us-east-1:000000000000:relay-failed.fifo"
TOPIC = "arn:aws:sns:us-east-1:000000000000:news"

EVENT = json.loads((Path(__file__).parents[4] / "events" / "provision" / "routes.json").read_text())


def document(**route: str) -> str:
    routes = [{"name": "one", "to": COMPLETED, **route}]
    return json.dumps({"routes": routes, "otherwise": {"to": FAILED}})


def request(kind: str = "Create", **properties: object) -> CheckRequest:
    event = {
        **EVENT,
        "RequestType": kind,
        "ResourceProperties": {**EVENT["ResourceProperties"], **properties},
    }
    if kind != "Create":
        event["PhysicalResourceId"] = "CheckedRoutes"
    if kind == "Update":
        event["OldResourceProperties"] = EVENT["ResourceProperties"]
    wake_up = read_event(event)
    assert isinstance(wake_up, CheckRequest)
    return wake_up


def answered(world: World, wake_up: CheckRequest) -> str:
    """The reason of the one answer; "" for a success."""
    world.wake(wake_up)
    answer = world.answers.pop()
    assert world.answers == []
    assert answer.physical_resource_id == "CheckedRoutes"
    assert answer.request.request_id == wake_up.request.request_id
    return answer.reason


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_a_document_that_can_be_used_is_a_success(kind: str) -> None:
    assert answered(World(), request(kind)) == ""


@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"routes": [\n', "line 2, column 1: it is not JSON"),
        (document(whn="data"), "routes[0].whn is not known; did you mean when?"),
        (document(when="data.outcome = 'x'"), "routes[0].when, character 14: Unknown token '='"),
        ("", "line 1, column 1: it is not JSON"),
    ],
)
def test_a_mistake_fails_the_deployment_and_says_where_it_is(
    kind: str, text: str, says: str
) -> None:
    reason = answered(World(), request(kind, Document=text))

    assert reason.startswith("the routes are wrong: ")
    assert says in reason


def test_a_target_that_the_role_may_not_send_to_fails_the_deployment() -> None:
    text = document(to=TOPIC)

    assert answered(World(), request(Document=text)) == (
        f"the routes are wrong: routes[0].to: the route function may not send to {TOPIC}; "
        "add it to the parameter RouteTargetArns"
    )
    assert answered(World(), request(Document=text, RouteTargetArns=[TOPIC])) == ""


def test_otherwise_may_not_go_out_of_reach_either() -> None:
    text = json.dumps({"otherwise": {"to": TOPIC}})

    assert "otherwise.to: the route function may not" in answered(World(), request(Document=text))


@pytest.mark.parametrize("arn", ["*", "arn:aws:sqs:us-east-1:000000000000:*", "news"])
def test_what_the_deployment_adds_are_arns_without_wildcards(arn: str) -> None:
    reason = answered(World(), request(RouteTargetArns=[arn]))

    assert reason.startswith(f"the routes are wrong: the parameter RouteTargetArns: '{arn}'")


def test_a_delete_asks_for_nothing() -> None:
    assert answered(World(), request("Delete", Document="no JSON")) == ""


def test_an_answer_that_does_not_arrive_is_an_error_so_that_lambda_repeats_the_call() -> None:
    world = World()
    world.responder.reachable = False

    with pytest.raises(ResponseNotDelivered):
        world.wake(request())


def test_a_check_creates_neither_an_endpoint_nor_a_record() -> None:
    world = World()

    world.wake(request())

    assert world.store.load("relay") is None
    assert not world.sagemaker.endpoints


def test_a_refusal_is_logged_as_a_warning_with_its_reason() -> None:
    world = World()

    world.wake(request(Document="[]"))

    assert "routes checked: the routes are wrong: the document must be a JSON object" in world.log()


def test_the_endpoints_resource_is_still_read_as_such() -> None:
    assert isinstance(
        read_event({**EVENT, "ResourceType": "Custom::AsyncEndpoint"}), CustomResourceRequest
    )


def test_a_request_that_is_not_cloudformations_gets_no_response() -> None:
    world, forged = World(), request()
    world.responder.objections[forged.request.response_url] = "its StackId is another one"

    with pytest.raises(UnreadableMessage, match="not a request of CloudFormation for this stack"):
        world.wake(forged)

    assert world.answers == []
