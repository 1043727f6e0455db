"""SageMaker makes one change at a time: which change waits, and which one wins."""

import pytest
from relay.errors import TransientError
from relay.events.endpoint_events import EndpointChanged
from relay.provision.endpoint import EndpointStatus

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, delete, deploy, rollback, update, uploaded
from tests.support.provisioning.roll_outs import A, B, C, D, config, serving
from tests.support.provisioning.world import World

# --- roll-out during roll-out --------------------------------------------------------------------


def test_a_second_roll_out_waits_its_turn(world: World) -> None:
    world.wake(deploy(A))

    answer = world.wake(deploy(B))
    assert answer["status"] == "waiting"
    assert A in str(answer["reason"])
    assert world.sagemaker.calls.count("update_endpoint") == 1
    world.settle()

    assert serving(world) == config(ModelDataUrl=B)
    assert world.roll_outs[:2] == [(B, "succeeded"), (A, "succeeded")]


def test_the_newest_waiting_roll_out_wins_and_the_others_are_answered(world: World) -> None:
    for url in (A, B, C, D):
        world.wake(deploy(url))

    world.settle()

    assert serving(world) == config(ModelDataUrl=D)
    assert world.roll_outs[:4] == [
        (D, "succeeded"),
        (A, "succeeded"),
        (C, "overtaken"),
        (B, "overtaken"),
    ]
    assert world.sagemaker.calls.count("update_endpoint") == 2


def test_what_an_overtaken_one_alone_changes_is_not_lost(world: World) -> None:
    world.wake(deploy(A))
    world.wake(deploy(environment={"WORKERS": "2"}))
    world.wake(deploy(B))

    world.settle()

    assert serving(world) == config(ModelDataUrl=B, ModelEnvironment='{"WORKERS": "2"}')


def test_the_one_that_waits_begins_although_the_one_before_fails(world: World) -> None:
    world.sagemaker.broken = {A}
    world.wake(deploy(A))
    world.wake(deploy(B))

    world.settle()

    assert serving(world) == config(ModelDataUrl=B)
    assert world.roll_outs[:2] == [(B, "succeeded"), (A, "failed")]


def test_what_waits_builds_on_what_serves_and_not_on_what_failed(world: World) -> None:
    world.sagemaker.broken = {A}
    world.wake(deploy(A))
    world.wake(deploy(environment={"WORKERS": "2"}))

    world.settle()

    assert serving(world) == config(ModelEnvironment='{"WORKERS": "2"}')


def test_the_newest_wins_even_when_it_is_what_served_before(world: World) -> None:
    world.run(deploy(A))
    world.wake(deploy(B))
    world.wake(deploy(A))

    world.settle()

    assert serving(world) == config(ModelDataUrl=A)


def test_uploads_that_come_in_any_order_end_with_the_newest(world: World) -> None:
    for order in ("3", "1", "5", "2", "5", "4"):
        world.wake(uploaded(version=order, order=order))

    world.settle()

    assert world.describe()["serving"]["model_data_version"] == "5"


# --- the stack and roll-outs ---------------------------------------------------------------------


def test_a_stack_update_with_an_unchanged_model_keeps_the_one_that_was_rolled_out(
    world: World,
) -> None:
    world.run(deploy(A, environment={"WORKERS": "2"}))

    world.run(update(InstanceCount="2"))

    assert serving(world) == config(
        ModelDataUrl=A, ModelEnvironment='{"WORKERS": "2"}', InstanceCount="2"
    )


def test_a_stack_update_with_a_changed_model_wins(world: World) -> None:
    world.run(deploy(A, environment={"WORKERS": "2"}))

    world.run(update(ModelDataUrl=B))

    assert serving(world) == config(ModelDataUrl=B, ModelEnvironment='{"WORKERS": "2"}')


def test_once_the_stack_has_won_the_roll_out_does_not_come_back(world: World) -> None:
    world.run(deploy(A), update("u1", ModelDataUrl=B))

    world.run(update("u2", old={"ModelDataUrl": B}, ModelDataUrl=B, InstanceCount="2"))

    assert serving(world) == config(ModelDataUrl=B, InstanceCount="2")


def test_a_stack_update_overrides_every_property_that_belongs_together(world: World) -> None:
    world.run(deploy(image_uri="an/image:1"))

    world.run(update(FrameworkVersion="1.7-1"))

    assert serving(world) == config(FrameworkVersion="1.7-1")


def test_the_roll_out_survives_a_stack_update_that_fails_and_is_rolled_back(world: World) -> None:
    world.run(deploy(A))
    world.sagemaker.broken = {B}

    world.run(update("forth", ModelDataUrl=B), update("back", old={"ModelDataUrl": B}))

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert serving(world) == config(ModelDataUrl=A)


def test_a_renamed_endpoint_keeps_what_was_rolled_out(world: World) -> None:
    world.run(deploy(A))
    world.endpoint_name = "renamed"

    world.run(update(EndpointName="renamed"), delete())

    assert world.sagemaker.endpoints["renamed"].config == config(
        EndpointName="renamed", ModelDataUrl=A
    )
    assert set(world.sagemaker.endpoints) == {"renamed"}


def test_a_stack_update_during_a_roll_out_waits_and_builds_on_it(world: World) -> None:
    world.wake(deploy(A))

    world.wake(update(InstanceCount="2"))
    assert world.answers == []
    assert world.sagemaker.calls.count("update_endpoint") == 1
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert serving(world) == config(ModelDataUrl=A, InstanceCount="2")


def test_a_stack_update_during_a_roll_out_that_fails_builds_on_what_served(world: World) -> None:
    world.sagemaker.broken = {A}
    world.wake(deploy(A))
    world.wake(update(InstanceCount="2"))

    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert serving(world) == config(InstanceCount="2")
    assert "failed" in [outcome for _, outcome in world.roll_outs]


def test_a_stack_update_precedes_roll_outs_because_it_has_a_deadline(world: World) -> None:
    world.wake(deploy(A))
    world.wake(deploy(B))
    world.wake(update(InstanceCount="2"))

    world.sagemaker.settle()
    world.sweep()
    world.sagemaker.settle()
    world.sweep()

    assert [answer.reason for answer in world.answers] == [""]
    assert world.answers[0].data["EndpointConfigName"] == config(ModelDataUrl=A, InstanceCount="2")
    world.settle()
    assert serving(world) == config(ModelDataUrl=B, InstanceCount="2")


def test_a_stack_update_whose_turn_never_comes_is_answered_in_time(world: World) -> None:
    world.wake(deploy(A))
    world.wake(update(InstanceCount="2"))

    for _ in range(53):
        world.sweep()

    [answer] = world.answers
    assert "an earlier change of endpoint relay was still in progress" in answer.reason
    assert world.answers[0].request.request_id == "update-1"
    world.settle()
    assert serving(world) == config(ModelDataUrl=A), "the roll-out goes on"
    assert world.roll_outs[0] == (A, "succeeded")


def test_wrong_properties_are_answered_at_once_also_during_a_roll_out(world: World) -> None:
    world.wake(deploy(A))

    world.wake(update(InstanceCount="none"))

    assert "InstanceCount" in world.answers[0].reason
    world.settle()
    assert serving(world) == config(ModelDataUrl=A)


def test_a_deploy_while_cloudformation_waits_comes_after_it(world: World) -> None:
    world.wake(update(InstanceCount="2"))

    assert world.wake(deploy(A))["status"] == "waiting"
    world.settle()

    assert world.answers[0].data["EndpointConfigName"] == config(InstanceCount="2")
    assert serving(world) == config(ModelDataUrl=A, InstanceCount="2")


def test_a_deploy_during_a_creation_fails_with_the_creation() -> None:
    world = World()
    world.sagemaker.broken = {"s3://models/churn/model.tar.gz"}
    world.wake(create())
    world.wake(deploy(A))

    world.settle()

    assert [bool(answer.reason) for answer in world.answers] == [True]
    assert world.sagemaker.endpoints == {}
    assert world.sagemaker.models == {}
    assert world.roll_outs[0] == (A, "overtaken")


def test_a_delete_during_a_roll_out_waits_for_sagemaker_and_leaves_nothing(world: World) -> None:
    world.run(deploy(D))
    world.wake(deploy(A))
    world.wake(deploy(B))

    world.wake(delete())
    assert world.endpoint is not None
    assert world.endpoint.status is EndpointStatus.UPDATING
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert (world.sagemaker.endpoints, world.sagemaker.configs, world.sagemaker.models) == (
        {},
        {},
        {},
    )


def test_a_recreated_stack_of_the_same_name_ignores_old_roll_outs(
    world: World,
) -> None:
    world.run(deploy(A), delete())

    world.run(create("create-2"))

    assert serving(world) == config()
    assert world.wake(rollback())["status"] == "refused"


def test_a_roll_out_that_has_not_begun_waits_for_the_stack(world: World) -> None:
    world.sagemaker.errors["create_model"] = TransientError("ThrottlingException")
    world.wake(deploy(A))
    world.sagemaker.errors.clear()

    world.wake(update(InstanceCount="2"))
    world.sagemaker.settle()
    world.sweep()

    assert [answer.reason for answer in world.answers] == [""]
    world.settle()
    assert serving(world) == config(ModelDataUrl=A, InstanceCount="2")


@pytest.mark.parametrize("status", [EndpointStatus.SYSTEM_UPDATING, EndpointStatus.ROLLING_BACK])
def test_a_roll_out_waits_while_sagemaker_is_at_work(status: EndpointStatus, world: World) -> None:
    world.sagemaker.becomes(status)

    assert world.wake(deploy(A))["status"] == "accepted"
    assert "update_endpoint" not in world.sagemaker.calls
    world.sagemaker.settle()
    world.wake(EndpointChanged(ENDPOINT, "InService"))
    world.settle()

    assert serving(world) == config(ModelDataUrl=A)
