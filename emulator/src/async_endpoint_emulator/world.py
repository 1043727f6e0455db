"""All that the emulator keeps in memory, and how its parts fit together.

A reset closes a world and makes another one; `Ground` stays.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import aiohttp
from botocore.credentials import Credentials

from async_endpoint_emulator.api.callers.credentials import ask
from async_endpoint_emulator.api.callers.identity import (
    Authoriser,
    Identities,
    SimulatedPolicies,
    Unrestricted,
    allow,
)
from async_endpoint_emulator.api.control_plane import ControlPlane
from async_endpoint_emulator.api.models_and_configs import CheckArtifact
from async_endpoint_emulator.api.runtime import Runtime
from async_endpoint_emulator.api.services import Services
from async_endpoint_emulator.autoscaling.alarms import Alarms, TrackingAlarms
from async_endpoint_emulator.autoscaling.api import Scaling
from async_endpoint_emulator.autoscaling.loop import SECONDS_BETWEEN_LOOKS, ScalingLoop
from async_endpoint_emulator.autoscaling.metrics import Metrics, MetricsPublisher
from async_endpoint_emulator.autoscaling.registry import Registry
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.clock import Clock
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.deployments.alarms import alarm_states
from async_endpoint_emulator.deployments.events import EventBus
from async_endpoint_emulator.deployments.lifecycle import Lifecycle
from async_endpoint_emulator.deployments.roles import Roles, can_be_assumed
from async_endpoint_emulator.deployments.transitions import Transitions
from async_endpoint_emulator.deployments.variants import Platform
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.inference.artifacts import check_artifact
from async_endpoint_emulator.inference.data_plane import DataPlane
from async_endpoint_emulator.inference.hosts import Processes, ProcessHost
from async_endpoint_emulator.inference.meters import Meters
from async_endpoint_emulator.inference.processing import Processor
from async_endpoint_emulator.model_servers.container_logs import ContainerLogs
from async_endpoint_emulator.model_servers.containers import KnownImages
from async_endpoint_emulator.model_servers.warden import Warden
from async_endpoint_emulator.pace import Pace
from async_endpoint_emulator.resources import Container, Namer

Authorisation = Literal["simulate", "root", "none"]


@dataclass(frozen=True)
class Ground:
    """What outlives a reset. `credentials_url` is where the stand-in says whose an access key is;
    `root` are the credentials of the stand-in's root user."""

    config: Config
    authorisation: Authorisation
    aws: Aws
    http: aiohttp.ClientSession
    data_plane: DataPlane
    logs: ContainerLogs
    warden: Warden
    directory: Path
    root: Credentials
    credentials_url: str | None = None
    docker: bool = False
    """Whether images without a command run in Docker."""

    @property
    def authenticated(self) -> bool:
        """Whether callers prove who they are."""
        return self.authorisation != "none"

    def authoriser(self) -> Authoriser:
        match self.authorisation:
            case "none":
                return Authoriser(Unrestricted(), allow)
            case "root":
                return Authoriser(Identities(self.aws, self.root, lambda key: None), allow)
            case "simulate":
                address = self.credentials_url
                find = partial(ask, self.root, address) if address else None
                policies = SimulatedPolicies(self.aws, self.config.decision_seconds)
                return Authoriser(Identities(self.aws, self.root, find), policies.decide)


@dataclass
class World:
    """One, from its start to its close."""

    ground: Ground
    clock: Clock = field(default_factory=Clock)
    counters: Counters = field(default_factory=Counters)
    faults: FaultInjector = field(default_factory=FaultInjector)
    meters: Meters = field(default_factory=Meters)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        aws, config = self.ground.aws, self.ground.config
        self.pace = Pace.of(config.time_factor)
        self.images = KnownImages(config.containers, docker=self.ground.docker)
        self._namer = Namer(aws.region)
        self._authoriser = self.ground.authoriser()
        self._processor = Processor(
            self.ground.data_plane, aws.region, config, self.faults, self.counters, self.meters
        )
        roles = partial(can_be_assumed, aws)
        self._transitions, lifecycle = self._deployments(roles)
        self._control_plane = ControlPlane(
            lifecycle,
            roles,
            self._check_artifact(),
            self._authoriser,
            self.faults,
            self._namer,
            config.instance_quota,
        )
        self._metrics = Metrics(self.meters, clock=self.pace.clock.time)
        self._registry = Registry(self._namer)
        alarms = Alarms(aws, self._metrics, self.pace)
        self._scaling_loop = ScalingLoop(
            self._registry, self._control_plane.endpoints, alarms, self.clock.now
        )

    def _deployments(self, roles: Roles) -> tuple[Transitions, Lifecycle]:
        ground, aws, config = self.ground, self.ground.aws, self.ground.config
        processes = Processes(
            aws,
            config,
            self.images,
            ground.http,
            ground.directory,
            ground.logs,
            ground.warden,
            self.clock,
            ground.authenticated,
        )
        platform = Platform(config, partial(ProcessHost, processes), self._processor, self.clock)
        alarms = partial(alarm_states, aws)
        bus = EventBus(aws, self.counters, config.events_per_change, self.faults)
        transitions = Transitions(platform, alarms, bus.announce, self.faults, self.pace)
        return transitions, Lifecycle(platform, roles, alarms, transitions)

    def _check_artifact(self) -> CheckArtifact:
        if self.ground.config.create_model_checks_artifact:
            return partial(check_artifact, self.ground.aws)
        return _trust

    def start(self) -> Services:
        """Begins what goes on in the background."""
        aws, config, endpoints = self.ground.aws, self.ground.config, self._control_plane.endpoints
        endpoints.is_scalable_target = self._registry.is_registered
        scaling = Scaling(
            self._registry, endpoints.all, self._authoriser, aws, TrackingAlarms(aws, self._namer)
        )
        publisher = MetricsPublisher(aws, self._metrics, config.metrics_seconds)
        for run in (self._scaling_loop.run, publisher.run):
            self._tasks.append(asyncio.create_task(run()))
        return Services(
            apis={"SageMaker": self._control_plane.call, "AnyScaleFrontendService": scaling.call},
            endpoints=endpoints,
            runtime=Runtime(
                endpoints.all, self._authoriser, config, self.faults, self.counters, self._namer
            ),
            authoriser=self._authoriser,
            faults=self.faults,
            counters=self.counters,
            pace=self.pace,
            images=self.images,
            prepare=self._prepare,
            tick=self.tick,
        )

    async def tick(self, seconds: float) -> None:
        """Lets so many seconds of AWS pass at once, with a look at the alarms every 20 of them."""
        while seconds > 0:
            step = min(seconds, SECONDS_BETWEEN_LOOKS)
            self.clock.advance(step)
            self.pace.advance(step)
            await self._scaling_loop.look()
            seconds -= step

    async def close(self, grace_seconds: float) -> None:
        """Ends every endpoint, without events."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._transitions.close(list(self._control_plane.endpoints.all), grace_seconds)
        await self._processor.publisher.close()

    async def _prepare(self) -> None:
        # Not before: the emulator may be started while its AWS stand-in still comes up.
        self._namer.partition, self._namer.account = await self.ground.aws.identity()


async def _trust(role_arn: str, container: Container) -> None:
    """CreateModel does not look at the artifact."""


@dataclass
class Renewal:
    """Replaces a world by another one."""

    world: World
    take: Callable[[Services], None]
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self) -> None:
        """Returns when the emulator is as it was when it started."""
        async with self._renewing:
            old, self.world = self.world, World(self.world.ground)
            self.take(self.world.start())
            await old.close(0)
            old.ground.aws.forget_roles()
