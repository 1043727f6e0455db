"""The backfill function as Lambda imports it, over fakes."""

import json
from types import ModuleType

import pytest
from relay.errors import TransientError, UnreadableMessage

from tests.stateful.backfill.world import BackfillWorld, keys
from tests.support import samples
from tests.support.pipeline.invocations import LambdaContext

SCHEDULED = samples.event("backfill/schedule")


@pytest.fixture
def world(backfill_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> BackfillWorld:
    world = BackfillWorld()
    monkeypatch.setattr(backfill_module, "clock", world.clock)
    monkeypatch.setattr(backfill_module, "budget", world.budget)
    monkeypatch.setattr(backfill_module, "backfill", world.backfilling)
    monkeypatch.setattr(backfill_module, "operations", world.operations)
    return world


def test_a_call_is_answered_with_json(
    world: BackfillWorld, backfill_module: ModuleType, context: LambdaContext
) -> None:
    world.listing.put(*keys(3))

    started = backfill_module.handler({"action": "start", "name": "a"}, context)
    preview = backfill_module.handler({"action": "preview"}, context)

    assert (started["name"], started["state"]) == ("a", "running")
    assert preview["objects"] == 3
    json.dumps([started, preview])


def test_the_schedule_goes_on_with_what_runs(
    world: BackfillWorld, backfill_module: ModuleType, context: LambdaContext
) -> None:
    world.listing.put(*keys(3))
    backfill_module.handler({"action": "start", "name": "a"}, context)

    assert backfill_module.handler(SCHEDULED, context) == {}

    assert backfill_module.handler({"action": "status"}, context)["sent"] == 3


def test_a_run_that_met_an_error_fails(
    world: BackfillWorld, backfill_module: ModuleType, context: LambdaContext
) -> None:
    backfill_module.handler({"action": "start", "name": "a"}, context)
    world.faults.plan("listing.page", TransientError("SlowDown"))

    with pytest.raises(TransientError, match="SlowDown"):
        backfill_module.handler(SCHEDULED, context)


def test_a_call_that_cannot_be_read_fails_with_the_reason(
    world: BackfillWorld, backfill_module: ModuleType, context: LambdaContext
) -> None:
    with pytest.raises(UnreadableMessage, match="action is 'dance'"):
        backfill_module.handler({"action": "dance"}, context)
