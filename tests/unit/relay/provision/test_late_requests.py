"""Requests of CloudFormation that Lambda holds back, or repeats when they are over."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

from relay.events.custom_resource import CustomResourceRequest

from tests.support.provisioning.failed_invocations import event, fail
from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, delete, update
from tests.support.provisioning.roll_outs import OLD, serving
from tests.support.provisioning.world import World


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
