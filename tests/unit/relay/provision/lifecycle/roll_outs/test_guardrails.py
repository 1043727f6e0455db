"""Updates while alarms are in ALARM already, and of endpoints with few instances."""

from typing import Any

import pytest
from relay.provision.endpoint import EndpointStatus
from relay.provision.specification.deployment import Deployment, Strategy

from tests.support.provisioning.properties import SCALED, specification
from tests.support.provisioning.requests import create, delete, deploy, rollback, update, uploaded
from tests.support.provisioning.world import World

A, B = "s3://models/a.tar.gz", "s3://models/b.tar.gz"
ALARMS: dict[str, Any] = {"RollbackAlarmNames": ["relay-failures", "relay-latency"]}
QUIET: dict[str, Any] = {**ALARMS, "WatchRollbackAlarms": "false"}
IN_PARTS = ["Canary", "Linear", "Rolling"]


def serves(world: World, **changes: object) -> bool:
    assert world.endpoint is not None
    return world.endpoint.config == specification(**changes).generation.config


def deployed(world: World) -> Deployment:
    return world.sagemaker.updates[-1].deployment


# --- alarms that are in ALARM before the update begins -------------------------------------------


@pytest.fixture
def incident() -> World:
    """An endpoint in service whose inputs fail: an alarm is in ALARM for as long as they do."""
    world = World()
    world.run(create(**ALARMS))
    world.answers.clear()
    world.sagemaker.in_alarm = {"relay-failures"}
    return world


def test_a_call_may_deploy_without_alarms(incident: World) -> None:
    incident.run(deploy(A), deploy(B, deployment={"alarms": False}))

    assert [outcome for _, outcome in incident.roll_outs[:2]] == ["succeeded", "failed"]
    assert serves(incident, ModelDataUrl=B)


def test_the_same_call_without_alarms_takes_the_place_of_the_one_that_waits(
    incident: World,
) -> None:
    incident.wake(deploy(A))
    incident.wake(deploy(B))

    answer = incident.wake(deploy(B, deployment={"alarms": False}))
    incident.settle()

    assert answer["status"] == "waiting"
    assert serves(incident, ModelDataUrl=B)


def test_a_stack_update_may_ignore_alarms(incident: World) -> None:
    incident.run(update(old=ALARMS, ModelDataUrl=A, **ALARMS))
    incident.run(update("update-2", old=ALARMS, ModelDataUrl=A, **QUIET))

    failed, succeeded = incident.answers
    assert "rolled it back" in failed.reason
    assert succeeded.reason == ""
    assert serves(incident, ModelDataUrl=A)


def test_a_stack_that_ignores_its_alarms_rolls_uploads_out_without_them(incident: World) -> None:
    incident.run(update(old=ALARMS, **QUIET), uploaded())

    assert [answer.reason for answer in incident.answers] == [""]
    assert incident.roll_outs[0][1] == "succeeded"
    assert deployed(incident).alarms == ()


def test_a_call_may_watch_the_alarms_that_the_stack_ignores(incident: World) -> None:
    incident.run(update(old=ALARMS, **QUIET), deploy(A, deployment={"alarms": True}))

    assert deployed(incident).alarms == ("relay-failures", "relay-latency")


def test_a_rollback_without_alarms_is_as_fast_as_any_other(incident: World) -> None:
    canary = {**ALARMS, "DeploymentStrategy": "Canary", "DeploymentWaitSeconds": "600"}
    incident.sagemaker.in_alarm.clear()
    incident.run(update(old=ALARMS, **canary, InstanceCount="2"), deploy(A))

    incident.run(rollback(deployment={"alarms": False}))

    assert deployed(incident) == Deployment.at_once()


@pytest.mark.parametrize("said", ["The deployment's alarm relay-failures is in ALARM.", ""])
def test_an_update_that_alarms_rolled_back_names_its_remedies(incident: World, said: str) -> None:
    incident.wake(update(old=ALARMS, ModelDataUrl=A, **ALARMS))
    incident.sagemaker.becomes(EndpointStatus.IN_SERVICE, said)
    incident.settle()

    [answer] = incident.answers
    assert "relay-failures, relay-latency" in answer.reason
    assert '"deployment": {"alarms": false}' in answer.reason
    assert "WatchRollbackAlarms=false" in answer.reason


def test_an_update_without_alarms_is_not_blamed_on_them(world: World) -> None:
    world.wake(update(ModelDataUrl=A))
    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "")
    world.settle()

    assert "alarm" not in world.answers[0].reason


# --- instances -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["AllAtOnce", *IN_PARTS])
def test_an_endpoint_at_zero_instances_is_updated_without_guardrails(strategy: str) -> None:
    world = World()
    world.run(create(**SCALED, **ALARMS, DeploymentStrategy=strategy))
    world.sagemaker.scaled_to(0)

    world.run(deploy(A), deploy(instance_type="ml.c5.large"))

    assert [outcome for _, outcome in world.roll_outs[:2]] == ["succeeded", "succeeded"]
    assert all(each.deployment.plain for each in world.sagemaker.updates)


@pytest.mark.parametrize("strategy", IN_PARTS)
def test_one_instance_cannot_be_updated_in_parts(strategy: str) -> None:
    world = World()
    world.run(create(**ALARMS))
    world.sagemaker.calls.clear()

    world.run(update(old=ALARMS, ModelDataUrl=A, DeploymentStrategy=strategy, **ALARMS))

    reason = world.answers[-1].reason
    assert f"DeploymentStrategy is {strategy}" in reason
    assert "InstanceCount to at least 2" in reason
    assert not {"create_model", "create_config", "update_endpoint"} & set(world.sagemaker.calls)


def test_a_call_for_parts_of_one_instance_is_refused_at_once(world: World) -> None:
    answer = world.wake(deploy(A, deployment={"strategy": "Canary"}))

    assert answer["status"] == "failed"
    assert "has only 1" in str(answer["reason"])


def test_an_endpoint_that_could_never_be_updated_is_not_created() -> None:
    world = World()

    world.run(create(DeploymentStrategy="Linear"), delete())

    assert "InstanceCount to at least 2" in world.answers[0].reason
    assert world.endpoint is None
    assert "create_model" not in world.sagemaker.calls


def test_a_stack_rolls_back_with_any_strategy(world: World) -> None:
    canary: dict[str, Any] = {"DeploymentStrategy": "Canary"}

    world.run(update(ModelDataUrl=A, **canary), update("back", old={"ModelDataUrl": A}, **canary))

    assert world.answers[-1].reason == ""


@pytest.mark.parametrize("strategy", IN_PARTS)
def test_an_endpoint_that_scales_uses_its_strategy_when_it_has_enough_instances(
    strategy: str,
) -> None:
    world = World()
    guarded = {**SCALED, **ALARMS, "DeploymentStrategy": strategy}
    world.run(create(**guarded, DeploymentTerminationWaitSeconds="60"))

    world.run(deploy(A))
    one = deployed(world)
    world.sagemaker.scaled_to(4)
    world.run(deploy(B))

    assert one.strategy is Strategy.ALL_AT_ONCE
    assert one.alarms == ("relay-failures", "relay-latency")
    assert deployed(world).strategy.value == strategy
    assert serves(world, ModelDataUrl=B)


def test_a_changed_instance_count_decides_whether_parts_are_possible() -> None:
    world = World()
    world.run(create(InstanceCount="4"))

    world.run(update(old={"InstanceCount": "4"}, InstanceCount="1", DeploymentStrategy="Rolling"))

    assert "DeploymentStrategy is Rolling" in world.answers[-1].reason


def test_one_instance_is_replaced_all_at_once_when_a_second_is_added() -> None:
    world = World()
    world.run(create())

    world.run(update(InstanceCount="2", DeploymentStrategy="Canary"), deploy(A))

    assert [each.deployment.strategy for each in world.sagemaker.updates] == [
        Strategy.ALL_AT_ONCE,
        Strategy.CANARY,
    ]


@pytest.mark.parametrize("strategy", IN_PARTS)
def test_every_strategy_works_with_the_templates_defaults(strategy: str) -> None:
    """With the template's other defaults."""
    read = specification(DeploymentStrategy=strategy, InstanceCount="2").deployment

    assert read.planned_seconds < read.maximum_seconds
