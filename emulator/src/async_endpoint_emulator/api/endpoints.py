"""The operations on endpoints, and what an autoscaler needs of them."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from async_endpoint_emulator.api.listing import page
from async_endpoint_emulator.api.models_and_configs import Catalogue
from async_endpoint_emulator.api.operations import Operation
from async_endpoint_emulator.api.tags import Tags
from async_endpoint_emulator.deployments.endpoint import Endpoint
from async_endpoint_emulator.deployments.lifecycle import Deployment, Lifecycle
from async_endpoint_emulator.deployments.load import EndpointLoad
from async_endpoint_emulator.errors import AwsError, validation_exception
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.resources import Collection as Resources
from async_endpoint_emulator.resources import EndpointConfig, Namer
from async_endpoint_emulator.validation import Document


class Endpoints:
    """`all` are those that exist."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        faults: FaultInjector,
        namer: Namer,
        tags: Tags,
        catalogue: Catalogue,
        instance_quota: int,
    ) -> None:
        self._lifecycle = lifecycle
        self._faults = faults
        self._tags = tags
        self._catalogue = catalogue
        self._quota = instance_quota
        self._granted = 0
        """Instances more, to calls that have not made their change yet."""
        self.all: Resources[Endpoint] = Resources("endpoint", "endpoint", namer)
        # Whether Application Auto Scaling has a target for this variant of this endpoint.
        self.is_scalable_target: Callable[[str, str], bool] = lambda endpoint, variant: False

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateEndpoint": self._create_endpoint,
            "DescribeEndpoint": self._describe_endpoint,
            "ListEndpoints": self._list_endpoints,
            "UpdateEndpoint": self._update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self._update_weights_and_capacities,
            "DeleteEndpoint": self._delete_endpoint,
        }

    def loads(self) -> list[EndpointLoad]:
        """Work and capacity of every endpoint now."""
        return [endpoint.load for endpoint in self.all]

    async def set_capacities(
        self, name: str, counts: Mapping[str, int], weights: Mapping[str, float] | None = None
    ) -> Endpoint:
        """Changes desired instances and weights of variants.

        Raises:
            AwsError: there is no such endpoint or variant, it takes no change now, or the quota.
        """
        endpoint, weights = self.all.get(name), weights or {}
        for variant in (*counts, *weights):
            if variant not in endpoint.fleet.variants:
                raise validation_exception(
                    f'Could not find variant "{variant}" of endpoint "{endpoint.arn}".'
                )
        wanted = sum({**endpoint.fleet.desired_counts, **counts}.values())
        with self._within_quota(wanted - _instances(endpoint), endpoint.config):
            await self._lifecycle.set_capacities(endpoint, counts, weights)
        return endpoint

    def force_status(self, name: str, status: str) -> None:
        """Puts an endpoint that is settled into a status that no AWS API sets.

        Raises:
            AwsError: there is no such endpoint, or it is in transition.
        """
        self._lifecycle.force(self.all.get(name), status)

    async def _create_endpoint(self, request: Document) -> Document:
        name, arn = request["EndpointName"], self.all.arn(request["EndpointName"])
        self.all.require_free(name)
        deployment = self._deployment(request, request.get("DeploymentConfig"))
        tags = request.get("Tags", [])
        by_key = {tag["Key"]: tag["Value"] for tag in tags}
        with self._within_quota(_wanted(deployment.config, {}), deployment.config):
            await self._lifecycle.create(name, arn, deployment, by_key, self.all.add)
        self._tags.put(arn, tags)
        return {"EndpointArn": arn}

    async def _describe_endpoint(self, request: Document) -> Document:
        return self.all.get(request["EndpointName"]).describe()

    async def _list_endpoints(self, request: Document) -> Document:
        summaries = [
            {
                "EndpointName": each.name,
                "EndpointArn": each.arn,
                "CreationTime": each.created,
                "LastModifiedTime": each.modified,
                "EndpointStatus": each.status,
            }
            for each in self.all
        ]
        return page("Endpoint", summaries, request)

    async def _update_endpoint(self, request: Document) -> Document:
        endpoint = self.all.get(request["EndpointName"])
        config = self._catalogue.configs.get(request["EndpointConfigName"])
        # API_DeleteEndpointConfig forbids in words to delete the one in use. Its consequence:
        # https://github.com/hashicorp/terraform-provider-aws/issues/40048
        self._catalogue.configs.get(endpoint.config.name)
        self._require_deregistered(endpoint, config)
        keep = frozenset[str]()
        if request.get("RetainAllVariantProperties"):
            excluded = {
                each["VariantPropertyType"]
                for each in request.get("ExcludeRetainedVariantProperties", [])
            }
            keep = frozenset({"DesiredInstanceCount", "DesiredWeight"} - excluded)
        guardrails = request.get("DeploymentConfig")
        if request.get("RetainDeploymentConfig"):
            guardrails = endpoint.deployment_config
        deployment = self._deployment(request, guardrails)
        kept = endpoint.fleet.desired_counts if "DesiredInstanceCount" in keep else {}
        with self._within_quota(_wanted(config, kept) - _instances(endpoint), config):
            await self._lifecycle.update(endpoint, deployment, keep)
        return {"EndpointArn": endpoint.arn}

    async def _update_weights_and_capacities(self, request: Document) -> Document:
        counts, weights = (
            {
                each["VariantName"]: each[member]
                for each in request["DesiredWeightsAndCapacities"]
                if member in each
            }
            for member in ("DesiredInstanceCount", "DesiredWeight")
        )
        endpoint = await self.set_capacities(request["EndpointName"], counts, weights)
        return {"EndpointArn": endpoint.arn}

    async def _delete_endpoint(self, request: Document) -> Document:
        endpoint = self.all.get(request["EndpointName"])

        def gone() -> None:
            self.all.remove(endpoint.name)
            self._tags.forget(endpoint.arn)

        self._lifecycle.delete(endpoint, gone)
        return {}

    def _deployment(self, request: Document, guardrails: Document | None) -> Deployment:
        config = self._catalogue.configs.get(request["EndpointConfigName"])
        known = self._catalogue.models
        models = {each.model_name: known.get(each.model_name) for each in config.variants}
        if words := self._faults.take("refuse_next_creation"):
            raise AwsError("ResourceLimitExceeded", words)
        return Deployment(config, models, guardrails)

    def _require_deregistered(self, endpoint: Endpoint, config: EndpointConfig) -> None:
        """A scalable target stands for a variant on one type of instance."""
        kept = {(each.name, each.instance_type) for each in config.variants}
        lost = [
            each.name
            for each in endpoint.config.variants
            if (each.name, each.instance_type) not in kept
            and self.is_scalable_target(endpoint.name, each.name)
        ]
        if lost:
            raise validation_exception(
                f"The variant(s) {json.dumps(lost)} must be deregistered as scalable targets with "
                "AWS Auto Scaling before they can be removed or have their instance type updated."
            )

    @contextmanager
    def _within_quota(self, more: int, config: EndpointConfig) -> Iterator[None]:
        """Keep so many instances for the change in the block: other calls come between.

        Raises:
            AwsError: the account has no such number left.
        """
        used = sum(_instances(endpoint) for endpoint in self.all) + self._granted
        quota = self._quota
        if more > 0 and used + more > quota:
            instance_type = config.variants[0].instance_type
            raise AwsError(
                "ResourceLimitExceeded",
                f"The account-level service limit '{instance_type} for endpoint usage' is {quota} "
                f"Instances, with current utilization of {used} Instances and a request delta of "
                f"{more} Instances. Please use AWS Service Quotas to request an increase for this "
                "quota. If AWS Service Quotas is not available, contact AWS support to request an "
                "increase for this quota.",
            )
        granted = max(more, 0)
        self._granted += granted
        try:
            yield
        finally:
            self._granted -= granted


def _instances(endpoint: Endpoint) -> int:
    """Those of its largest fleet: an update counts as soon as it has begun."""
    return max(each.desired_size for each in endpoint.fleets)


def _wanted(config: EndpointConfig, kept: Mapping[str, int]) -> int:
    """The instances of a configuration, where variants do not keep those that they have."""
    return sum(kept.get(each.name, each.initial_count) for each in config.variants)
