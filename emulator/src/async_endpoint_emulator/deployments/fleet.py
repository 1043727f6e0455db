"""The instances that serve one configuration of an endpoint."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from async_endpoint_emulator.deployments.variants import Platform, VariantFleet
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.failures import reason
from async_endpoint_emulator.inference.queue import RequestQueue
from async_endpoint_emulator.resources import EndpointConfig, Model
from async_endpoint_emulator.validation import Document


class Fleet:
    """One fleet for each variant. Together they have a share of the endpoint's requests."""

    def __init__(
        self,
        platform: Platform,
        endpoint_name: str,
        config: EndpointConfig,
        models: Mapping[str, Model],
        queue: RequestQueue,
    ) -> None:
        self.config = config
        self.models = models
        self.created = datetime.now(UTC)
        self.role_arn = models[config.variants[0].model_name].role_arn
        """The execution role: that of the first variant's model."""
        self.variants = {
            each.name: VariantFleet(
                platform, endpoint_name, config, each, models[each.model_name], queue
            )
            for each in config.variants
        }
        self._share = 0.0

    @property
    def size(self) -> int:
        return sum(each.size for each in self.variants.values())

    @property
    def desired_counts(self) -> dict[str, int]:
        return {name: each.desired_count for name, each in self.variants.items()}

    @property
    def desired_size(self) -> int:
        return sum(each.desired_count for each in self.variants.values())

    def take(self, share: float) -> None:
        """Takes this part of the requests, divided among the variants by weight."""
        self._share = share
        total = sum(each.desired_weight for each in self.variants.values())
        for each in self.variants.values():
            each.current_weight = each.desired_weight
            each.line.share = share * each.desired_weight / total if total else 0.0

    async def start(self) -> None:
        """Brings the desired instances up. All are stopped again if one fails.

        Raises:
            DeploymentFailed: with the FailureReason.
        """
        try:
            await self.scale()
        except BaseException:
            await self.stop(0)
            raise

    async def scale(self) -> None:
        """Makes the instances as many as desired, and shares by the desired weights."""
        results = await asyncio.gather(
            *(each.scale(each.desired_count) for each in self.variants.values()),
            return_exceptions=True,
        )
        self.take(self._share)
        for problem in results:
            if problem is not None:
                raise problem

    async def retire(self) -> None:
        """Lets requests in flight finish, then stops everything."""
        await asyncio.gather(*(each.retire() for each in self.variants.values()))

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Stops everything at once."""
        await asyncio.gather(*(each.stop(grace_seconds) for each in self.variants.values()))

    def enter(self, status: str, message: str) -> None:
        """Shows a phase of a deployment. `{n}` stands for the instances of each variant."""
        for each in self.variants.values():
            each.enter(status, message.format(n=each.desired_count))

    def leave_phase(self) -> None:
        """Shows that no deployment goes on."""
        for each in self.variants.values():
            each.phase = None

    def describe(self) -> list[Document]:
        """`ProductionVariants` of DescribeEndpoint."""
        return [each.describe() for each in self.variants.values()]

    def describe_pending(self) -> Document:
        """`PendingDeploymentSummary` of DescribeEndpoint."""
        return {
            "EndpointConfigName": self.config.name,
            "ProductionVariants": [each.describe_pending() for each in self.variants.values()],
            "StartTime": self.created,
        }


def deployment_failure(error: BaseException) -> str:
    """The FailureReason for an endpoint whose instances did not come up."""
    if isinstance(error, DeploymentFailed):
        return str(error)
    return f"{reason('internal')} ({error!r})"
