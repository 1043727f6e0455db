"""The lives of endpoints: Creating, InService, Updating, RollingBack, Failed, Deleting, gone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.sagemaker.aws import AWS_ERRORS
from local.sagemaker.endpoints import SETTLED, Endpoint
from local.sagemaker.errors import DeploymentFailed, validation_exception
from local.sagemaker.events import EventBus
from local.sagemaker.faults import FaultInjector
from local.sagemaker.fleet import Fleet, deployment_failure
from local.sagemaker.instances import Platform
from local.sagemaker.processing import Processor
from local.sagemaker.queueing import Request
from local.sagemaker.resources import EndpointConfig, Model
from local.sagemaker.roles import require_publishing_role, require_usable_role, unusable_role

log = logging.getLogger("sagemaker")


@dataclass(frozen=True)
class Deployment:
    """What CreateEndpoint and UpdateEndpoint put in place: a configuration and its models."""

    config: EndpointConfig
    models: Mapping[str, Model]


class Lifecycle:
    """Runs the transitions. One at a time for each endpoint."""

    def __init__(
        self, platform: Platform, processor: Processor, bus: EventBus, faults: FaultInjector
    ) -> None:
        self._platform = platform
        self._processor = processor
        self._bus = bus
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(
        self,
        name: str,
        arn: str,
        deployment: Deployment,
        tags: Mapping[str, str],
        register: Callable[[Endpoint], None],
    ) -> Endpoint:
        """An endpoint in status Creating, handed to `register` before anything is started.

        Raises:
            AwsError: the execution role cannot be used (words of AWS).
        """
        fleet = self._fleet(name, deployment)
        await self._check_role(fleet)
        endpoint = Endpoint(name, arn, fleet, tags)
        endpoint.expire = self._expire
        register(endpoint)
        self._begin(endpoint, self._creation(endpoint))
        return endpoint

    async def update(
        self, endpoint: Endpoint, deployment: Deployment, keep: frozenset[str]
    ) -> None:
        """Replaces the fleet. `keep` names the variant properties that survive:
        DesiredInstanceCount, DesiredWeight."""
        self._require_settled(endpoint, "update")
        if endpoint.status == "Failed":
            raise validation_exception(f'Cannot update failed endpoint "{endpoint.arn}".')
        fleet = self._fleet(endpoint.name, deployment)
        for variant in fleet.desired_counts.keys() & endpoint.fleet.desired_counts.keys():
            if "DesiredInstanceCount" in keep:
                fleet.desired_counts[variant] = endpoint.fleet.desired_counts[variant]
            if "DesiredWeight" in keep:
                fleet.desired_weights[variant] = endpoint.fleet.desired_weights[variant]
        await self._check_role(fleet)
        self._require_settled(endpoint, "update")
        endpoint.pending = fleet
        endpoint.failure_reason = None
        self._change(endpoint, "Updating")
        self._begin(endpoint, self._update(endpoint, fleet))

    async def set_capacities(
        self, endpoint: Endpoint, counts: Mapping[str, int], weights: Mapping[str, float]
    ) -> None:
        """Changes desired counts and weights of variants that exist."""
        self._require_settled(endpoint, "update")
        await self._check_role(endpoint.fleet)
        self._require_settled(endpoint, "update")
        endpoint.fleet.desired_counts.update(counts)
        endpoint.fleet.desired_weights.update(weights)
        self._change(endpoint, "Updating")
        self._begin(endpoint, self._scaling(endpoint))

    def delete(self, endpoint: Endpoint, gone: Callable[[], None]) -> None:
        """`gone` is called when nothing is left."""
        self._require_settled(endpoint, "delete")
        self._change(endpoint, "Deleting")
        self._begin(endpoint, self._deletion(endpoint, gone))

    async def close(self, endpoints: list[Endpoint]) -> None:
        """Stops everything, without events."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        fleets = [each.fleet for each in endpoints]
        fleets += [each.pending for each in endpoints if each.pending is not None]
        await asyncio.gather(*(fleet.stop(grace_seconds=5) for fleet in fleets))
        for endpoint in endpoints:
            endpoint.queue.clear()

    async def _creation(self, endpoint: Endpoint) -> None:
        await self._announce(endpoint)
        if problem := await self._deploy(endpoint.fleet, self._platform.config.creation_seconds):
            endpoint.failure_reason = deployment_failure(problem)
            self._change(endpoint, "Failed")
        else:
            endpoint.fleet.serve(endpoint.queue)
            self._change(endpoint, "InService")
        await self._announce(endpoint)

    async def _update(self, endpoint: Endpoint, fleet: Fleet) -> None:
        """All at once: the new fleet comes up beside the old one, then takes over.

        Blue/green with waiting, canary or rolling steps would go here, between up and take-over.
        """
        await self._announce(endpoint)
        problem = await self._deploy(fleet, self._platform.config.update_seconds)
        if problem:
            endpoint.failure_reason = deployment_failure(problem)
            self._change(endpoint, "RollingBack")
            await self._announce(endpoint)
            await asyncio.sleep(self._platform.config.rollback_seconds)
            endpoint.pending = None
        else:
            old, endpoint.fleet, endpoint.pending = endpoint.fleet, fleet, None
            fleet.serve(endpoint.queue)
            self._background(old.retire())
        self._change(endpoint, "InService")
        await self._announce(endpoint)

    async def _scaling(self, endpoint: Endpoint) -> None:
        await self._announce(endpoint)
        await asyncio.sleep(self._platform.config.scaling_seconds)
        try:
            await endpoint.fleet.scale()
        except DeploymentFailed as exc:
            # The instances that are there go on serving.
            endpoint.failure_reason = deployment_failure(exc)
            log.error("endpoint %s: %s", endpoint.name, exc)
        self._change(endpoint, "InService")
        await self._announce(endpoint)

    async def _deletion(self, endpoint: Endpoint, gone: Callable[[], None]) -> None:
        await self._announce(endpoint)
        dropped = endpoint.queue.clear()
        if dropped:
            log.warning("endpoint %s: %d waiting requests dropped", endpoint.name, dropped)
        self._processor.count_dropped(dropped)
        await asyncio.gather(
            asyncio.sleep(self._platform.config.deletion_seconds), endpoint.fleet.stop()
        )
        gone()
        log.info("endpoint %s: gone", endpoint.name)
        await self._bus.announce(endpoint.event_detail("Deleted"))

    async def _deploy(self, fleet: Fleet, seconds: float) -> BaseException | None:
        injected = self._faults.take_creation_failure()
        if injected:
            await asyncio.sleep(seconds)
            return DeploymentFailed(injected)
        _, problem = await asyncio.gather(
            asyncio.sleep(seconds), fleet.start(), return_exceptions=True
        )
        if isinstance(problem, BaseException) and not isinstance(problem, DeploymentFailed):
            log.error("deployment failed", exc_info=problem)
        return problem

    async def _check_role(self, fleet: Fleet) -> None:
        aws, role_arn = self._platform.aws, fleet.role_arn
        aws.forget_role(role_arn)
        topics = fleet.config.output.topics
        if not topics:
            await require_usable_role(aws, role_arn)
        for topic in topics:
            await require_publishing_role(aws, role_arn, topic)
            if self._platform.config.test_notifications:
                try:
                    await self._processor.publisher.test(role_arn, topic)
                except AWS_ERRORS as exc:
                    log.info("TestNotification to %s: %s", topic, exc)
                    raise validation_exception(unusable_role(role_arn, topic)) from exc

    def _fleet(self, endpoint_name: str, deployment: Deployment) -> Fleet:
        return Fleet(
            self._platform, self._processor, endpoint_name, deployment.config, deployment.models
        )

    def _require_settled(self, endpoint: Endpoint, verb: str) -> None:
        if endpoint.status not in SETTLED:
            raise validation_exception(f'Cannot {verb} in-progress endpoint "{endpoint.arn}".')

    def _change(self, endpoint: Endpoint, status: str) -> None:
        endpoint.status = status
        endpoint.modified = datetime.now(UTC)
        reason = f": {endpoint.failure_reason}" if endpoint.failure_reason else ""
        log.info("endpoint %s: %s%s", endpoint.name, status, reason)

    async def _announce(self, endpoint: Endpoint) -> None:
        await self._bus.announce(endpoint.event_detail(endpoint.status))

    def _begin(self, endpoint: Endpoint, transition: Coroutine[Any, Any, None]) -> None:
        endpoint.transition = self._background(transition)

    def _expire(self, endpoint: Endpoint, request: Request) -> None:
        fleet = endpoint.fleet
        config = fleet.config
        variant = config.variants[0].name
        self._background(self._processor.expire(request, fleet.role_arn, config.output, variant))

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.error("the emulator itself failed", exc_info=problem)
