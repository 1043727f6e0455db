"""Scales: what Application Auto Scaling does by itself, once in each minute of its pace."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from async_endpoint_emulator.api.endpoints import Endpoints
from async_endpoint_emulator.autoscaling.alarms import Alarms, Verdict
from async_endpoint_emulator.autoscaling.metrics import Metrics
from async_endpoint_emulator.autoscaling.registry import (
    Registry,
    ScalableTarget,
    ScalingPolicy,
    scope,
)
from async_endpoint_emulator.aws import AWS_ERRORS
from async_endpoint_emulator.deployments.endpoint import SERVING
from async_endpoint_emulator.deployments.load import EndpointLoad
from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.pace import Pace

log = logging.getLogger("sagemaker")

# Of the pace: endpoints are looked at three times a minute, so no period has no data point.
SECONDS_BETWEEN_LOOKS = 20.0
_SHORTEST_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """A capacity to scale to, and why."""

    capacity: int
    cause: str


@dataclass
class ScalingLoop:
    """Takes the metrics, evaluates the alarms and drives the capacities."""

    registry: Registry
    endpoints: Endpoints
    alarms: Alarms
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    # By target: when it was last scaled out and in, by the metrics' clock.
    _scaled_out: dict[str, float] = field(default_factory=dict)
    _scaled_in: dict[str, float] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Until it is cancelled. A failure is logged, and the next look is another try."""
        while True:
            pause = self._pace.seconds(SECONDS_BETWEEN_LOOKS)
            await self._pace.clock.sleep(max(_SHORTEST_PAUSE, pause))
            try:
                await self.look()
            except AWS_ERRORS as exc:
                log.error("alarms not evaluated: %s", exc)

    async def look(self) -> None:
        """One look at everything, after any that is under way."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        self.registry.run_schedules(self.now())
        loads = self.endpoints.loads()
        self._metrics.observe(loads)
        if not loads:
            return
        verdicts = await self.alarms.evaluate()
        for load in self.endpoints.loads():
            for target in list(self.registry.targets.values()):
                if target.endpoint == load.name and load.status in SERVING:
                    await self._scale(target, load, verdicts)
        await self.alarms.publish(verdicts)

    async def _scale(
        self, target: ScalableTarget, load: EndpointLoad, verdicts: Iterable[Verdict]
    ) -> None:
        capacity = load.desired.get(target.variant)
        if capacity is None:
            return
        wish = self._bounds(target, capacity) or self._policies(target, capacity, verdicts)
        if wish is None or wish.capacity == capacity:
            return
        started = datetime.now(UTC)
        try:
            await self.endpoints.set_capacities(target.endpoint, {target.variant: wish.capacity})
        except AwsError as refusal:
            # Most often the endpoint is being changed. The alarm persists, so the wish comes back.
            log.info("endpoint %s is not scaled: %s", target.endpoint, refusal)
            return
        last = self._scaled_out if wish.capacity > capacity else self._scaled_in
        last[target.resource_id] = self._metrics.clock()
        log.info("endpoint %s: %s, so %d", target.endpoint, wish.cause, wish.capacity)
        self.registry.remember(_activity(target, wish, started))

    def _bounds(self, target: ScalableTarget, capacity: int) -> Wish | None:
        if capacity < target.minimum:
            return Wish(target.minimum, f"minimum capacity was set to {target.minimum}")
        if capacity > target.maximum:
            return Wish(target.maximum, f"maximum capacity was set to {target.maximum}")
        return None

    def _policies(
        self, target: ScalableTarget, capacity: int, verdicts: Iterable[Verdict]
    ) -> Wish | None:
        """The largest capacity that a policy wants now, within bounds and cooldowns."""
        wishes: list[Wish] = []
        for policy in self.registry.policies_of(target.resource_id):
            for verdict in verdicts:
                if verdict.in_alarm and policy.arn in verdict.actions:
                    wanted = target.bounded(_wanted(policy, verdict, capacity))
                    if self._may(target, policy, wanted - capacity):
                        wishes.append(Wish(wanted, _cause(policy, verdict)))
        return max(wishes, key=lambda wish: wish.capacity, default=None)

    def _may(self, target: ScalableTarget, policy: ScalingPolicy, change: int) -> bool:
        """Whether the cooldown is over and scaling in this direction is not suspended."""
        way, last = ("Out", self._scaled_out) if change > 0 else ("In", self._scaled_in)
        rest = self._pace.seconds(policy.cooldown(way))
        ready = self._metrics.clock() - last.get(target.resource_id, -rest) >= rest
        return change != 0 and ready and not target.suspended.get(f"DynamicScaling{way}Suspended")

    @property
    def _metrics(self) -> Metrics:
        return self.alarms.metrics

    @property
    def _pace(self) -> Pace:
        return self.alarms.pace


def _wanted(policy: ScalingPolicy, verdict: Verdict, capacity: int) -> int:
    value = verdict.value or 0.0
    if policy.is_step:
        return policy.stepped(capacity, value - verdict.threshold)
    return policy.tracked(capacity, value)


def _cause(policy: ScalingPolicy, verdict: Verdict) -> str:
    return f"monitor alarm {verdict.name} in state ALARM triggered policy {policy.name}"


def _activity(target: ScalableTarget, wish: Wish, started: datetime) -> dict[str, object]:
    return {
        "ActivityId": str(uuid4()),
        **scope(target.resource_id),
        "Description": f"Setting desired instance count to {wish.capacity}.",
        "Cause": wish.cause,
        "StartTime": started,
        "EndTime": datetime.now(UTC),
        "StatusCode": "Successful",
        "StatusMessage": (
            f"Successfully set desired instance count to {wish.capacity}. "
            "Change successfully fulfilled by sagemaker."
        ),
    }
