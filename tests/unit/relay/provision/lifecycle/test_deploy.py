"""Roll-outs by calls, pipelines and uploads."""

import pytest
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.events.endpoint_events import ArtifactsUploaded, DirectCall, EndpointChanged
from relay.provision.endpoint import EndpointStatus
from relay.provision.specification.deployment import Strategy

from tests.support.provisioning.properties import ENDPOINT, specification
from tests.support.provisioning.requests import create, delete, deploy, uploaded
from tests.support.provisioning.world import World

A, B, C, D = (f"s3://models/{name}.tar.gz" for name in "abcd")
OLD = specification().generation


def config(**changes: object) -> str:
    return specification(**changes).generation.config


def serving(world: World) -> str:
    assert world.endpoint is not None
    return world.endpoint.config


# --- one roll-out --------------------------------------------------------------------------------


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


# --- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "nothing is to change"),
        ({"model": "x"}, "model is not known; deploy takes model_data_url"),
        ({"model_data_url": 1.5}, "model_data_url must be a string or a whole number"),
        ({"model_data_url": "http://x"}, "ModelDataUrl must be"),
        ({"environment": {"A": 1}}, "ModelEnvironment.A must be a string"),
        ({"instance_type": "m5"}, "InstanceType must be"),
        ({"framework_version": "9.9"}, "9.9"),
        ({"model_data_url": A, "deployment": "fast"}, "deployment must be a JSON object"),
        ({"model_data_url": A, "deployment": {"speed": 1}}, "deployment.speed is not known"),
        ({"model_data_url": A, "deployment": {"strategy": "BigBang"}}, "DeploymentStrategy must"),
        ({"model_data_url": A, "deployment": {"alarms": 1}}, "WatchRollbackAlarms must be true"),
        ({"model_data_url": A, "asked_by": ""}, "asked_by is missing"),
        ({"model_data_url": A, "asked_by": 5}, "asked_by must be a string, not a number"),
        ({"model_data_url": A, "request_id": "x" * 201}, "request_id must have at most 200 char"),
    ],
)
def test_an_invalid_call_is_refused_with_the_reason(
    members: dict[str, object], reason: str, world: World
) -> None:
    answer = world.wake(DirectCall("deploy", {"action": "deploy", **members}))

    assert answer["status"] == "refused"
    assert reason in str(answer["reason"])
    assert world.sagemaker.calls == []


def test_every_problem_of_a_call_is_reported_at_once(world: World) -> None:
    answer = world.wake(deploy(model="x", deployment={"speed": 1}))

    assert "model is not known" in str(answer["reason"])
    assert "deployment.speed is not known" in str(answer["reason"])


def test_without_an_endpoint_there_is_nothing_to_deploy_to() -> None:
    answer = World().wake(deploy(A))

    assert answer["status"] == "refused"
    assert "no endpoint" in str(answer["reason"])


def test_an_endpoint_that_is_being_deleted_takes_no_roll_out(world: World) -> None:
    world.wake(delete())

    assert world.wake(deploy(A))["reason"] == "the endpoint is being deleted"


def test_only_the_stack_deletes_the_endpoint(world: World) -> None:
    answer = world.wake(DirectCall("delete", {"action": "delete"}))

    assert answer["status"] == "refused"
    assert "delete the stack" in str(answer["reason"])
    assert serving(world) == OLD.config


def test_what_sagemaker_never_accepts_is_answered_at_once(world: World) -> None:
    world.sagemaker.errors["create_model"] = PermanentError("no such artifact")

    answer = world.wake(deploy(A))

    assert (answer["status"], answer["reason"]) == ("failed", "no such artifact")
    world.sagemaker.errors.clear()
    world.settle()
    assert set(world.sagemaker.configs) == {OLD.config}


def test_a_throttled_deploy_is_accepted_and_begins_later(world: World) -> None:
    world.sagemaker.errors["update_endpoint"] = TransientError("ThrottlingException")

    assert world.wake(deploy(A))["status"] == "accepted"
    assert "not begun yet: ThrottlingException" in world.log()
    world.sagemaker.errors.clear()
    world.settle()

    assert serving(world) == config(ModelDataUrl=A)


@pytest.mark.parametrize(
    ("error", "minutes", "reason"),
    [
        (AccessDenied("role refused"), 3, "role refused"),
        (TransientError("ThrottlingException"), 52, "gave up after repeated attempts"),
    ],
)
def test_a_roll_out_that_sagemaker_keeps_refusing_fails_in_the_end(
    error: TransientError, minutes: int, reason: str, world: World
) -> None:
    world.sagemaker.errors["create_model"] = error
    world.wake(deploy(A))

    world.clock.pass_minutes(minutes)
    world.sweep()

    ended = world.describe()["last_roll_out"]
    assert ended["outcome"] == "failed"
    assert reason in ended["reason"]


def test_a_roll_out_has_as_long_as_sagemaker_takes(world: World) -> None:
    world.wake(deploy(A))
    world.clock.pass_minutes(300)
    world.sweep()
    world.sagemaker.errors["describe"] = TransientError("ThrottlingException")
    with pytest.raises(TransientError):
        world.sweep()
    world.sagemaker.errors.clear()

    world.settle()

    assert world.roll_outs[0] == (A, "succeeded")


def test_an_endpoint_that_was_updated_outside_the_stack_is_left_alone(world: World) -> None:
    world.sagemaker.exists("by-hand")

    answer = world.wake(deploy(A))

    assert answer["status"] == "failed"
    assert "by-hand" in str(answer["reason"])
    assert serving(world) == "by-hand"


def test_a_deleted_endpoint_is_recreated_with_what_is_deployed(world: World) -> None:
    world.sagemaker.endpoints.clear()

    world.run(deploy(A))

    assert serving(world) == config(ModelDataUrl=A)


# --- artifacts under models/ ---------------------------------------------------------------------


def test_an_uploaded_artifact_is_rolled_out(world: World) -> None:
    world.run(uploaded("models/churn/model.tar.gz", version="etag-1"))

    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/churn/model.tar.gz", ModelDataVersion="etag-1"
    )


def test_an_artifact_uploaded_again_is_another_generation(world: World) -> None:
    world.run(
        uploaded(version="etag-1", order="2026-1"), uploaded(version="etag-2", order="2026-2")
    )

    url = "s3://relay-data/models/churn/model.tar.gz"
    assert set(world.sagemaker.configs) == {
        config(ModelDataUrl=url, ModelDataVersion=version) for version in ("etag-1", "etag-2")
    }
    assert serving(world) == config(ModelDataUrl=url, ModelDataVersion="etag-2")


def test_an_event_that_comes_twice_is_one_roll_out(world: World) -> None:
    world.run(uploaded(order="2026-1"), deploy(A), uploaded(order="2026-1"))

    assert serving(world) == config(ModelDataUrl=A, ModelDataVersion="")
    assert world.sagemaker.calls.count("update_endpoint") == 2


def test_an_upload_whose_event_comes_late_is_overtaken(world: World) -> None:
    world.run(
        uploaded("models/2.tar.gz", order="2026-2"), uploaded("models/1.tar.gz", order="2026-1")
    )

    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/2.tar.gz", ModelDataVersion="etag-1"
    )
    assert world.roll_outs[:2] == [
        ("upload of s3://relay-data/models/1.tar.gz", "overtaken"),
        ("upload of s3://relay-data/models/2.tar.gz", "succeeded"),
    ]


@pytest.mark.parametrize("key", ["models/readme.md", "inputs/a.tar.gz", "models/"])
def test_other_objects_are_no_artifacts(key: str, world: World) -> None:
    world.wake(uploaded(key))
    world.wake(ArtifactsUploaded(()))

    assert world.sagemaker.calls == []
    assert "is no artifact" in world.log()


def test_an_upload_that_is_refused_is_described() -> None:
    world = World()

    world.wake(uploaded())

    ended = world.describe()["last_roll_out"]
    assert (ended["outcome"], "no endpoint" in ended["reason"]) == ("refused", True)


def test_an_upload_that_is_throttled_is_repeated_by_lambda(world: World) -> None:
    world.sagemaker.errors["update_endpoint"] = TransientError("ThrottlingException")
    with pytest.raises(TransientError):
        world.wake(uploaded())

    world.sagemaker.errors.clear()
    world.wake(uploaded())
    world.settle()

    assert world.roll_outs[0] == (
        "upload of s3://relay-data/models/churn/model.tar.gz",
        "succeeded",
    )


def test_an_artifact_that_comes_before_the_endpoint_is_there_waits_for_it() -> None:
    world = World()
    world.wake(create())

    world.wake(uploaded())
    assert [answer.reason for answer in world.answers] == []
    world.settle()

    assert [answer.reason for answer in world.answers] == [""]
    assert serving(world) == config(
        ModelDataUrl="s3://relay-data/models/churn/model.tar.gz", ModelDataVersion="etag-1"
    )
