"""The instances of one production variant in one deployment."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from async_endpoint_emulator.clock import Clock
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.deployments.instances import Instance
from async_endpoint_emulator.inference.hosts import Host, Hosts
from async_endpoint_emulator.inference.processing import Assignment, Processor
from async_endpoint_emulator.inference.queue import Request, RequestQueue
from async_endpoint_emulator.resources import EndpointConfig, Model, Variant
from async_endpoint_emulator.validation import Document

_numbers = count(1)


@dataclass(frozen=True)
class Platform:
    """What every deployment needs from the emulator."""

    config: Config
    hosts: Hosts
    processor: Processor
    clock: Clock = field(default_factory=Clock)
    """Of the durations in `config`, and of the times to live of requests."""


class VariantFleet:
    """Grows and shrinks; its instances take from the endpoint's queue at one line."""

    def __init__(
        self,
        platform: Platform,
        endpoint_name: str,
        config: EndpointConfig,
        variant: Variant,
        model: Model,
        queue: RequestQueue,
    ) -> None:
        self.variant = variant
        self.desired_count = variant.initial_count
        self.desired_weight = self.current_weight = variant.initial_weight
        self.line = queue.line()
        self.phase: Document | None = None
        """The `VariantStatus`: what a deployment does with the variant now."""
        self._platform = platform
        self._config = config
        self._model = model
        self._endpoint_name = endpoint_name
        self._assignment = Assignment(variant.name, model.role_arn, config.output)
        self._instances: list[Instance] = []
        self._leaving: dict[Instance, asyncio.Task[None]] = {}

    @property
    def size(self) -> int:
        """Instances in service."""
        return len(self._instances)

    async def scale(self, wanted: int) -> None:
        """Makes the instances so many. Those that leave finish what they have, in their own time.

        Raises:
            DeploymentFailed: an instance did not come up; those that did stay.
        """
        self._let_go(self._instances[wanted:])
        joining = [self._new_instance() for _ in range(wanted - len(self._instances))]
        try:
            results = await asyncio.gather(
                *(instance.start() for instance in joining), return_exceptions=True
            )
        except asyncio.CancelledError:
            await asyncio.gather(*(instance.stop(0) for instance in joining))
            raise
        for instance, problem in zip(joining, results, strict=True):
            if problem is None:
                self._instances.append(instance)
                instance.serve()
            else:
                await instance.stop(0)
        for problem in results:
            if problem is not None:
                raise problem

    async def retire(self) -> None:
        """Takes no more requests, lets those in flight finish, then stops everything."""
        self.line.share = 0
        self._let_go(self._instances[:])
        await asyncio.gather(*self._leaving.values())
        self.line.close()

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Stops everything at once."""
        for task in self._leaving.values():
            task.cancel()
        everyone, self._instances = [*self._instances, *self._leaving], []
        await asyncio.gather(*(instance.stop(grace_seconds) for instance in everyone))
        self.line.close()

    def enter(self, status: str, message: str) -> None:
        """Shows a phase of a deployment."""
        now = datetime.now(UTC)
        self.phase = {"Status": status, "StatusMessage": message, "StartTime": now}

    def describe(self) -> Document:
        """One of `ProductionVariants` in DescribeEndpoint."""
        document = {
            "VariantName": self.variant.name,
            "DeployedImages": [
                {
                    "SpecifiedImage": container.image,
                    "ResolvedImage": container.image,
                    "ResolutionTime": self._config.created,
                }
                for container in self._model.containers
            ],
            "CurrentWeight": self.current_weight,
            "DesiredWeight": self.desired_weight,
            "CurrentInstanceCount": self.size,
            "DesiredInstanceCount": self.desired_count,
        }
        return document | ({"VariantStatus": [self.phase]} if self.phase else {})

    def describe_pending(self) -> Document:
        """One of `ProductionVariants` in PendingDeploymentSummary."""
        return {**self.describe(), "InstanceType": self.variant.instance_type}

    def _let_go(self, leaving: list[Instance]) -> None:
        for instance in leaving:
            self._instances.remove(instance)
            self._leaving[instance] = asyncio.create_task(self._retire(instance))

    async def _retire(self, instance: Instance) -> None:
        try:
            await instance.retire()
        finally:
            self._leaving.pop(instance, None)

    async def _process(self, request: Request, host: Host) -> None:
        await self._platform.processor.process(request, host, self._assignment)

    def _new_instance(self) -> Instance:
        config = self._platform.config
        label = f"{self._endpoint_name}/{self.variant.name}/i-{next(_numbers):05d}"
        return Instance(
            label,
            self._platform.hosts(label, self.variant, self._model),
            self.line,
            self._process,
            self._config.concurrency or config.default_concurrency,
            config.ping_seconds,
        )
