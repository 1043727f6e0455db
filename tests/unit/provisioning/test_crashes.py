"""Whatever call the function dies at, before or after its effect: the same end, and one answer."""

from collections.abc import Callable

import pytest
from relay.provisioning.endpoint import EndpointStatus
from relay.provisioning.events import WakeUp

from tests.provisioning_fakes import Crash, World, create, delete, update, without_times


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
    world.sagemaker.exists("somebody-elses")
    return create()


Scenario = Callable[[World], WakeUp]
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
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_anywhere_changes_neither_the_end_nor_the_answer(scenario: Scenario) -> None:
    undisturbed, calls = _play(scenario, dies_at=None)

    assert calls > 4, "nothing was called, so nothing is tested"
    for dies_at in range(1, calls + 1):
        assert _play(scenario, dies_at)[0] == undisturbed, f"died at call {dies_at}"


def _play(scenario: Scenario, dies_at: int | None) -> tuple[object, int]:
    world = World()
    request = scenario(world)
    world.answers.clear()
    world.fuse.passed = 0
    world.fuse.blows_at = dies_at

    if not _survives(lambda: world.wake(request)):
        world.wake(request)  # Lambda repeats an asynchronous invocation that fails
    for _ in range(12):
        for name in list(world.sagemaker.endpoints):
            world.sagemaker.settle(name)
        _survives(world.sweep)
    calls = world.fuse.passed

    ending = (
        {answer.to_json() for answer in world.answers},
        {n: without_times(e) for n, e in world.sagemaker.endpoints.items()},
        set(world.sagemaker.configs),
        set(world.sagemaker.models),
        all(record.settled for record in world.room.records.values()),
    )
    assert len(ending[0]) == 1, "exactly one answer, however often it is delivered"
    assert ending[-1], "something is left undone"
    return ending, calls


def _survives(step: Callable[[], None]) -> bool:
    try:
        step()
    except Crash:
        return False
    return True
