"""Backfill's real code, of which the stack has the function."""

import pytest

from tests.stateful.backfill.world import keys
from tests.support.relayctl.backfills import CalledBackfills
from tests.support.relayctl.commands import FakeDeployment


@pytest.fixture
def world(deployment: FakeDeployment, monkeypatch: pytest.MonkeyPatch) -> CalledBackfills:
    """While a command waits, time passes, and not each answer differs from the one before."""
    world = CalledBackfills(deployment)
    monkeypatch.setattr("relayctl.backfills.waiting.sleep", lambda _: world.pass_minutes(1 / 6))
    return world


@pytest.fixture
def started(world: CalledBackfills) -> None:
    """A backfill of 100 objects, of which ten are sent."""
    world.listing.put(*keys(100))
    world.call("start", name="a")
    world.pass_minutes(1)
