"""The SageMaker API as far as asynchronous endpoints need it.

Every operation validates first, then asks whether the caller may, then looks at what exists.
"""

import json
from collections.abc import Callable, Mapping

from local.sagemaker.catalogue import EndpointConfigs, Models
from local.sagemaker.endpoints import Endpoint
from local.sagemaker.errors import AwsError, validation_exception
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.instances import Platform
from local.sagemaker.lifecycle import Deployment, Lifecycle
from local.sagemaker.listing import page
from local.sagemaker.operations import Operation, require_creation
from local.sagemaker.resources import Collection, EndpointConfig, Namer
from local.sagemaker.tags import Tags
from local.sagemaker.validation import Document, operation_model, validate


class ControlPlane:
    """The API's operations; those on endpoints are its own."""

    def __init__(
        self, platform: Platform, lifecycle: Lifecycle, authoriser: Authoriser, namer: Namer
    ) -> None:
        self._platform = platform
        self._lifecycle = lifecycle
        self._authoriser = authoriser
        self.endpoints: Collection[Endpoint] = Collection("endpoint", "endpoint", namer)
        self._tags = Tags(authoriser)
        self._tags.cover(self.endpoints)
        catalogue = Models(platform, authoriser, namer, self._tags)
        self._models = catalogue.models
        configs = EndpointConfigs(authoriser, namer, self._tags, self._models, self._users_of)
        self._configs = configs.configs
        # Whether a variant of an endpoint is registered with Application Auto Scaling.
        self.is_scalable_target: Callable[[str, str], bool] = lambda endpoint, variant: False
        self._operations: Mapping[str, Operation] = {
            **catalogue.operations,
            **configs.operations,
            "CreateEndpoint": self._create_endpoint,
            "DescribeEndpoint": self._describe_endpoint,
            "ListEndpoints": self._list_endpoints,
            "UpdateEndpoint": self._update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self._update_weights_and_capacities,
            "DeleteEndpoint": self._delete_endpoint,
            "AddTags": self._tags.add,
            "ListTags": self._tags.list_,
            "DeleteTags": self._tags.delete,
        }

    async def call(self, operation: str, document: object, authorization: str | None) -> Document:
        """Runs one operation of the API.

        Raises:
            AwsError: the refusal to send back.
        """
        return await self.perform(
            operation, document, await self._authoriser.identify(authorization)
        )

    async def perform(self, operation: str, document: object, caller: Caller) -> Document:
        """The same, for a caller that is known already: Application Auto Scaling, for example."""
        action = self._operations.get(operation)
        if action is None:
            raise AwsError(
                "UnknownOperationException", f"The emulator does not know {operation}.", 404
            )
        request = validate(operation_model("sagemaker", operation), document, "ValidationException")
        return await action(request, caller)

    async def _create_endpoint(self, request: Document, caller: Caller) -> Document:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        arn = self.endpoints.arn(name)
        await require_creation(self._authoriser, caller, "sagemaker:CreateEndpoint", arn, request)
        await self._authoriser.require(
            caller, "sagemaker:CreateEndpoint", self._configs.arn(config_name)
        )
        self.endpoints.require_free(name)
        deployment = self._deployment(config_name, replaced=0)
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        endpoint = await self._lifecycle.create(name, arn, deployment, tags, self.endpoints.add)
        endpoint.deployment_config = request.get("DeploymentConfig")
        self._tags.put(arn, request.get("Tags", []))
        return {"EndpointArn": arn}

    async def _describe_endpoint(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointName"]
        await self._authoriser.require(
            caller, "sagemaker:DescribeEndpoint", self.endpoints.arn(name)
        )
        return self.endpoints.get(name).describe()

    async def _list_endpoints(self, request: Document, caller: Caller) -> Document:
        await self._authoriser.require(caller, "sagemaker:ListEndpoints", "*")
        summaries = [
            {
                "EndpointName": each.name,
                "EndpointArn": each.arn,
                "CreationTime": each.created,
                "LastModifiedTime": each.modified,
                "EndpointStatus": each.status,
            }
            for each in self.endpoints
        ]
        return page("Endpoints", summaries, request, "EndpointName")

    async def _update_endpoint(self, request: Document, caller: Caller) -> Document:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        arn = self.endpoints.arn(name)
        for resource in (arn, self._configs.arn(config_name)):
            await self._authoriser.require(caller, "sagemaker:UpdateEndpoint", resource)
        endpoint = self.endpoints.get(name)
        self._require_deregistered(endpoint, self._configs.get(config_name))
        deployment = self._deployment(config_name, replaced=endpoint.fleet.desired_size)
        keep = frozenset[str]()
        if request.get("RetainAllVariantProperties"):
            excluded = {
                each["VariantPropertyType"]
                for each in request.get("ExcludeRetainedVariantProperties", [])
            }
            keep = frozenset({"DesiredInstanceCount", "DesiredWeight"} - excluded)
        await self._lifecycle.update(endpoint, deployment, keep)
        if not request.get("RetainDeploymentConfig"):
            endpoint.deployment_config = request.get("DeploymentConfig")
        return {"EndpointArn": arn}

    async def _update_weights_and_capacities(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointName"]
        arn = self.endpoints.arn(name)
        action = "sagemaker:UpdateEndpointWeightsAndCapacities"
        await self._authoriser.require(caller, action, arn)
        endpoint = self.endpoints.get(name)
        counts: dict[str, int] = {}
        weights: dict[str, float] = {}
        for each in request["DesiredWeightsAndCapacities"]:
            variant = each["VariantName"]
            if variant not in endpoint.fleet.desired_counts:
                raise validation_exception(
                    f'Could not find variant "{variant}" of endpoint "{arn}".'
                )
            if "DesiredInstanceCount" in each:
                counts[variant] = each["DesiredInstanceCount"]
            if "DesiredWeight" in each:
                weights[variant] = each["DesiredWeight"]
        wanted = sum({**endpoint.fleet.desired_counts, **counts}.values())
        self._require_quota(wanted - endpoint.fleet.desired_size, endpoint.config)
        await self._lifecycle.set_capacities(endpoint, counts, weights)
        return {"EndpointArn": arn}

    async def _delete_endpoint(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointName"]
        arn = self.endpoints.arn(name)
        await self._authoriser.require(caller, "sagemaker:DeleteEndpoint", arn)
        endpoint = self.endpoints.get(name)

        def gone() -> None:
            self.endpoints.remove(name)
            self._tags.forget(arn)

        self._lifecycle.delete(endpoint, gone)
        return {}

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

    def _users_of(self, config_name: str) -> list[str]:
        return [each.arn for each in self.endpoints if config_name in each.config_names]

    def _deployment(self, config_name: str, replaced: int) -> Deployment:
        config = self._configs.get(config_name)
        models = {each.model_name: self._models.get(each.model_name) for each in config.variants}
        wanted = sum(each.initial_count for each in config.variants)
        self._require_quota(wanted - replaced, config)
        return Deployment(config, models)

    def _require_quota(self, more: int, config: EndpointConfig) -> None:
        used = sum(endpoint.fleet.desired_size for endpoint in self.endpoints)
        quota = self._platform.config.instance_quota
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
