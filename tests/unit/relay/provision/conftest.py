"""What most tests of the endpoint's life begin with."""

import pytest

from tests.support.provisioning.requests import create
from tests.support.provisioning.world import World


@pytest.fixture
def world() -> World:
    """A deployment whose endpoint is in service."""
    world = World()
    world.run(create())
    world.answers.clear()
    world.sagemaker.calls.clear()
    return world
