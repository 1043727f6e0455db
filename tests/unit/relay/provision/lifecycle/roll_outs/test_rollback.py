"""A rollback to the previous generation, by a call or by the relay itself."""

import pytest
from relay.provision.endpoint import EndpointStatus
from relay.provision.specification.deployment import Deployment, Strategy

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import deploy, rollback, update, uploaded
from tests.support.provisioning.roll_outs import OLD, A, B, config
from tests.support.provisioning.world import World


def serving(world: World) -> str:
    assert world.endpoint is not None
    assert world.endpoint.status is EndpointStatus.IN_SERVICE
    return world.endpoint.config


def test_a_rollback_goes_to_the_generation_before(world: World) -> None:
    world.run(deploy(A))

    assert world.wake(rollback())["status"] == "accepted"
    world.settle()

    assert serving(world) == OLD.config
    assert world.roll_outs[0] == ("on-call", "succeeded")
    assert set(world.sagemaker.configs) == {OLD.config, config(ModelDataUrl=A)}


def test_a_second_rollback_returns_to_the_newer_generation(world: World) -> None:
    world.run(deploy(A), rollback(), rollback())

    assert serving(world) == config(ModelDataUrl=A)


def test_a_rollback_is_immediate_and_watches_no_alarm(world: World) -> None:
    world.run(
        update(
            DeploymentStrategy="Canary",
            RollbackAlarmNames=["failures"],
            DeploymentMaximumSeconds="3000",
            InstanceCount="2",
        ),
        deploy(A),
        rollback(),
    )

    _, deployed, taken_back = (each.deployment for each in world.sagemaker.updates)
    assert deployed.strategy is Strategy.CANARY
    assert taken_back == Deployment.at_once()


def test_a_rollback_may_be_slow_where_that_is_asked_for(world: World) -> None:
    world.sagemaker.scaled_to(4)
    world.run(deploy(A), rollback(deployment={"strategy": "Canary", "wait_seconds": 60}))

    assert world.sagemaker.updates[-1].deployment.strategy is Strategy.CANARY


def test_a_rollback_undoes_what_a_roll_out_may_change_and_not_the_stack(world: World) -> None:
    world.run(deploy(A))
    world.run(update(InstanceCount="3"))

    world.run(rollback(), rollback(), deploy(B), rollback())

    assert serving(world) == config(ModelDataUrl=A, InstanceCount="3")


def test_during_a_roll_out_a_rollback_means_back_to_what_serves_now(world: World) -> None:
    world.run(deploy(A))
    world.wake(deploy(B))

    assert world.wake(rollback())["status"] == "waiting"
    world.settle()

    assert serving(world) == config(ModelDataUrl=A)
    assert world.roll_outs[:2] == [("on-call", "succeeded"), (B, "succeeded")]


def test_a_rollback_that_is_repeated_for_want_of_an_answer_does_not_undo_itself(
    world: World,
) -> None:
    world.run(deploy(A))
    world.wake(rollback())

    assert world.wake(rollback())["status"] == "unchanged"
    world.settle()

    assert serving(world) == OLD.config


def test_a_rollback_with_an_id_is_taken_once_however_late_it_comes_again(world: World) -> None:
    world.run(deploy(A), rollback(request_id="incident-7"))

    assert world.wake(rollback(request_id="incident-7"))["status"] == "succeeded"
    world.settle()

    assert serving(world) == OLD.config


def test_a_rollback_that_finds_the_roll_out_rolled_back_has_nothing_to_do(world: World) -> None:
    world.sagemaker.broken = {A}
    world.wake(deploy(A))

    world.run(rollback())

    assert serving(world) == OLD.config
    assert world.roll_outs[:2] == [("on-call", "unchanged"), (A, "failed")]


def test_without_a_generation_before_a_rollback_is_refused(world: World) -> None:
    answer = world.wake(rollback())

    assert answer["status"] == "refused"
    assert "no model and configuration before" in str(answer["reason"])


def test_a_generation_without_a_difference_in_rolled_out_properties_is_no_rollback_target(
    world: World,
) -> None:
    world.run(update(InstanceCount="3"))

    assert "differs only in what the parameters of the stack set" in str(
        world.wake(rollback())["reason"]
    )


def test_an_overwritten_artifact_is_no_rollback_target(world: World) -> None:
    world.run(uploaded(version="1", order="1"), uploaded(version="2", order="2"))

    answer = world.wake(rollback())

    assert answer["status"] == "refused"
    assert "has been overwritten" in str(answer["reason"])


def test_a_rollback_takes_no_changes(world: World) -> None:
    answer = world.wake(rollback(model_data_url=A))

    assert "model_data_url is not known; rollback takes asked_by, request_id, deployment" in str(
        answer["reason"]
    )


# --- the relay repairs what SageMaker could not roll back ----------------------------------------


@pytest.mark.parametrize(
    "status",
    [
        EndpointStatus.UPDATE_ROLLBACK_FAILED,
        EndpointStatus.OUT_OF_SERVICE,
        EndpointStatus.FAILED,
    ],
)
def test_the_relay_rolls_back_where_sagemaker_is_stuck(
    status: EndpointStatus, world: World
) -> None:
    world.wake(deploy(A))
    world.sagemaker.becomes(status, "no capacity")
    world.settle()

    assert serving(world) == OLD.config
    assert world.roll_outs[:2] == [
        (f"the relay, since the endpoint was {status.value}", "succeeded"),
        (A, "failed"),
    ]
    assert set(world.sagemaker.configs) == {OLD.config}


def test_a_repair_that_fails_is_not_repeated_without_end(world: World) -> None:
    world.wake(deploy(A))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")
    world.sweep()
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")

    world.settle()

    assert world.sagemaker.calls.count("update_endpoint") == 2
    assert [outcome for _, outcome in world.roll_outs[:2]] == ["failed", "failed"]
    assert "no capacity" in world.log()


def test_a_waiting_roll_out_repairs_the_endpoint_too(world: World) -> None:
    world.wake(deploy(A))
    world.wake(deploy(B))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")
    world.settle()

    assert serving(world) == config(ModelDataUrl=B)
    assert world.sagemaker.calls.count("update_endpoint") == 2


def test_a_stack_update_that_got_stuck_is_answered_before_it_is_repaired(world: World) -> None:
    world.wake(update(ModelDataUrl=A))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED, "no capacity")
    world.sweep()
    world.wake(update("back", old={"ModelDataUrl": A}))  # CloudFormation rolls back

    world.settle()

    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    assert "mixed" in world.answers[0].reason
    assert serving(world) == OLD.config


def test_a_stuck_endpoint_is_updated_even_to_the_configuration_it_names(world: World) -> None:
    world.sagemaker.exists(OLD.config, EndpointStatus.UPDATE_ROLLBACK_FAILED, ENDPOINT)

    world.run(update("back"))

    assert [answer.reason for answer in world.answers] == [""]
    assert serving(world) == OLD.config
