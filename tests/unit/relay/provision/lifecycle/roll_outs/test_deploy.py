"""Roll-outs by calls and pipelines."""

from relay.events.endpoint_events import EndpointChanged
from relay.provision.endpoint import EndpointStatus
from relay.provision.specification.deployment import Strategy

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, deploy
from tests.support.provisioning.roll_outs import OLD, A, B, C, config, serving
from tests.support.provisioning.world import World


def test_a_deploy_is_accepted_at_once_and_serves_in_the_end(world: World) -> None:
    answer = world.wake(deploy(A))
    assert answer["status"] == "accepted"
    assert world.endpoint is not None
    assert world.endpoint.status is EndpointStatus.UPDATING

    world.settle()

    assert serving(world) == config(ModelDataUrl=A)
    assert world.roll_outs == [(A, "succeeded"), ("CloudFormation Create create-1", "succeeded")]
    assert world.answers == [], "CloudFormation has asked for nothing"


def test_what_a_deploy_does_not_name_stays_as_it_is(world: World) -> None:
    world.run(deploy(A), deploy(environment={"WORKERS": "2"}), deploy(instance_type="ml.c5.large"))

    assert serving(world) == config(
        ModelDataUrl=A, ModelEnvironment='{"WORKERS": "2"}', InstanceType="ml.c5.large"
    )


def test_everything_a_deploy_may_name_is_rolled_out(world: World) -> None:
    world.run(
        deploy(
            A,
            model_data_version="v1",
            framework="sklearn",
            framework_version="1.2-1",
            environment={"A": "1"},
            instance_type="ml.c5.large",
            max_concurrent_invocations_per_instance=8,
        )
    )

    assert serving(world) == config(
        ModelDataUrl=A,
        ModelDataVersion="v1",
        Framework="sklearn",
        FrameworkVersion="1.2-1",
        ModelEnvironment='{"A": "1"}',
        InstanceType="ml.c5.large",
        MaxConcurrentInvocationsPerInstance="8",
    )


def test_a_framework_takes_the_place_of_an_image(world: World) -> None:
    world.run(deploy(image_uri="an/image:1"), deploy(framework_version="1.7-1"))

    assert serving(world) == config(FrameworkVersion="1.7-1")


def test_capacity_is_kept_unless_the_instance_type_changes(world: World) -> None:
    world.run(deploy(A), deploy(instance_type="ml.c5.large"))

    assert world.sagemaker.retained == [True, False]


def test_the_stacks_deployment_holds_unless_the_call_has_its_own() -> None:
    world = World()
    world.run(
        create(
            DeploymentStrategy="Linear",
            DeploymentWaitSeconds="90",
            RollbackAlarmNames=["failures"],
            InstanceCount="4",
        )
    )

    world.run(deploy(A), deploy(B, deployment={"strategy": "Canary"}), deploy(C))

    deployments = [each.deployment for each in world.sagemaker.updates]
    assert [each.strategy for each in deployments] == [
        Strategy.LINEAR,
        Strategy.CANARY,
        Strategy.LINEAR,
    ]
    assert {(each.wait_seconds, each.alarms) for each in deployments} == {(90, ("failures",))}


def test_what_serves_already_is_not_rolled_out(world: World) -> None:
    world.run(deploy(A))
    calls = len(world.sagemaker.calls)

    answer = world.wake(deploy(A))

    assert answer["status"] == "unchanged"
    assert len(world.sagemaker.calls) == calls


def test_what_is_under_way_already_is_not_rolled_out_twice(world: World) -> None:
    world.wake(deploy(A))

    assert world.wake(deploy(A))["status"] == "unchanged"


def test_a_roll_out_that_sagemaker_rolls_back_leaves_the_good_generation(world: World) -> None:
    world.sagemaker.broken = {A}

    world.run(deploy(A))

    assert serving(world) == OLD.config
    assert set(world.sagemaker.configs) == {OLD.config}
    assert set(world.sagemaker.models) == {OLD.model}
    ended = world.describe()["last_roll_out"]
    assert ended["outcome"] == "failed"
    assert "no ping" in ended["reason"]
    assert "rolled it back" in ended["reason"]
    assert "no ping" in world.log()


def test_a_roll_out_after_a_failed_one_succeeds(world: World) -> None:
    world.sagemaker.broken = {A}

    world.run(deploy(A), deploy(B))

    assert serving(world) == config(ModelDataUrl=B)


def test_the_last_two_generations_are_kept(world: World) -> None:
    world.run(deploy(A), deploy(B), deploy(C))

    kept = {config(ModelDataUrl=B), config(ModelDataUrl=C)}
    assert set(world.sagemaker.configs) == kept
    assert len(world.sagemaker.models) == 2


def test_the_sweep_replaces_a_lost_event_and_a_doubled_one_changes_nothing(
    world: World,
) -> None:
    world.wake(deploy(A))
    world.sagemaker.settle()
    world.sweep()
    for status in ("InService", "InService", "Updating"):
        world.wake(EndpointChanged(ENDPOINT, status))

    assert world.roll_outs[0] == (A, "succeeded")
    assert world.sagemaker.calls.count("update_endpoint") == 1
