"""Roll-outs that are refused, fail, or have to wait."""

import pytest
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.events.endpoint_events import DirectCall
from relay.provision.texts import refusals

from tests.support.provisioning.requests import delete, deploy
from tests.support.provisioning.roll_outs import OLD, A, config, serving
from tests.support.provisioning.world import World


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "no change is given"),
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

    assert world.wake(deploy(A))["reason"] == refusals.WHILE_DELETING.text(again="repeat the call")


def test_only_the_stack_deletes_the_endpoint(world: World) -> None:
    answer = world.wake(DirectCall("delete", {"action": "delete"}))

    assert answer["status"] == "refused"
    assert "delete the stack" in str(answer["reason"])
    assert serving(world) == OLD.config


def test_what_sagemaker_never_accepts_is_answered_at_once(world: World) -> None:
    world.sagemaker.errors["create_model"] = PermanentError("no such artifact")

    answer = world.wake(deploy(A))

    assert answer["status"] == "failed"
    assert str(answer["reason"]).startswith("no such artifact. ")
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
        (AccessDenied("role refused"), 5, "role refused"),
        (
            TransientError("ThrottlingException"),
            52,
            "ThrottlingException. AWS throttled this call for 52 minutes",
        ),
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
