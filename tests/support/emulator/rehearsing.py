"""An endpoint of the emulator within the test's own process: hosts, topics and alarms are fakes."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from async_endpoint_emulator.deployments.endpoint import Endpoint
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.faults import Faults
from async_endpoint_emulator.inference.notifications import Answer
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.resources import Model, Variant

from tests.support.emulator.rehearsal import TIMELESS, Nowhere, Rehearsal

ROLE = "arn:aws:iam::000000000000:role/execution"
TOPIC = "arn:aws:sns:us-east-1:000000000000:results"
CONFIG = replace(TIMELESS, time_factor=0.001)
"""A second of a deployment configuration takes a millisecond."""

_keys = count(1)


class Machine:
    """A host whose answer is the name of its model. A model named `broken` never comes up."""

    def __init__(self, scene: "Scene", variant: Variant, model: Model) -> None:
        self.scene = scene
        self.variant = variant
        self.model = model
        self.ended = asyncio.Event()

    async def start(self) -> None:
        await self.scene.may_start.wait()
        if self.model.name.startswith("broken"):
            raise DeploymentFailed("it did not pass the ping health check")
        self.scene.running[self.model.name] += 1

    async def restart(self) -> None:
        self.ended.clear()

    async def broken(self) -> None:
        await self.ended.wait()

    async def invoke(self, request: Request, payload: bytes) -> Answer:
        if self.scene.hold_answers:
            self.scene.held += 1
            await self.scene.may_answer.wait()
        await asyncio.sleep(0.001)
        self.scene.answered.append((self.variant.name, self.model.name))
        return Answer(200, self.model.name.encode(), "text/plain")

    def kill(self) -> None:
        self.ended.set()

    async def stop(self, grace_seconds: float | None = None) -> None:
        self.scene.running[self.model.name] -= 1


class Mailbox(Nowhere):
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[Mapping[str, Any]] = []

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        self.published.append(json.loads(message))


class Bus:
    """Keeps what is announced."""

    def __init__(self) -> None:
        self.announced: list[tuple[str, Mapping[str, Any]]] = []

    async def announce(self, kind: str, detail: Mapping[str, Any]) -> None:
        self.announced.append((kind, detail))


class SettableAlarms:
    """Those in `state` exist."""

    def __init__(self, **state: str) -> None:
        self.state = state

    async def states(self, role_arn: str, names: Sequence[str]) -> Mapping[str, str]:
        return {name: self.state[name] for name in names if name in self.state}


class Scene:
    """An endpoint called `demo`, served by machines."""

    def __init__(self, **state: str) -> None:
        self.alarms = SettableAlarms(**state)
        self.mailbox = Mailbox()
        self.bus = Bus()
        self.answered: list[tuple[str, str]] = []
        self.running: Counter[str] = Counter()
        self.may_start = asyncio.Event()
        self.may_start.set()
        self.may_answer = asyncio.Event()
        self.hold_answers = False
        self.held = 0
        self.rehearsal = Rehearsal(
            CONFIG,
            hosts=lambda label, variant, model: Machine(self, variant, model),
            alarms=self.alarms.states,
            objects=self.mailbox,
            bus=self.bus.announce,
        )

    @property
    def endpoint(self) -> Endpoint:
        return self.rehearsal.endpoints.all.get("demo")

    async def call(self, operation: str, **parameters: Any) -> Any:
        return await self.rehearsal.call(operation, parameters)

    async def describe(self) -> Any:
        return await self.call("DescribeEndpoint", EndpointName="demo")

    async def configure(self, model: str, **variants: tuple[int, float]) -> str:
        """A configuration named after its model; `variants` by name: instances and weight."""
        container = {"Image": "registry/image:1"}
        await self.call(
            "CreateModel", ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container
        )
        output = {"NotificationConfig": {"SuccessTopic": TOPIC, "ErrorTopic": TOPIC}}
        await self.call(
            "CreateEndpointConfig",
            EndpointConfigName=model,
            ProductionVariants=[
                {
                    "VariantName": name,
                    "ModelName": model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": instances,
                    "InitialVariantWeight": weight,
                }
                for name, (instances, weight) in variants.items()
            ],
            AsyncInferenceConfig={"OutputConfig": output},
        )
        return model

    async def create(self, **variants: tuple[int, float]) -> None:
        """The endpoint in service, with a model named `old`."""
        config = await self.configure("old", **variants)
        await self.call("CreateEndpoint", EndpointName="demo", EndpointConfigName=config)
        await self.rest()

    async def update(self, config: str, **members: Any) -> None:
        await self.call("UpdateEndpoint", EndpointName="demo", EndpointConfigName=config, **members)

    async def rest(self) -> None:
        await self.rehearsal.rest()

    def submit(self, number: int = 1) -> None:
        """Requests that have been accepted."""
        for _ in range(number):
            key = f"r{next(_keys)}"
            self.endpoint.queue.put_nowait(
                Request(
                    key=key,
                    inference_id=key,
                    endpoint_name="demo",
                    output=S3Location("outbox", key),
                    failure=None,
                    ttl_seconds=60,
                    timeout_seconds=60,
                    body=b"x",
                )
            )

    def outcomes(self) -> Counter[str]:
        """How the requests ended, by status; test notifications are left out."""
        return Counter(
            message["invocationStatus"]
            for message in self.mailbox.published
            if "invocationStatus" in message
        )

    def fault(self, **faults: Any) -> None:
        self.rehearsal.faults.replace(Faults(**faults))

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits until it is; the scenario's own deadline ends it otherwise."""
        while not true():
            await asyncio.sleep(0.001)


def play(scenario: Callable[[Scene], Awaitable[None]], **alarms: str) -> None:
    """Runs a scenario, at most ten seconds of it. `alarms` by name: their state."""

    async def main() -> None:
        problems: list[Mapping[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: problems.append(what))
        scene = Scene(**alarms)
        async with asyncio.timeout(10):
            try:
                await scenario(scene)
            finally:
                scene.may_answer.set()
                await scene.rehearsal.close()
        assert problems == []

    asyncio.run(main())


def blue_green(kind: str, size: int = 0, *, interval: int = 20, termination: int = 20) -> Any:
    """A `DeploymentConfig`; `size` in percent."""
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": interval}
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    if member:
        routing[member] = {"Type": "CAPACITY_PERCENT", "Value": size}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    return {"BlueGreenUpdatePolicy": policy}


def rolling(batch: int, *, interval: int = 20) -> Any:
    """A `DeploymentConfig`; `batch` in percent."""
    size = {"Type": "CAPACITY_PERCENT", "Value": batch}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": interval}}


def with_alarm(deployment: Any, name: str) -> Any:
    return {**deployment, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name}]}}
