"""Dead-letter queues in memory."""

import pytest

from tests.support.relayctl.commands import FakeDeployment
from tests.support.relayctl.dead_letters import FakeQueues, FakeStackResources


@pytest.fixture
def queues(deployment: FakeDeployment) -> FakeQueues:
    queues = FakeQueues()
    deployment.__dict__["sqs"] = queues
    deployment.__dict__["cloudformation"] = FakeStackResources()
    return queues
