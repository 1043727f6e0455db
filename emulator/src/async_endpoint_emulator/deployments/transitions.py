"""The lives of endpoints: Creating, InService, Updating, RollingBack, Failed, Deleting, gone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from async_endpoint_emulator.deployments.alarms import Alarms
from async_endpoint_emulator.deployments.endpoint import Endpoint
from async_endpoint_emulator.deployments.events import DEPLOYMENT_CHANGE, STATE_CHANGE, Announce
from async_endpoint_emulator.deployments.fleet import Fleet, deployment_failure
from async_endpoint_emulator.deployments.guardrails import Guardrails
from async_endpoint_emulator.deployments.rollouts import Rollout, Surroundings
from async_endpoint_emulator.deployments.variants import Platform
from async_endpoint_emulator.errors import AwsError, DeploymentFailed
from async_endpoint_emulator.failures import failure_reason
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.inference.processing import Assignment
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.pace import Pace

log = logging.getLogger("sagemaker")


@dataclass
class Transitions:
    """Runs transitions in the background, and announces each status on the event bus."""

    platform: Platform
    alarms: Alarms
    announce: Announce
    faults: FaultInjector
    pace: Pace
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    def create(self, endpoint: Endpoint) -> None:
        """Creating, then InService or Failed."""
        endpoint.fleet.enter("Creating", "Launching {n} instance(s).")
        self._begin(endpoint, self._creation(endpoint))

    def update(self, endpoint: Endpoint, fleet: Fleet, guardrails: Guardrails) -> None:
        """Updating, then InService - or RollingBack, then InService or UpdateRollbackFailed."""
        endpoint.pending = fleet
        self._change(endpoint, "Updating")
        self._begin(endpoint, self._update(endpoint, fleet, guardrails))

    def scale(
        self, endpoint: Endpoint, counts: Mapping[str, int], weights: Mapping[str, float]
    ) -> None:
        """Updating, then InService; by way of RollingBack if instances do not come up."""
        before: dict[str, tuple[int, float]] = {}
        for name, each in endpoint.fleet.variants.items():
            before[name] = each.desired_count, each.desired_weight
            each.desired_count = counts.get(name, each.desired_count)
            each.desired_weight = weights.get(name, each.desired_weight)
            if each.desired_count != each.size:
                way = "out" if each.desired_count > each.size else "in"
                each.enter(
                    "Updating", f"Scaling {way} desired instance count to {each.desired_count}."
                )
        self._change(endpoint, "Updating")
        self._begin(endpoint, self._scaling(endpoint, before))

    def delete(self, endpoint: Endpoint, gone: Callable[[], None]) -> None:
        """Deleting; then `gone` is called."""
        self._change(endpoint, "Deleting")
        self._begin(endpoint, self._deletion(endpoint, gone))

    def force(self, endpoint: Endpoint, status: str) -> None:
        """A status that no AWS API sets."""
        self._change(endpoint, status)
        self._begin(endpoint, self._announce(endpoint))

    def expire(self, endpoint: Endpoint, request: Request) -> None:
        """Ends a request that waited too long."""
        fleet = endpoint.fleet
        first = fleet.config.variants[0].name
        assignment = Assignment(first, fleet.role_arn, fleet.config.output)
        self._background(self.platform.processor.expire(request, assignment))

    async def close(self, endpoints: list[Endpoint], grace_seconds: float) -> None:
        """Stops everything, without events."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        fleets = [fleet for each in endpoints for fleet in each.fleets]
        await asyncio.gather(*(fleet.stop(grace_seconds) for fleet in fleets))
        for endpoint in endpoints:
            endpoint.queue.clear()

    async def _creation(self, endpoint: Endpoint) -> None:
        await self._announce(endpoint)
        _, problem = await asyncio.gather(
            self.platform.clock.sleep(self.platform.config.creation_seconds),
            self._launch(endpoint.fleet),
            return_exceptions=True,
        )
        endpoint.fleet.leave_phase()
        if problem is not None:
            endpoint.failure_reason = deployment_failure(problem)
            await self._settle(endpoint, "Failed")
            return
        endpoint.fleet.take(1)
        await self._settle(endpoint, "InService")

    async def _update(self, endpoint: Endpoint, fleet: Fleet, guardrails: Guardrails) -> None:
        await self._announce(endpoint)
        around = Surroundings(
            self.platform.config,
            self.pace,
            self.platform.clock,
            self.alarms,
            phase_changed=lambda: self._phase_changed(endpoint),
            launch_fails=lambda: self._injected_failure(fleet),
        )
        rollout = Rollout(endpoint.fleet, fleet, guardrails, around)
        try:
            await rollout.run()
        except Exception as problem:
            await self._roll_back(endpoint, fleet, rollout, problem)
            return
        leaving = [endpoint.fleet, endpoint.remnant]
        endpoint.fleet, endpoint.pending, endpoint.remnant = fleet, None, None
        for each in leaving:
            if each is not None:
                self._background(each.retire())
        await self._settle(endpoint, "InService")

    async def _roll_back(
        self, endpoint: Endpoint, fleet: Fleet, rollout: Rollout, problem: Exception
    ) -> None:
        reason = endpoint.failure_reason = deployment_failure(problem)
        self._change(endpoint, "RollingBack")
        await self._announce(endpoint)
        try:
            await self.platform.clock.sleep(self.platform.config.rollback_seconds)
            if self.faults.take_rollback_failure():
                raise DeploymentFailed("it was made to fail.")
            await rollout.roll_back()
        except Exception as exc:
            endpoint.pending, endpoint.remnant = None, fleet
            endpoint.failure_reason = f"{reason} The rollback failed: {deployment_failure(exc)}"
            await self._settle(endpoint, "UpdateRollbackFailed")
            return
        endpoint.pending = None
        self._background(fleet.retire())
        if not self.platform.config.rollback_failure_reason:
            endpoint.failure_reason = None
        await self._settle(endpoint, "InService")

    async def _scaling(self, endpoint: Endpoint, before: Mapping[str, tuple[int, float]]) -> None:
        await self._announce(endpoint)
        self._phase_changed(endpoint)
        await self.platform.clock.sleep(self.platform.config.scaling_seconds)
        fleet = endpoint.fleet
        try:
            if fault := self.faults.take("fail_next_scaling"):
                raise DeploymentFailed(failure_reason(fault, fleet.config, fleet.models))
            await fleet.scale()
        except Exception as problem:
            endpoint.failure_reason = deployment_failure(problem)
            self._change(endpoint, "RollingBack")
            await self._announce(endpoint)
            for name, each in fleet.variants.items():
                each.desired_count, each.desired_weight = before[name]
            await self.platform.clock.sleep(self.platform.config.rollback_seconds)
            try:
                await fleet.scale()
            except DeploymentFailed as exc:  # those that are there go on serving
                log.error("endpoint %s: %s", endpoint.name, exc)
        fleet.leave_phase()
        await self._settle(endpoint, "InService")

    async def _deletion(self, endpoint: Endpoint, gone: Callable[[], None]) -> None:
        await self._announce(endpoint)
        dropped = endpoint.queue.clear()
        if dropped:
            log.warning("endpoint %s: %d waiting requests dropped", endpoint.name, dropped)
        self.platform.processor.counters.dropped += dropped
        await asyncio.gather(
            self.platform.clock.sleep(self.platform.config.deletion_seconds),
            *(fleet.stop() for fleet in endpoint.fleets),
        )
        gone()
        log.info("endpoint %s: gone", endpoint.name)
        await self.announce(STATE_CHANGE, endpoint.event_detail("Deleted"))

    async def _launch(self, fleet: Fleet) -> None:
        if reason := self._injected_failure(fleet):
            raise DeploymentFailed(reason)
        await fleet.start()

    def _injected_failure(self, fleet: Fleet) -> str | None:
        fault = self.faults.take("fail_next_creation")
        return failure_reason(fault, fleet.config, fleet.models) if fault else None

    async def _settle(self, endpoint: Endpoint, status: str) -> None:
        self._change(endpoint, status)
        await self._announce(endpoint)

    def _change(self, endpoint: Endpoint, status: str) -> None:
        endpoint.status = status
        endpoint.modified = datetime.now(UTC)
        reason = f": {endpoint.failure_reason}" if endpoint.failure_reason else ""
        log.info("endpoint %s: %s%s", endpoint.name, status, reason)

    async def _announce(self, endpoint: Endpoint) -> None:
        await self.announce(STATE_CHANGE, endpoint.event_detail(endpoint.status))

    def _phase_changed(self, endpoint: Endpoint) -> None:
        # In the background: no step of a deployment waits for a rule's targets.
        self._background(self.announce(DEPLOYMENT_CHANGE, endpoint.deployment_detail()))

    def _begin(self, endpoint: Endpoint, transition: Coroutine[Any, Any, None]) -> None:
        endpoint.transition = self._background(transition)

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._closed:  # by a reset, while a call was under way
            work.close()
            raise AwsError("InternalFailure", "The emulator was reset meanwhile.", 500)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.error("the emulator itself failed", exc_info=problem)
