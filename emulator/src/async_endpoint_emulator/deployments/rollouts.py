"""One fleet takes another's place, step by step, without losing a request.

Both fleets take from the endpoint's one queue, in proportion; whatever leaves finishes what it has.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from async_endpoint_emulator.clock import Clock
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.deployments.alarms import Alarms, require_quiet
from async_endpoint_emulator.deployments.fleet import Fleet
from async_endpoint_emulator.deployments.guardrails import CANARY, BlueGreen, Guardrails, Rolling
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.pace import Pace


@dataclass(frozen=True)
class Surroundings:
    """What a roll-out needs besides its fleets."""

    config: Config
    pace: Pace
    clock: Clock
    """Of the durations in `config`."""
    alarms: Alarms
    phase_changed: Callable[[], None]
    """Called at each change that DescribeEndpoint shows."""
    launch_fails: Callable[[], str | None]
    """The reason of a fault for which instances must not come up now."""


@dataclass
class Rollout:
    """From an old fleet to a new one, or back again."""

    old: Fleet
    new: Fleet
    guardrails: Guardrails
    around: Surroundings

    def __post_init__(self) -> None:
        self._policy = self.guardrails.policy
        self._old_counts = {name: each.size for name, each in self.old.variants.items()}

    async def run(self) -> None:
        """Returns when the new fleet serves everything and the old one nothing.

        Raises:
            DeploymentFailed: with the FailureReason. `roll_back` is the caller's.
        """
        timeout = self._policy.timeout
        scaled = None if timeout is None else self.around.pace.seconds(timeout)
        try:
            async with self.around.pace.clock.timeout(scaled):
                # Alarms count "during the deployment", of which the bake is the last part:
                # docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
                await self._require_quiet()
                match self._policy:
                    case BlueGreen():
                        await self._shift(self._policy)
                    case Rolling():
                        await self._roll(self._policy)
        except TimeoutError as exc:
            raise DeploymentFailed(
                "The deployment did not complete within MaximumExecutionTimeoutInSeconds "
                f"({timeout})."
            ) from exc
        self.new.leave_phase()
        self.old.enter("Deleting", "Terminating {n} instance(s).")
        self.around.phase_changed()

    async def roll_back(self) -> None:
        """Gives the old fleet everything back. The new one is left without requests.

        Raises:
            DeploymentFailed: instances of the old fleet did not come up again; both fleets serve.
        """
        self.new.enter("Deleting", "Terminating {n} instance(s).")
        batch = 100.0
        if isinstance(self._policy, Rolling):
            batch = self._policy.rollback_batch.percent_of(sum(self._old_counts.values()))
        percent = 0.0
        while percent < 100 and self.old.size < sum(self._old_counts.values()):
            percent = min(100.0, percent + batch)
            for name, each in self.old.variants.items():
                await each.scale(max(each.size, ceil(self._old_counts[name] * percent / 100)))
            self._share_by_size()
        self.new.take(0)
        self.old.take(1)
        self.around.phase_changed()

    async def _shift(self, policy: BlueGreen) -> None:
        await self._launch()
        shares = policy.shares(self.new.desired_size)
        for share in shares:
            kind = "canary" if policy.routing == CANARY and share < 1 else "partial"
            capacity = "full capacity of {n}" if share == 1 else f"{kind} capacity of {{n}}"
            self._enter(
                share, "ActivatingTraffic", f"Activating traffic on {capacity} instance(s)."
            )
            self.new.take(share)
            self.old.take(1 - share)
            wait = policy.interval if share < 1 else policy.termination_wait
            name = "WaitIntervalInSeconds" if share < 1 else "TerminationWaitInSeconds"
            await self._bake(wait, name, share, capacity)

    async def _roll(self, policy: Rolling) -> None:
        """Only for one variant; see `Guardrails.from_document`."""
        [new], [old] = self.new.variants.values(), self.old.variants.values()
        wanted, before = new.desired_count, old.size
        batch = policy.batch.instances_of(wanted) if wanted else 0
        await self.around.clock.sleep(self.around.config.update_seconds)
        self._require_launch()
        while new.size < wanted:
            size = min(wanted, new.size + batch)
            message = f"Launching {size - new.size} instance(s)."
            self.new.enter("Creating" if not new.size else "Updating", message)
            self.around.phase_changed()
            await new.scale(size)
            self.new.enter("ActivatingTraffic", f"Activating traffic on {size} instance(s).")
            await old.scale(max(0, ceil(before * (1 - size / wanted))))
            self._share_by_size()
            self.around.phase_changed()
            capacity = f"capacity of {size}"
            await self._bake(policy.interval, "WaitIntervalInSeconds", size / wanted, capacity)
        self.new.take(1)
        self.old.take(0)

    async def _launch(self) -> None:
        self.new.enter("Creating", "Launching {n} instance(s).")
        self.around.phase_changed()
        _, problem = await asyncio.gather(
            self.around.clock.sleep(self.around.config.update_seconds),
            self.new.start(),
            return_exceptions=True,
        )
        if problem is not None:
            raise problem
        self._require_launch()

    def _require_launch(self) -> None:
        if reason := self.around.launch_fails():
            raise DeploymentFailed(reason)

    async def _require_quiet(self) -> None:
        await require_quiet(self.around.alarms, self.new.role_arn, self.guardrails.alarms)

    async def _bake(self, seconds: int, name: str, share: float, capacity: str) -> None:
        message = f"Baking for {seconds} seconds ({name}) with traffic enabled on {capacity}"
        self._enter(share, "Baking", f"{message} instance(s).")
        clock = self.around.pace.clock
        end = clock.time() + self.around.pace.seconds(seconds)
        while True:
            await self._require_quiet()
            left = end - clock.time()
            if left <= 0:
                return
            await clock.sleep(min(left, self.around.config.alarm_seconds))

    def _enter(self, share: float, status: str, message: str) -> None:
        for each in self.new.variants.values():
            each.enter(status, message.format(n=ceil(each.desired_count * share)))
        self.around.phase_changed()

    def _share_by_size(self) -> None:
        everyone = self.old.size + self.new.size
        if everyone:
            self.new.take(self.new.size / everyone)
            self.old.take(self.old.size / everyone)
