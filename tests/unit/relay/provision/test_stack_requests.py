"""Requests of CloudFormation that fail: who may make them, and how the sweep takes them up."""

from contextlib import suppress
from typing import cast

import pytest
from relay.errors import AccessDenied, RelayError, UnreadableMessage
from relay.events.endpoint_events import Sweep, WakeUp

from tests.support.provisioning.failed_invocations import event, fail
from tests.support.provisioning.properties import ENDPOINT, properties
from tests.support.provisioning.requests import create, delete, update
from tests.support.provisioning.roll_outs import OLD, serving
from tests.support.provisioning.world import World
from tests.support.samples import upload

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
