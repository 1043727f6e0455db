"""A deployment in memory, and the commands that look at it."""

import pytest

from tests.support.relayctl.commands import Commands, FakeDeployment


@pytest.fixture
def deployment() -> FakeDeployment:
    return FakeDeployment()


@pytest.fixture
def relayctl(deployment: FakeDeployment) -> Commands:
    return Commands(deployment)
