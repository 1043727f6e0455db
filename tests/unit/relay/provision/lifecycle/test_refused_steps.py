"""A step that AWS refuses for long, and for which no request waits: few calls, and one line."""

from contextlib import suppress

import pytest
from relay.errors import AccessDenied, PermanentError, RelayError

from tests.support.provisioning.properties import SCALED
from tests.support.provisioning.requests import delete, deploy, update
from tests.support.provisioning.roll_outs import A, B
from tests.support.provisioning.world import World

DENIED = AccessDenied("delete endpoint relay: AccessDeniedException: not authorized")


def sweeps(world: World, minutes: int) -> int:
    """How many of them failed."""
    failed = 0
    for _ in range(minutes):
        try:
            world.sweep()
        except RelayError:
            failed += 1
    return failed


def denied_removal(world: World) -> None:
    """CloudFormation has its response, and the relay goes on with the removal."""
    world.sagemaker.errors["delete_endpoint"] = DENIED
    with suppress(RelayError):
        world.wake(delete())
    sweeps(world, 11)
    assert [bool(answer.reason) for answer in world.answers] == [True]


def test_a_removal_that_stays_denied_is_tried_rarely(world: World) -> None:
    denied_removal(world)
    sweeps(world, 15)
    world.sagemaker.calls.clear()
    world.notes.clear()

    failed = sweeps(world, 24 * 60)

    assert 90 <= failed <= 96
    assert world.sagemaker.calls.count("delete_endpoint") == failed
    said = [note.text for note in world.notes if "tries again every 15 minutes" in note.text]
    assert len(said) == failed
    assert said[0].startswith("delete endpoint relay: AccessDeniedException: not authorized. ")


def test_a_removal_that_rests_ends_when_it_is_allowed_again(world: World) -> None:
    denied_removal(world)
    sweeps(world, 60)
    world.sagemaker.errors.clear()

    world.settle(20)

    assert (world.endpoint, world.sagemaker.configs) == (None, {})


def test_a_delete_does_not_wait_for_the_end_of_the_rest(world: World) -> None:
    denied_removal(world)
    sweeps(world, 60)
    world.sagemaker.errors.clear()

    world.wake(delete("delete-2"))
    world.settle(2)

    assert [bool(answer.reason) for answer in world.answers] == [True, False]


def test_the_patience_of_a_second_delete_begins_with_its_own_first_refusal(world: World) -> None:
    """Its permission was granted a moment ago."""
    denied_removal(world)
    sweeps(world, 60)

    with suppress(RelayError):
        world.wake(delete("delete-2"))
    sweeps(world, 5)
    assert len(world.answers) == 1
    world.sagemaker.errors.clear()
    world.settle(2)

    assert [bool(answer.reason) for answer in world.answers] == [True, False]


@pytest.mark.parametrize("error", [DENIED, PermanentError("ValidationException: no")])
def test_scaling_that_cannot_be_restored_is_tried_rarely(world: World, error: RelayError) -> None:
    world.autoscaler.errors |= {"register": error, "deregister": error}
    for request in (update(**SCALED), update("back", old=SCALED)):
        with suppress(RelayError):
            world.wake(request)
        sweeps(world, 7)
    assert [bool(answer.reason) for answer in world.answers] == [True, False]
    sweeps(world, 30)

    assert 7 <= sweeps(world, 120) <= 8
    world.autoscaler.errors.clear()
    world.settle(20)
    assert world.store.records["relay"].settled


def test_a_roll_out_does_not_wait_for_the_end_of_the_rest(world: World) -> None:
    world.run(deploy(A))
    world.sagemaker.errors["delete_config"] = DENIED
    world.wake(deploy(B))
    world.sagemaker.settle()
    assert sweeps(world, 30), "a configuration that is unused cannot be deleted"

    world.wake(deploy("s3://models/c.tar.gz"))

    assert world.endpoint is not None
    assert world.endpoint.status.changing
