"""Provision's real code over a SageMaker in memory, and CloudWatch with its metric."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from relay.events.endpoint_events import read_event

from tests.support.provisioning.world import World
from tests.support.relayctl.commands import FakeDeployment
from tests.support.relayctl.dead_letters import refusal


class FakeCloudWatch:
    """`refused` is the code with which CloudWatch refuses the call."""

    def __init__(self) -> None:
        self.backlog: float | None = 12.0
        self.refused = ""

    def get_metric_statistics(self, **query: Any) -> dict[str, Any]:
        assert query["Dimensions"] == [{"Name": "EndpointName", "Value": "relay"}]
        if self.refused:
            raise refusal(self.refused, "GetMetricStatistics")
        if self.backlog is None:
            return {"Datapoints": []}
        return {"Datapoints": [{"Timestamp": datetime.now(UTC), "Maximum": self.backlog}]}


@pytest.fixture
def cloudwatch() -> FakeCloudWatch:
    return FakeCloudWatch()


@pytest.fixture
def world(
    deployment: FakeDeployment, cloudwatch: FakeCloudWatch, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A deployment without an endpoint. While a command waits, SageMaker goes on."""
    world = World()

    def provision(request: Mapping[str, object]) -> dict[str, Any]:
        event = read_event(json.loads(json.dumps(request)))
        return json.loads(json.dumps(world.wake(event)))  # type: ignore[no-any-return]

    deployment.functions_answer["ProvisionFunctionName"] = provision
    monkeypatch.setattr(deployment, "client", lambda _: cloudwatch)
    monkeypatch.setattr("relayctl.endpoint.waiting.sleep", lambda _: world.settle(1))
    return world
