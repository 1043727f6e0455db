"""Whatever call the function dies at, before or after its effect: the same end, and one answer."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from relay.events.endpoint_events import Sweep, WakeUp
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.specification.scaling import Scaling

from tests.support.parts import Part, first_of
from tests.support.provisioning.fuse import Crash
from tests.support.provisioning.properties import ENDPOINT, SCALED
from tests.support.provisioning.requests import create, delete, deploy, rollback, update, uploaded
from tests.support.provisioning.world import World, without_times


def _creates(world: World) -> WakeUp:
    return create()


def _creates_in_vain(world: World) -> WakeUp:
    world.sagemaker.broken = {"s3://models/churn/model.tar.gz"}
    return create()


def _updates(world: World) -> WakeUp:
    world.run(create())
    return update(ModelDataUrl="s3://models/2.tar.gz")


def _updates_again(world: World) -> WakeUp:
    world.run(create(), update("u2", ModelDataUrl="s3://models/2.tar.gz"))
    return update(old={"ModelDataUrl": "s3://models/2.tar.gz"}, ModelDataUrl="s3://models/3.tar.gz")


def _updates_in_vain(world: World) -> WakeUp:
    world.run(create())
    world.sagemaker.broken = {"s3://models/2.tar.gz"}
    return update(ModelDataUrl="s3://models/2.tar.gz")


def _mends(world: World) -> WakeUp:
    world.run(create())
    world.sagemaker.becomes(EndpointStatus.FAILED)
    return update(ModelDataUrl="s3://models/2.tar.gz")


def _renames(world: World) -> WakeUp:
    world.run(create())
    world.endpoint_name = "renamed"
    return update(EndpointName="renamed")


def _deletes(world: World) -> WakeUp:
    world.run(create(), update(ModelDataUrl="s3://models/2.tar.gz"))
    return delete()


def _deletes_after_a_rename(world: World) -> WakeUp:
    world.run(create())
    world.endpoint_name = "renamed"
    world.run(update(EndpointName="renamed"))
    return delete()


def _meets_a_foreign_endpoint(world: World) -> WakeUp:
    world.sagemaker.exists("another-owners")
    return create()


def _deploys(world: World) -> WakeUp:
    world.run(create(), deploy("s3://models/2.tar.gz"))
    return uploaded()


def _deploys_in_vain(world: World) -> WakeUp:
    world.run(create())
    world.sagemaker.broken = {"s3://relay-data/models/churn/model.tar.gz"}
    return uploaded()


def _deploys_to_an_endpoint_that_failed(world: World) -> WakeUp:
    world.run(create())
    world.sagemaker.becomes(EndpointStatus.FAILED)
    return uploaded()


def _deploys_while_another_is_under_way(world: World) -> WakeUp:
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    return uploaded()


def _deploys_while_others_wait(world: World) -> WakeUp:
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    world.wake(update(InstanceCount="2"))
    world.wake(deploy("s3://models/3.tar.gz"))
    return uploaded()


def _deploys_while_the_endpoint_is_created(world: World) -> WakeUp:
    world.wake(create())
    return uploaded()


def _rolls_back(world: World) -> WakeUp:
    world.run(create(), deploy("s3://models/2.tar.gz"))
    return rollback()


def _repairs(world: World) -> WakeUp:
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    world.sagemaker.becomes(EndpointStatus.UPDATE_ROLLBACK_FAILED)
    return Sweep()


def _makes_anew_what_failed(world: World) -> WakeUp:
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    world.sagemaker.becomes(EndpointStatus.FAILED)
    return Sweep()


def _updates_during_a_roll_out(world: World) -> WakeUp:
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    return update(InstanceCount="2")


def _updates_during_a_roll_out_in_vain(world: World) -> WakeUp:
    world.run(create())
    world.sagemaker.broken = {"s3://models/2.tar.gz"}
    world.wake(deploy("s3://models/2.tar.gz"))
    return update(InstanceCount="2")


def _deletes_during_a_roll_out(world: World) -> WakeUp:
    world.run(create())
    world.wake(deploy("s3://models/2.tar.gz"))
    world.wake(deploy("s3://models/3.tar.gz"))
    return delete()


def _creates_scaled(world: World) -> WakeUp:
    return create(**SCALED)


def _creates_scaled_in_vain(world: World) -> WakeUp:
    world.sagemaker.broken = {"s3://models/churn/model.tar.gz"}
    return create(**SCALED)


def _scales(world: World) -> WakeUp:
    world.run(create())
    return update(**SCALED)


def _scales_otherwise(world: World) -> WakeUp:
    world.run(create(**SCALED))
    return update(old=SCALED, **{**SCALED, "MaxInstanceCount": "9"})


def _scales_no_more(world: World) -> WakeUp:
    world.run(create(**SCALED))
    return update(old=SCALED)


def _scales_and_updates(world: World) -> WakeUp:
    world.run(create())
    return update(ModelDataUrl="s3://models/2.tar.gz", **SCALED)


def _scales_and_updates_in_vain(world: World) -> WakeUp:
    world.run(create())
    world.sagemaker.broken = {"s3://models/2.tar.gz"}
    return update(ModelDataUrl="s3://models/2.tar.gz", **SCALED)


def _retypes_what_is_scaled(world: World) -> WakeUp:
    world.run(create(**SCALED))
    return update(old=SCALED, InstanceType="ml.c5.large", **SCALED)


def _retypes_what_is_scaled_in_vain(world: World) -> WakeUp:
    world.run(create(**SCALED))
    world.sagemaker.broken = {"s3://models/2.tar.gz"}
    changes = {"InstanceType": "ml.c5.large", "ModelDataUrl": "s3://models/2.tar.gz"}
    return update(old=SCALED, **changes, **SCALED)


def _makes_anew_what_was_scaled(world: World) -> WakeUp:
    world.run(create(**SCALED))
    world.sagemaker.becomes(EndpointStatus.FAILED)
    return uploaded()


def _recreates_a_deleted_endpoint(world: World) -> WakeUp:
    world.run(create(**SCALED))
    del world.sagemaker.endpoints[ENDPOINT]
    return uploaded()


def _renames_what_is_scaled(world: World) -> WakeUp:
    world.run(create(**SCALED))
    world.endpoint_name = "renamed"
    return update(old=SCALED, EndpointName="renamed", **SCALED)


def _deletes_what_is_scaled(world: World) -> WakeUp:
    world.run(create(**SCALED))
    return delete(**SCALED)


Scenario = Callable[[World], WakeUp]
# A wake-up that passes the beginnings and ends of 32 calls of the AWS API, each of which takes a
# fraction of a second, stays far below the 30 seconds within which every one has to end.
_MOST = 2 * 32
SCENARIOS: list[Scenario] = [
    _creates,
    _creates_in_vain,
    _updates,
    _updates_again,
    _updates_in_vain,
    _mends,
    _renames,
    _deletes,
    _deletes_after_a_rename,
    _meets_a_foreign_endpoint,
    _updates_during_a_roll_out,
    _updates_during_a_roll_out_in_vain,
    _deletes_during_a_roll_out,
    _creates_scaled,
    _creates_scaled_in_vain,
    _scales,
    _scales_otherwise,
    _scales_no_more,
    _scales_and_updates,
    _scales_and_updates_in_vain,
    _retypes_what_is_scaled,
    _retypes_what_is_scaled_in_vain,
    _renames_what_is_scaled,
    _deletes_what_is_scaled,
]
ROLL_OUTS: list[Scenario] = [
    _deploys,
    _deploys_in_vain,
    _deploys_to_an_endpoint_that_failed,
    _deploys_while_another_is_under_way,
    _deploys_while_others_wait,
    _deploys_while_the_endpoint_is_created,
    _rolls_back,
    _repairs,
    _makes_anew_what_failed,
    _makes_anew_what_was_scaled,
    _recreates_a_deleted_endpoint,
]


@first_of(4)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_anywhere_changes_neither_the_end_nor_the_answer(
    scenario: Scenario, part: Part
) -> None:
    undisturbed, calls = _play(scenario, dies_at=None)

    assert calls > 4, "nothing was called, so nothing is tested"
    for dies_at in part.of(range(1, calls + 1)):
        assert _play(scenario, dies_at)[0] == undisturbed, f"died at call {dies_at}"


@first_of(4)
@pytest.mark.parametrize("scenario", ROLL_OUTS)
def test_a_crash_anywhere_changes_neither_the_end_nor_the_history(
    scenario: Scenario, part: Part
) -> None:
    undisturbed, calls = _play(scenario, dies_at=None, answers=None)

    assert calls > 4, "nothing was called, so nothing is tested"
    for dies_at in part.of(range(1, calls + 1)):
        assert _play(scenario, dies_at, answers=None)[0] == undisturbed, f"died at call {dies_at}"


@dataclass(frozen=True)
class Ending:
    answers: frozenset[str]
    endpoints: dict[str, EndpointDescription | None]
    configs: frozenset[str]
    models: frozenset[str]
    # The origin of each roll-out, and its outcome.
    story: tuple[tuple[str, str], ...]
    registered: dict[str, Scaling]
    instance_counts: dict[str, int]
    settled: bool


def _play(scenario: Scenario, dies_at: int | None, answers: int | None = 1) -> tuple[Ending, int]:
    world = World()
    request = scenario(world)
    world.answers.clear()
    world.fuse.passed = 0
    world.fuse.blows_at = dies_at

    if not _survives(lambda: world.wake(request)):
        # Lambda retries a failed asynchronous invocation, and a caller a call without answer.
        world.wake(request)
    for _ in range(16):
        for name in list(world.sagemaker.endpoints):
            world.sagemaker.settle(name)
        before = world.fuse.passed
        _survives(world.sweep)
        assert world.fuse.passed - before <= _MOST, "a wake-up that takes too long"
    calls = world.fuse.passed

    ending = Ending(
        frozenset(answer.to_json() for answer in world.answers),
        {n: without_times(e) for n, e in world.sagemaker.endpoints.items()},
        frozenset(world.sagemaker.configs),
        frozenset(world.sagemaker.models),
        tuple(
            (past.roll_out.asked_by, past.outcome.value)
            for _, record in sorted(world.store.records.items())
            for past in record.history
        ),
        world.autoscaler.registered,
        world.sagemaker.instance_counts,
        all(record.settled for record in world.store.records.values()),
    )
    if answers is not None:
        assert len(ending.answers) == answers, "exactly one answer, however often it is delivered"
    assert ending.settled, "something is left undone"
    return ending, calls


def _survives(step: Callable[[], object]) -> bool:
    try:
        step()
    except Crash:
        return False
    return True
