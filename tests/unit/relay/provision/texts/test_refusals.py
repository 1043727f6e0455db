"""Every refusal of a direct call is reached, changes nothing, and has its text."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from relay.events.endpoint_events import DirectCall
from relay.provision.lifecycle.rollouts import Recipe
from relay.provision.texts.refusals import REFUSALS

from tests.support.provisioning.existing import EXISTING, existing_endpoint
from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, delete, deploy, rollback, update, uploaded
from tests.support.provisioning.roll_outs import A
from tests.support.provisioning.world import World


def serving(*wake_ups: Any) -> World:
    world = World()
    world.run(create(), *wake_ups)
    return world


def deleting() -> World:
    world = serving()
    world.wake(delete())
    return world


def existing() -> World:
    world = existing_endpoint()
    world.run(create(**EXISTING))
    return world


def forgetful() -> World:
    world = serving(deploy(A))
    record = world.store.records[ENDPOINT]
    known = {record.generations[0].config: record.recipes[record.generations[0].config]}
    world.store.records[ENDPOINT] = replace(record, recipes=known)
    return world


def crowded() -> World:
    """Recipes of many generations that SageMaker does not delete."""
    world = serving()
    record = world.store.records[ENDPOINT]
    texts = [f"{number}" + "x" * 30_000 for number in range(10)]
    more = {text[:1]: Recipe({"ModelEnvironment": text}, {}) for text in texts}
    world.store.records[ENDPOINT] = replace(record, recipes={**record.recipes, **more})
    return world


SCENARIOS: dict[str, tuple[Callable[[], World], DirectCall]] = {
    "DELETE_BY_CALL": (serving, DirectCall("delete", {"action": "delete"})),
    "WHILE_DELETING": (deleting, deploy(A)),
    "OF_EXISTING": (existing, deploy(A)),
    "NO_ENDPOINT": (World, deploy(A)),
    "NOTHING_BEFORE": (serving, rollback()),
    "BEFORE_UNKNOWN": (forgetful, rollback()),
    "BEFORE_OVERWRITTEN": (
        lambda: serving(uploaded(), uploaded(version="etag-2", order="2026-2")),
        rollback(),
    ),
    "BEFORE_EQUAL": (
        lambda: serving(update(InstanceCount="2")),
        rollback(),
    ),
    "TOO_LARGE": (crowded, deploy(A)),
    "WRONG": (serving, deploy(A, image_url="a typing error")),
}


def test_every_refusal_has_its_scenario() -> None:
    assert list(SCENARIOS) == list(REFUSALS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_refused_call_says_why_and_what_to_do(name: str) -> None:
    build, call = SCENARIOS[name]
    world = build()
    before = world.endpoint

    answer = world.wake(call)

    assert answer["status"] == "refused"
    reason = str(answer["reason"])
    assert [other for other, each in REFUSALS.items() if each.matches(reason)] == [name]
    assert world.endpoint == before
