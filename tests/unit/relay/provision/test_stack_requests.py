"""CloudFormation's requests that could not be stored, or that come late."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from relay.errors import AccessDenied, RelayError, UnreadableMessage
from relay.events.custom_resource import CustomResourceRequest
from relay.events.endpoint_events import Sweep, WakeUp

from tests.support.provisioning.properties import ENDPOINT, properties
from tests.support.provisioning.requests import STACK, create, delete, update
from tests.support.provisioning.roll_outs import OLD, serving
from tests.support.provisioning.world import World
from tests.support.samples import upload


def event(
    kind: str = "Create", request_id: str = "create-1", **members: object
) -> dict[str, object]:
    return {
        "RequestType": kind,
        "RequestId": request_id,
        "ResponseURL": f"https://answers.example/{request_id}?secret",
        "StackId": STACK,
        "LogicalResourceId": "Endpoint",
        "ResourceProperties": properties(),
        **members,
    }


def fail(
    world: World,
    payload: object,
    condition: str = "RetriesExhausted",
    receipt: str = "receipt",
) -> None:
    """Lambda has tried three times, and sends the event to the on-failure destination."""
    world.clock.pass_minutes(4)
    world.failed.bodies[receipt] = json.dumps(
        {
            "version": "1.0",
            "timestamp": world.clock.now().isoformat(),
            "requestContext": {"condition": condition, "approximateInvokeCount": 3},
            "requestPayload": payload,
        }
    )


FORGED = "its ResponseURL is not CloudFormation's"


@pytest.mark.parametrize("forged", [create("forged"), update("forged"), delete("forged")])
def test_a_request_that_is_not_cloudformations_changes_nothing(forged: WakeUp) -> None:
    """Whoever may invoke the function can write such a request, and read the stack's id."""
    world = World()
    world.run(create())
    before, answers = world.endpoint, list(world.answers)
    world.responder.objections["https://answers.example/forged?secret"] = FORGED

    with pytest.raises(UnreadableMessage, match="not a request of CloudFormation") as refusal:
        world.wake(forged)
    world.settle()

    assert "secret" not in str(refusal.value)
    assert (world.endpoint, world.answers) == (before, answers)


def test_a_failed_invocation_with_a_forged_request_stays_in_the_queue() -> None:
    world = World()
    fail(world, event("Create", "forged"), receipt="forged")
    fail(world, event())
    world.responder.objections["https://answers.example/forged?secret"] = FORGED

    world.settle()

    assert list(world.failed.bodies) == ["forged"]
    assert [answer.request.request_id for answer in world.answers] == ["create-1"]


def test_a_request_that_could_not_be_stored_is_taken_up_by_the_sweep() -> None:
    world = World()
    fail(world, event())

    world.settle()

    assert [(a.request.request_id, a.reason) for a in world.answers] == [("create-1", "")]
    assert world.failed.bodies == {}
    assert world.endpoint is not None


def test_a_request_waits_in_the_queue_while_the_table_is_away() -> None:
    world = World()
    fail(world, event())
    world.store.taken_away = True
    for _ in range(30):
        with pytest.raises(AccessDenied):
            world.sweep()
    assert world.failed.bodies

    world.store.taken_away = False
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]


def test_a_request_that_cannot_be_stored_gets_a_response_in_time() -> None:
    world = World()
    fail(world, event())
    world.store.taken_away = True
    for _ in range(56):
        with suppress(RelayError):
            world.sweep()

    [answer] = world.answers
    assert answer.physical_resource_id == ENDPOINT
    assert "could not be stored in the ledger table for 52 minutes: " in answer.reason
    assert world.failed.bodies == {}
    assert world.sagemaker.calls == []


@pytest.mark.parametrize("payload", [{"action": "deploy"}, {"Records": []}, None, "text"])
def test_other_failed_invocations_stay_in_the_queue(payload: object) -> None:
    world = World()
    fail(world, payload)

    world.settle()

    assert set(world.failed.bodies) == {"receipt"}


SWEEP = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def test_failed_sweeps_do_not_hide_a_request() -> None:
    """SQS returns ten messages of a queue, and not the oldest ones."""
    world = World()
    fail(world, event())
    world.store.taken_away = True
    for minute in range(30):
        fail(world, SWEEP, receipt=f"sweep-{minute}")
        world.clock.pass_minutes(-3)
        world.failed.bodies = dict(reversed(world.failed.bodies.items()))
        with suppress(RelayError):
            world.wake(Sweep())

    world.store.taken_away = False
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert len(world.failed.bodies) == 1, "the alarm of the queue watches for it"


def uploaded_event() -> dict[str, object]:
    event: dict[str, object] = upload("models/b/model.tar.gz")
    for record in cast(list[dict[str, object]], event["Records"]):
        record["eventTime"] = "2026-03-01T10:00:00Z"
    return event


def test_an_upload_that_could_not_be_stored_is_taken_up_by_the_sweep(world: World) -> None:
    fail(world, uploaded_event())

    world.settle()

    asked_by, outcome = world.roll_outs[0]
    assert (asked_by.split("/")[-2], outcome) == ("b", "succeeded")
    assert world.failed.bodies == {}


def test_an_upload_stays_in_the_queue_while_the_table_is_away(world: World) -> None:
    fail(world, uploaded_event())
    world.store.taken_away = True

    with pytest.raises(AccessDenied):
        world.sweep()

    assert set(world.failed.bodies) == {"receipt"}


@pytest.mark.parametrize("members", [{"ResourceType": "Custom::Routes"}, {}])
def test_a_response_for_which_cloudformation_no_longer_waits_is_not_tried_for_ever(
    members: dict[str, object],
) -> None:
    world = World()
    fail(world, event() | members, "EventAgeExceeded")
    world.responder.reachable = False
    for _ in range(70):
        with suppress(RelayError):
            world.sweep()

    world.sweep()

    assert world.failed.bodies == {}
    assert "stopped waiting" in world.log()


def test_a_request_that_cannot_be_taken_up_keeps_no_other_back(world: World) -> None:
    fail(world, event("Update", "update-1", PhysicalResourceId=ENDPOINT, OldResourceProperties={}))
    routes: dict[str, object] = {
        "ResourceType": "Custom::Routes",
        "ResourceProperties": {"Document": "{"},
    }
    fail(world, event(request_id="routes-1") | routes, receipt="routes")
    world.store.taken_away = True

    with pytest.raises(AccessDenied):
        world.sweep()

    assert [answer.request.request_id for answer in world.answers] == ["routes-1"]
    assert set(world.failed.bodies) == {"receipt"}


def test_requests_are_taken_up_in_their_order(world: World) -> None:
    """CloudFormation has cancelled an Update, and takes it back."""
    changed = properties(ModelDataUrl="s3://models/b.tar.gz")
    members = {"PhysicalResourceId": ENDPOINT, "OldResourceProperties": properties()}
    fail(world, event("Update", "older", ResourceProperties=changed, **members), receipt="z")
    members["OldResourceProperties"] = changed
    fail(world, event("Update", "newer", **members), receipt="a")
    world.failed.bodies = dict(sorted(world.failed.bodies.items()))

    world.settle()

    assert [(a.request.request_id, a.reason) for a in world.answers] == [("newer", "")]
    assert serving(world) == OLD.config


def test_what_is_no_record_of_lambda_stays_in_the_queue() -> None:
    world = World()
    world.failed.bodies = {
        "a": "not JSON",
        "b": "[]",
        "c": '{"requestPayload": {"RequestType": 1}}',
    }

    world.settle()

    assert len(world.failed.bodies) == 3


def test_a_route_document_whose_check_failed_gets_its_response() -> None:
    world = World()
    fail(world, event(ResourceType="Custom::Routes", ResourceProperties={"Document": "{"}))

    world.sweep()

    [answer] = world.answers
    assert "the routes are wrong" in answer.reason
    assert world.failed.bodies == {}


def test_a_request_that_lambda_held_back_for_too_long_changes_nothing(world: World) -> None:
    fail(world, event("Delete", "delete-1", PhysicalResourceId=ENDPOINT), "EventAgeExceeded")

    world.settle()

    [answer] = world.answers
    assert "Then delete the stack again" in answer.reason
    assert world.endpoint is not None
    assert world.failed.bodies == {}


def test_a_request_that_was_stored_before_lambda_held_it_back_gets_one_response() -> None:
    """The first try has stored it and failed, and the second one is too old."""
    world = World()
    world.run(create())
    fail(world, event(), "EventAgeExceeded")

    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.failed.bodies == {}


def test_a_cancelled_create_that_lambda_repeats_after_its_delete_creates_nothing() -> None:
    """The first invocation of the Create could not store it."""
    world = World()
    world.wake(delete(id="relay-Endpoint-1X2Y3Z"))
    world.clock.pass_minutes(1)
    world.wake(create())
    world.settle()

    assert [(a.request.request_id, a.reason) for a in world.answers] == [("delete-1", "")]
    assert world.sagemaker.endpoints == {}


# --- late requests --------------------------------------------------------------------------------


def signed(world: World, request: object, minutes_ago: int) -> CustomResourceRequest:
    at = world.clock.now() - timedelta(minutes=minutes_ago)
    url = f"https://bucket.s3.amazonaws.com/key?X-Amz-Date={at:%Y%m%dT%H%M%SZ}&X-Amz-Expires=7200"
    return replace(cast(CustomResourceRequest, request), response_url=url)


def test_a_request_that_comes_after_its_time_changes_nothing(world: World) -> None:
    """CloudFormation has rolled back long ago."""
    world.run(signed(world, delete(), minutes_ago=70))

    assert world.answers == []
    assert world.endpoint is not None
    assert "stopped waiting" in world.log()


def test_the_time_that_a_request_was_on_its_way_counts() -> None:
    world = World()
    world.wake(signed(world, create(), minutes_ago=40))
    for _ in range(13):
        world.sweep()

    [answer] = world.answers
    assert "still Creating" in answer.reason


def test_a_time_that_is_no_time_does_not_count() -> None:
    world = World()
    request = signed(world, create(), minutes_ago=0)
    world.run(replace(request, response_url="https://b/k?X-Amz-Date=20269999T999999Z"))

    assert [answer.reason for answer in world.answers] == [""]


# --- requests out of order ------------------------------------------------------------------------


def test_a_cancelled_update_that_lambda_repeats_after_the_way_back_changes_nothing(
    world: World,
) -> None:
    model = "s3://models/b.tar.gz"
    cancelled = signed(world, update("update-1", ModelDataUrl=model), minutes_ago=2)
    world.run(signed(world, update("back", old={"ModelDataUrl": model}), minutes_ago=1))

    world.run(cancelled)

    assert [(a.request.request_id, a.reason) for a in world.answers] == [("back", "")]
    assert serving(world) == OLD.config
    assert "cancelled" in world.log()


def test_a_rename_that_lambda_repeats_after_the_way_back_gets_no_second_response(
    world: World,
) -> None:
    world.endpoint_name = "renamed"
    rename = update(EndpointName="renamed")
    world.wake(rename)
    world.endpoint_name = ENDPOINT

    world.run(rename)

    assert [answer.physical_resource_id for answer in world.answers] == ["renamed"]
    assert serving(world) == OLD.config
