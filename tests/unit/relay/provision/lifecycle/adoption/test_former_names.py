"""What stack updates that change `EndpointName` leave under other names."""

from contextlib import suppress

from relay.errors import AccessDenied, EndpointNotReady, RelayError
from relay.provision.endpoint import EndpointStatus
from relay.provision.texts import endings

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import delete, deploy, update, uploaded
from tests.support.provisioning.roll_outs import A, B, config, serving
from tests.support.provisioning.world import World


def cancelled_rename(world: World, name: str, *, since: str = ENDPOINT) -> None:
    """CloudFormation takes it back while the endpoint of the new name is being created."""
    world.endpoint_name = name
    world.wake(update(f"to {name}", old={"EndpointName": since}, id=since, EndpointName=name))
    world.endpoint_name = since
    back = update(f"from {name}", old={"EndpointName": name}, id=since, EndpointName=since)
    world.wake(back)


def sweeps(world: World, minutes: int) -> None:
    for _ in range(minutes):
        with suppress(RelayError):
            world.sweep()


def artifact(world: World) -> str:
    return str(world.describe()["serving"]["model_data_url"])


def test_a_stack_is_deleted_only_when_the_endpoint_of_a_cancelled_rename_is_too(
    world: World,
) -> None:
    cancelled_rename(world, "renamed")
    world.wake(delete())
    world.sagemaker.settle(ENDPOINT)
    sweeps(world, 5)
    assert set(world.sagemaker.endpoints) == {"renamed"}
    assert [answer.request.request_id for answer in world.answers] == ["from renamed"]

    world.settle()

    assert [(a.request.request_id, a.reason) for a in world.answers][1:] == [("delete-1", "")]
    assert (world.sagemaker.endpoints, world.sagemaker.configs) == ({}, {})


def test_a_deletion_does_not_wait_for_a_former_name_for_longer_than_cloudformation(
    world: World,
) -> None:
    cancelled_rename(world, "renamed")
    world.wake(delete())
    world.sagemaker.settle(ENDPOINT)
    sweeps(world, 54)

    answer = world.answers[-1]
    assert endings.FORMER_LEFT.matches(answer.reason)
    assert "under renamed is not deleted" in answer.reason
    world.settle()
    assert world.sagemaker.endpoints == {}


def test_a_second_deletion_tries_at_once_what_rests_under_a_former_name(world: World) -> None:
    cancelled_rename(world, "renamed")
    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, name="renamed")
    world.sagemaker.errors["delete_endpoint"] = AccessDenied("not authorized")
    sweeps(world, 30)
    world.sagemaker.errors.clear()

    world.wake(delete())
    world.settle(4)

    assert [answer.reason for answer in world.answers] == ["", ""]
    assert world.sagemaker.endpoints == {}


def test_a_cancelled_rename_is_removed_also_after_the_next_rename(world: World) -> None:
    world.endpoint_name = "second"
    world.run(update("to second", EndpointName="second"))
    world.run(delete("clean-up"))
    cancelled_rename(world, "third", since="second")
    world.endpoint_name = "fourth"
    world.wake(
        update("to fourth", old={"EndpointName": "second"}, id="second", EndpointName="fourth")
    )

    world.settle()

    assert set(world.sagemaker.endpoints) == {"second", "fourth"}, "second is CloudFormation's"


def test_a_clean_up_does_not_wait_for_other_names(world: World) -> None:
    cancelled_rename(world, "renamed")
    world.endpoint_name = "second"
    world.wake(update("to second", EndpointName="second"))
    for name in (ENDPOINT, "second"):
        world.sagemaker.settle(name)
    sweeps(world, 2)
    world.wake(delete("clean-up"))
    world.sagemaker.settle(ENDPOINT)
    sweeps(world, 2)

    assert world.answers[-1].request.request_id == "clean-up"
    assert "renamed" in world.sagemaker.endpoints


def test_a_roll_out_that_is_in_progress_follows_the_endpoint_to_its_new_name(world: World) -> None:
    world.wake(deploy(A))
    world.endpoint_name = "renamed"

    world.run(update(EndpointName="renamed"))

    endpoint = world.sagemaker.endpoints["renamed"]
    assert endpoint.config == config(EndpointName="renamed", ModelDataUrl=A)
    assert [answer.reason for answer in world.answers] == [""]


def test_an_upload_during_a_rename_that_is_cancelled_is_for_the_name_that_stays(
    world: World,
) -> None:
    world.endpoint_name = "renamed"
    world.wake(update(EndpointName="renamed"))
    world.wake(uploaded("models/newer/model.tar.gz", order="2026-2"))
    world.endpoint_name = ENDPOINT
    world.run(update("back", old={"EndpointName": "renamed"}))

    world.run(uploaded("models/older/model.tar.gz", order="2026-1"))

    assert artifact(world) == "s3://relay-data/models/newer/model.tar.gz"
    assert set(world.sagemaker.endpoints) == {ENDPOINT}


def test_an_upload_before_the_request_of_a_cancelled_rename_is_for_the_name_that_stays(
    world: World,
) -> None:
    """The function has its new name, and CloudFormation's request never reaches it."""
    world.endpoint_name = "renamed"
    world.wake(uploaded("models/newer/model.tar.gz"))
    world.endpoint_name = ENDPOINT

    world.run(update("back", old={"EndpointName": "renamed"}))

    assert artifact(world) == "s3://relay-data/models/newer/model.tar.gz"


def test_a_roll_out_that_waits_is_not_refused_under_the_former_name(world: World) -> None:
    """The rename fails, and the roll-out comes into service under the name that stays."""
    world.wake(deploy(A))
    world.wake(deploy(B))
    world.endpoint_name = "renamed"
    world.wake(update("to renamed", EndpointName="renamed"))
    world.sagemaker.settle(ENDPOINT)
    sweeps(world, 3)
    world.sagemaker.becomes(EndpointStatus.FAILED, "no capacity", "renamed")
    world.settle(3)
    world.endpoint_name = ENDPOINT
    world.run(update("back", old={"EndpointName": "renamed"}))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert serving(world) == config(ModelDataUrl=B)


def test_a_roll_out_that_has_not_begun_waits_for_a_rename(world: World) -> None:
    """Its permissions are those of the new name: it would fail under the former one."""
    world.sagemaker.errors["update_endpoint"] = EndpointNotReady("in progress")
    world.wake(deploy(A))
    world.endpoint_name = "renamed"
    world.wake(update("to renamed", EndpointName="renamed"))
    world.sagemaker.errors["update_endpoint"] = AccessDenied("not authorized")
    sweeps(world, 8)
    world.sagemaker.errors.clear()
    world.sagemaker.becomes(EndpointStatus.FAILED, "no capacity", "renamed")
    world.settle(3)
    world.endpoint_name = ENDPOINT
    world.run(update("back", old={"EndpointName": "renamed"}))

    assert serving(world) == config(ModelDataUrl=A)


def test_an_upload_that_waits_follows_the_endpoint_and_keeps_its_order(world: World) -> None:
    world.wake(deploy(A))
    world.wake(uploaded("models/newer/model.tar.gz", order="2026-2"))
    world.endpoint_name = "renamed"
    world.run(update(EndpointName="renamed"))

    world.run(uploaded("models/older/model.tar.gz", order="2026-1"))

    assert artifact(world) == "s3://relay-data/models/newer/model.tar.gz"
