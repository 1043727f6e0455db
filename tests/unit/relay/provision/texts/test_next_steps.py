"""A text ends with what its reader does next, who may have uploaded a model or made a call."""

from contextlib import suppress

import pytest
from relay.errors import PermanentError, RelayError
from relay.events.endpoint_events import WakeUp
from relay.provision.endpoint import EndpointStatus

from tests.support.provisioning.requests import create, deploy, rollback, update, uploaded
from tests.support.provisioning.roll_outs import A, B
from tests.support.provisioning.world import World

UPLOAD = "upload the artifact again, or call `deploy` with its address"
CALL = "repeat the call"


def reason(world: World) -> str:
    return str(world.describe()["last_roll_out"]["reason"])


@pytest.mark.parametrize(
    ("wake_up", "again"),
    [(uploaded(), UPLOAD), (deploy(A), CALL), (rollback(), CALL), (update(), "deploy the stack")],
)
def test_who_asked_for_a_change_that_fails_reads_how_to_repeat_it(
    wake_up: WakeUp, again: str
) -> None:
    world = World()
    world.run(create(), deploy(B))
    if again.startswith("deploy"):
        wake_up = update(ModelDataUrl=A)
    world.wake(wake_up)

    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "no ping")
    world.settle()

    texts = [reason(world), *(answer.reason for answer in world.answers[1:])]
    assert f"Then {again}" in texts[-1]


@pytest.mark.parametrize(("wake_up", "again"), [(uploaded(), UPLOAD), (deploy(A), CALL)])
def test_a_roll_out_that_sagemaker_refuses_says_how_to_repeat_it(
    world: World, wake_up: WakeUp, again: str
) -> None:
    world.sagemaker.errors["update_endpoint"] = PermanentError("ValidationException: no")
    with suppress(RelayError):
        world.wake(wake_up)

    assert reason(world).endswith(f"Then {again}")


def test_a_roll_out_that_contradicts_the_stack_says_how_to_repeat_it(world: World) -> None:
    world.wake(deploy(A))
    world.wake(deploy(B, deployment={"strategy": "Canary"}))
    world.settle()

    assert reason(world).endswith(f"and {CALL}")


@pytest.mark.parametrize(
    "call", [deploy(A, typing_error="x"), deploy("not an address"), deploy(A, instance_type="big")]
)
def test_a_call_that_is_wrong_says_what_to_do(world: World, call: WakeUp) -> None:
    response = world.wake(call)

    assert response["status"] == "refused"
    assert str(response["reason"]).endswith(
        ". Nothing was changed. Correct what is named, and repeat the call"
    )
