"""The SageMaker API as far as asynchronous endpoints need it.

Every operation validates first, then asks whether the caller may, then looks at what exists.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from local.sagemaker.artifacts import check_artifact
from local.sagemaker.endpoints import Deployment, Endpoint, Lifecycle
from local.sagemaker.errors import AwsError, validation_exception
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.instances import Platform
from local.sagemaker.listing import select
from local.sagemaker.resources import Collection, EndpointConfig, Model, Namer
from local.sagemaker.roles import PRINCIPAL, require_usable_role
from local.sagemaker.tags import Tags
from local.sagemaker.validation import Document, operation_model, validate

Operation = Callable[[Document, Caller], Awaitable[Document]]
_UNSUPPORTED = "One or more endpoint features are not supported using this configuration."


class ControlPlane:
    """Holds models, configurations and endpoints, and everything the API does to them."""

    def __init__(
        self, platform: Platform, lifecycle: Lifecycle, authoriser: Authoriser, namer: Namer
    ) -> None:
        self._platform = platform
        self._lifecycle = lifecycle
        self._authoriser = authoriser
        self._namer = namer
        self.models: Collection[Model] = Collection("model", "model", namer)
        self.configs: Collection[EndpointConfig] = Collection(
            "endpoint-config", "endpoint configuration", namer
        )
        self.endpoints: Collection[Endpoint] = Collection("endpoint", "endpoint", namer)
        self._tags = Tags(authoriser, (self.models, self.configs, self.endpoints))
        self._operations: Mapping[str, Operation] = {
            "CreateModel": self._create_model,
            "DescribeModel": self._describe_model,
            "ListModels": self._list_models,
            "DeleteModel": self._delete_model,
            "CreateEndpointConfig": self._create_endpoint_config,
            "DescribeEndpointConfig": self._describe_endpoint_config,
            "ListEndpointConfigs": self._list_endpoint_configs,
            "DeleteEndpointConfig": self._delete_endpoint_config,
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
        caller = await self._authoriser.identify(authorization)
        action = self._operations.get(operation)
        if action is None:
            raise AwsError(
                "UnknownOperationException", f"The emulator does not know {operation}.", 404
            )
        request = validate(operation_model("sagemaker", operation), document, "ValidationException")
        return await action(request, caller)

    # Models

    async def _create_model(self, request: Document, caller: Caller) -> Document:
        name = request["ModelName"]
        arn = self.models.arn(name)
        await self._require_creation(caller, "sagemaker:CreateModel", arn, request)
        role_arn = request.get("ExecutionRoleArn")
        if not role_arn:
            raise validation_exception("ExecutionRoleArn is required to create a model.")
        await self._authoriser.require(
            caller, "iam:PassRole", role_arn, {"iam:PassedToService": PRINCIPAL}
        )
        self.models.require_free(name)
        containers = [request.get("PrimaryContainer"), *request.get("Containers", [])]
        if len([each for each in containers if each]) != 1:
            raise validation_exception(
                "Give one container, as PrimaryContainer or as the only entry of Containers; "
                "the emulator has no inference pipelines."
            )
        model = Model(name, arn, _now(), request)
        if "Image" not in model.container:
            raise validation_exception("The container needs an Image; model packages are not here.")
        await require_usable_role(self._platform.aws, role_arn)
        if self._platform.config.create_model_checks_artifact:
            self._platform.aws.forget_role(role_arn)
            await check_artifact(self._platform.aws, model)
        self.models.add(model)
        self._tags.put(arn, request.get("Tags", []))
        return {"ModelArn": arn}

    async def _describe_model(self, request: Document, caller: Caller) -> Document:
        name = request["ModelName"]
        await self._authoriser.require(caller, "sagemaker:DescribeModel", self.models.arn(name))
        model = self.models.get(name)
        shown = {key: value for key, value in model.document.items() if key != "Tags"}
        network = model.document.get("EnableNetworkIsolation", False)
        extra = {"ModelArn": model.arn, "CreationTime": model.created}
        return {**shown, **extra, "EnableNetworkIsolation": network}

    async def _list_models(self, request: Document, caller: Caller) -> Document:
        await self._authoriser.require(caller, "sagemaker:ListModels", "*")
        summaries = [
            {"ModelName": each.name, "ModelArn": each.arn, "CreationTime": each.created}
            for each in self.models
        ]
        return _page("Models", *select(summaries, request, "ModelName"))

    async def _delete_model(self, request: Document, caller: Caller) -> Document:
        name = request["ModelName"]
        arn = self.models.arn(name)
        await self._authoriser.require(caller, "sagemaker:DeleteModel", arn)
        self.models.remove(name)
        self._tags.forget(arn)
        return {}

    # Endpoint configurations

    async def _create_endpoint_config(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointConfigName"]
        arn = self.configs.arn(name)
        await self._require_creation(caller, "sagemaker:CreateEndpointConfig", arn, request)
        self.configs.require_free(name)
        _require_asynchronous(request)
        names = [each["VariantName"] for each in request["ProductionVariants"]]
        if len(set(names)) != len(names):
            raise validation_exception("Variant names must be unique within a configuration.")
        for variant in request["ProductionVariants"]:
            self.models.get(variant["ModelName"])
            missing = {"InstanceType", "InitialInstanceCount"} - variant.keys()
            if missing:
                raise validation_exception(
                    f"Variant {variant['VariantName']} needs {' and '.join(sorted(missing))}."
                )
        self.configs.add(EndpointConfig(name, arn, _now(), request))
        self._tags.put(arn, request.get("Tags", []))
        return {"EndpointConfigArn": arn}

    async def _describe_endpoint_config(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointConfigName"]
        await self._authoriser.require(
            caller, "sagemaker:DescribeEndpointConfig", self.configs.arn(name)
        )
        config = self.configs.get(name)
        shown = {key: value for key, value in config.document.items() if key != "Tags"}
        return {**shown, "EndpointConfigArn": config.arn, "CreationTime": config.created}

    async def _list_endpoint_configs(self, request: Document, caller: Caller) -> Document:
        await self._authoriser.require(caller, "sagemaker:ListEndpointConfigs", "*")
        summaries = [
            {
                "EndpointConfigName": each.name,
                "EndpointConfigArn": each.arn,
                "CreationTime": each.created,
            }
            for each in self.configs
        ]
        return _page("EndpointConfigs", *select(summaries, request, "EndpointConfigName"))

    async def _delete_endpoint_config(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointConfigName"]
        arn = self.configs.arn(name)
        await self._authoriser.require(caller, "sagemaker:DeleteEndpointConfig", arn)
        self.configs.get(name)
        for endpoint in self.endpoints:
            if name in endpoint.config_names:
                raise AwsError(
                    "ResourceInUse",
                    f'Cannot delete endpoint configuration "{arn}": the endpoint '
                    f'"{endpoint.arn}" uses it.',
                )
        self.configs.remove(name)
        self._tags.forget(arn)
        return {}

    # Endpoints

    async def _create_endpoint(self, request: Document, caller: Caller) -> Document:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        arn = self.endpoints.arn(name)
        await self._require_creation(caller, "sagemaker:CreateEndpoint", arn, request)
        await self._authoriser.require(
            caller, "sagemaker:CreateEndpoint", self.configs.arn(config_name)
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
        return _page("Endpoints", *select(summaries, request, "EndpointName"))

    async def _update_endpoint(self, request: Document, caller: Caller) -> Document:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        arn = self.endpoints.arn(name)
        for resource in (arn, self.configs.arn(config_name)):
            await self._authoriser.require(caller, "sagemaker:UpdateEndpoint", resource)
        endpoint = self.endpoints.get(name)
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

    async def _require_creation(
        self, caller: Caller, action: str, arn: str, request: Document
    ) -> None:
        await self._authoriser.require(caller, action, arn)
        if request.get("Tags"):
            await self._authoriser.require(caller, "sagemaker:AddTags", arn)

    def _deployment(self, config_name: str, replaced: int) -> Deployment:
        config = self.configs.get(config_name)
        models = {each.model_name: self.models.get(each.model_name) for each in config.variants}
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


def _require_asynchronous(request: Document) -> None:
    if "AsyncInferenceConfig" not in request:
        raise validation_exception(
            "The emulator runs asynchronous endpoints only: the configuration needs an "
            "AsyncInferenceConfig."
        )
    unsupported = {"ShadowProductionVariants", "ExplainerConfig"} & request.keys()
    for variant in request["ProductionVariants"]:
        unsupported |= {"ServerlessConfig", "ManagedInstanceScaling"} & variant.keys()
    if unsupported:
        raise validation_exception(_UNSUPPORTED)


def _page(member: str, summaries: list[Document], token: str | None) -> Document:
    return {member: summaries, **({"NextToken": token} if token else {})}


def _now() -> datetime:
    return datetime.now(UTC)
