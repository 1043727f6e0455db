"""The instances that serve one configuration of an endpoint."""

import asyncio
from collections.abc import Mapping
from itertools import count

from local.sagemaker.errors import DeploymentFailed
from local.sagemaker.instances import Instance, Platform
from local.sagemaker.processing import Processor
from local.sagemaker.queueing import Request, RequestQueue
from local.sagemaker.resources import EndpointConfig, Model
from local.sagemaker.validation import Document

_numbers = count(1)


class Fleet:
    """Grows and shrinks; every instance takes from the endpoint's one queue."""

    def __init__(
        self,
        platform: Platform,
        processor: Processor,
        endpoint_name: str,
        config: EndpointConfig,
        models: Mapping[str, Model],
    ) -> None:
        self.config = config
        self._platform = platform
        self._processor = processor
        self._endpoint_name = endpoint_name
        self._models = models
        self._instances: dict[str, list[Instance]] = {each.name: [] for each in config.variants}
        self._queue: RequestQueue | None = None
        self.desired_counts = {each.name: each.initial_count for each in config.variants}
        self.desired_weights = {each.name: each.initial_weight for each in config.variants}

    @property
    def role_arn(self) -> str:
        """The execution role: that of the first variant's model."""
        return self._models[self.config.variants[0].model_name].role_arn

    @property
    def size(self) -> int:
        return sum(len(instances) for instances in self._instances.values())

    @property
    def desired_size(self) -> int:
        return sum(self.desired_counts.values())

    @property
    def busy(self) -> int:
        """Requests that instances work on now."""
        return sum(each.busy for instances in self._instances.values() for each in instances)

    async def start(self) -> None:
        """Brings the desired instances up. Those that came up are stopped again if one fails.

        Raises:
            DeploymentFailed: with the FailureReason.
        """
        try:
            await self.scale()
        except BaseException:
            await self.stop()
            raise

    def serve(self, queue: RequestQueue) -> None:
        """Begins to take requests, now and with instances that join later."""
        self._queue = queue
        for instances in self._instances.values():
            for instance in instances:
                instance.serve(queue, self._process)

    async def scale(self) -> None:
        """Makes the instances as many as desired. Those that leave finish what they have."""
        leaving: list[Instance] = []
        joining: list[tuple[str, Instance]] = []
        for variant in self.config.variants:
            instances = self._instances[variant.name]
            wanted = self.desired_counts[variant.name]
            leaving += instances[wanted:]
            del instances[wanted:]
            joining += [
                (variant.name, self._new_instance(variant.name))
                for _ in range(wanted - len(instances))
            ]
        try:
            results = await asyncio.gather(
                *(instance.start() for _, instance in joining),
                *(instance.retire() for instance in leaving),
                return_exceptions=True,
            )
        except asyncio.CancelledError:
            await asyncio.gather(*(instance.stop(0) for _, instance in joining))
            raise
        started = list(zip(joining, results, strict=False))
        for (name, instance), problem in started:
            if problem is None:
                self._instances[name].append(instance)
                if self._queue is not None:
                    instance.serve(self._queue, self._process)
            else:
                await instance.stop(0)
        for problem in results:
            if problem is not None:
                raise problem

    async def retire(self) -> None:
        """Lets requests in flight finish, then stops everything."""
        await asyncio.gather(*(instance.retire() for instance in self._all()))

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Stops everything at once."""
        await asyncio.gather(*(instance.stop(grace_seconds) for instance in self._all()))

    def summaries(self) -> list[Document]:
        """`ProductionVariants` of DescribeEndpoint."""
        return [
            {
                "VariantName": variant.name,
                "DeployedImages": [
                    {
                        "SpecifiedImage": self._models[variant.model_name].image,
                        "ResolvedImage": self._models[variant.model_name].image,
                        "ResolutionTime": self.config.created,
                    }
                ],
                "CurrentWeight": self.desired_weights[variant.name],
                "DesiredWeight": self.desired_weights[variant.name],
                "CurrentInstanceCount": len(self._instances[variant.name]),
                "DesiredInstanceCount": self.desired_counts[variant.name],
            }
            for variant in self.config.variants
        ]

    async def _process(self, request: Request, instance: Instance) -> None:
        await self._processor.process(request, instance, self.config.output)

    def _new_instance(self, variant_name: str) -> Instance:
        variant = next(each for each in self.config.variants if each.name == variant_name)
        slots = self.config.concurrency or self._platform.config.default_concurrency
        label = f"{self._endpoint_name}/{variant_name}/i-{next(_numbers):05d}"
        return Instance(self._platform, label, variant, self._models[variant.model_name], slots)

    def _all(self) -> list[Instance]:
        everyone = [each for instances in self._instances.values() for each in instances]
        for instances in self._instances.values():
            instances.clear()
        return everyone


def deployment_failure(error: BaseException) -> str:
    """The FailureReason for an endpoint whose instances did not come up."""
    if isinstance(error, DeploymentFailed):
        return str(error)
    return (
        f"Request to service failed. If failure persists after retry, contact support. ({error!r})"
    )
