import pytest
from relay.errors import AccessDenied
from relay.provision.endpoint import EndpointStatus

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, delete, update
from tests.support.provisioning.world import World


def test_a_delete_is_answered_once_everything_is_gone(world: World) -> None:
    world.run(update(ModelDataUrl="s3://models/2.tar.gz"))
    world.answers.clear()

    world.wake(delete())
    assert world.answers == []
    world.settle()

    [answer] = world.answers
    assert (answer.reason, answer.physical_resource_id) == ("", ENDPOINT)
    assert world.endpoint is None
    assert (world.sagemaker.configs, world.sagemaker.models) == ({}, {})


@pytest.mark.parametrize(
    "status",
    [
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
    ],
)
def test_a_delete_waits_while_sagemaker_is_at_work(world: World, status: EndpointStatus) -> None:
    world.sagemaker.becomes(status)

    world.wake(delete())
    assert "delete_endpoint" not in world.sagemaker.calls
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is None


@pytest.mark.parametrize(
    "status",
    [
        EndpointStatus.FAILED,
        EndpointStatus.OUT_OF_SERVICE,
        EndpointStatus.UPDATE_ROLLBACK_FAILED,
        EndpointStatus.DELETING,
    ],
)
def test_an_endpoint_in_any_other_state_is_deleted(world: World, status: EndpointStatus) -> None:
    world.sagemaker.becomes(status)

    world.run(delete())

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is None


def test_a_delete_also_removes_what_a_failed_update_left_behind(world: World) -> None:
    world.wake(update(ModelDataUrl="s3://models/2.tar.gz"))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")
    world.sweep()

    world.run(delete())

    assert (world.sagemaker.configs, world.sagemaker.models) == ({}, {})


def test_a_delete_of_what_is_not_there_succeeds(world: World) -> None:
    world.sagemaker.endpoints.clear()

    world.wake(delete())

    assert [answer.reason for answer in world.answers] == [""]


def test_a_delete_with_an_id_that_cloudformation_made_up_deletes_the_endpoint(world: World) -> None:
    """It makes one up for a Create that it cancels, also if the response is on its way."""
    world.run(delete(id="relay-Endpoint-1X2Y3Z"))

    [answer] = world.answers
    assert (answer.reason, answer.physical_resource_id) == ("", "relay-Endpoint-1X2Y3Z")
    assert world.endpoint is None
    assert world.sagemaker.configs == {}


def test_a_delete_leaves_an_endpoint_that_was_recreated_outside_the_stack(world: World) -> None:
    world.sagemaker.exists("by-hand")

    world.run(delete())

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is not None
    assert any(note.level == "error" and "not deleted" in note.text for note in world.notes)
    assert world.sagemaker.configs == {}


def test_a_delete_finds_its_endpoint_although_the_record_is_lost(world: World) -> None:
    world.store.records.clear()

    world.run(delete())

    assert [answer.reason for answer in world.answers] == [""]
    assert world.endpoint is None
    assert world.sagemaker.configs == {}


def test_a_create_that_was_never_answered_is_deleted_under_the_id_that_was_made_up() -> None:
    world = World()
    world.wake(create())

    world.run(delete(id="relay-Endpoint-1X2Y3Z"))

    [answer] = world.answers
    assert answer.physical_resource_id == "relay-Endpoint-1X2Y3Z"
    assert world.endpoint is None


def test_a_delete_that_is_repeated_late_does_not_touch_the_next_endpoint(world: World) -> None:
    request = delete()
    world.run(request)
    world.run(create("create-2"))

    world.run(request)

    assert len(world.answers) == 2
    assert world.endpoint is not None


def test_a_create_that_is_repeated_after_the_delete_creates_nothing(world: World) -> None:
    world.run(delete())

    world.run(create())

    assert world.endpoint is None


def test_a_missing_permission_fails_the_delete_and_the_removal_goes_on(world: World) -> None:
    world.sagemaker.errors["delete_endpoint"] = AccessDenied("grant sagemaker:DeleteEndpoint")
    with pytest.raises(AccessDenied):
        world.wake(delete())
    world.clock.pass_minutes(10)
    with pytest.raises(AccessDenied):
        world.sweep()
    [answer] = world.answers
    assert answer.reason.startswith("grant sagemaker:DeleteEndpoint. ")

    world.sagemaker.errors.clear()
    world.settle()
    assert world.endpoint is None
    world.run(delete("delete-2"))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]


def test_a_delete_that_takes_too_long_is_answered_in_time_and_continues(world: World) -> None:
    world.wake(delete())
    for _ in range(54):
        world.sweep()
    [answer] = world.answers
    assert "still Deleting after 52 minutes" in answer.reason

    world.settle()

    assert len(world.answers) == 1
    assert world.sagemaker.configs == {}


def test_a_record_without_anything_left_may_expire(world: World) -> None:
    world.run(delete())

    assert world.store.records[ENDPOINT].empty


def test_a_stack_that_is_gone_the_moment_it_has_the_answer_is_no_error(world: World) -> None:
    def take_away() -> None:
        world.store.taken_away = True

    world.sagemaker.endpoints.clear()
    world.responder.on_delivery = take_away

    world.wake(delete())

    assert [answer.reason for answer in world.answers] == [""]


def test_a_record_that_cannot_be_written_is_otherwise_an_error(world: World) -> None:
    world.store.taken_away = True

    with pytest.raises(AccessDenied):
        world.wake(delete())
