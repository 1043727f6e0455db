"""Models and endpoint configurations: create, describe, list, delete."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from local.sagemaker.artifacts import check_artifact
from local.sagemaker.errors import AwsError, validation_exception
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.instances import Platform
from local.sagemaker.listing import page
from local.sagemaker.operations import Operation, require_creation
from local.sagemaker.resources import Collection, EndpointConfig, Model, Namer
from local.sagemaker.roles import PRINCIPAL, require_usable_role
from local.sagemaker.tags import Tags
from local.sagemaker.validation import Document

_UNSUPPORTED = "One or more endpoint features are not supported using this configuration."


class Models:
    """The four operations on models."""

    def __init__(
        self, platform: Platform, authoriser: Authoriser, namer: Namer, tags: Tags
    ) -> None:
        self._platform = platform
        self._authoriser = authoriser
        self._tags = tags
        self.models: Collection[Model] = Collection("model", "model", namer)
        tags.cover(self.models)

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateModel": self._create_model,
            "DescribeModel": self._describe_model,
            "ListModels": self._list_models,
            "DeleteModel": self._delete_model,
        }

    async def _create_model(self, request: Document, caller: Caller) -> Document:
        name = request["ModelName"]
        arn = self.models.arn(name)
        await require_creation(self._authoriser, caller, "sagemaker:CreateModel", arn, request)
        role_arn = request.get("ExecutionRoleArn")
        if not role_arn:
            raise validation_exception("ExecutionRoleArn is required to create a model.")
        await self._authoriser.require(
            caller, "iam:PassRole", role_arn, {"iam:PassedToService": PRINCIPAL}
        )
        self.models.require_free(name)
        if bool(request.get("PrimaryContainer")) == bool(request.get("Containers")):
            raise validation_exception("Give either PrimaryContainer or Containers.")
        model = Model(name, arn, _now(), request)
        if [each for each in model.containers if "Image" not in each]:
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
        return page("Models", summaries, request, "ModelName")

    async def _delete_model(self, request: Document, caller: Caller) -> Document:
        name = request["ModelName"]
        arn = self.models.arn(name)
        await self._authoriser.require(caller, "sagemaker:DeleteModel", arn)
        self.models.remove(name)
        self._tags.forget(arn)
        return {}


class EndpointConfigs:
    """The four operations on endpoint configurations."""

    def __init__(
        self,
        authoriser: Authoriser,
        namer: Namer,
        tags: Tags,
        models: Collection[Model],
        users: Callable[[str], list[str]],
    ) -> None:
        """`users` answers the ARNs of the endpoints that use a configuration."""
        self._authoriser = authoriser
        self._tags = tags
        self._models = models
        self._users = users
        self.configs: Collection[EndpointConfig] = Collection(
            "endpoint-config", "endpoint configuration", namer
        )
        tags.cover(self.configs)

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateEndpointConfig": self._create_endpoint_config,
            "DescribeEndpointConfig": self._describe_endpoint_config,
            "ListEndpointConfigs": self._list_endpoint_configs,
            "DeleteEndpointConfig": self._delete_endpoint_config,
        }

    async def _create_endpoint_config(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointConfigName"]
        arn = self.configs.arn(name)
        await require_creation(
            self._authoriser, caller, "sagemaker:CreateEndpointConfig", arn, request
        )
        self.configs.require_free(name)
        _require_asynchronous(request)
        names = [each["VariantName"] for each in request["ProductionVariants"]]
        if len(set(names)) != len(names):
            raise validation_exception("Variant names must be unique within a configuration.")
        for variant in request["ProductionVariants"]:
            self._models.get(variant["ModelName"])
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
        return page("EndpointConfigs", summaries, request, "EndpointConfigName")

    async def _delete_endpoint_config(self, request: Document, caller: Caller) -> Document:
        name = request["EndpointConfigName"]
        arn = self.configs.arn(name)
        await self._authoriser.require(caller, "sagemaker:DeleteEndpointConfig", arn)
        self.configs.get(name)
        if users := self._users(name):
            raise AwsError(
                "ResourceInUse",
                f'Cannot delete endpoint configuration "{arn}": {", ".join(users)} uses it.',
            )
        self.configs.remove(name)
        self._tags.forget(arn)
        return {}


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


def _now() -> datetime:
    return datetime.now(UTC)
