"""Models and endpoint configurations: create, describe, list, delete."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from local.sagemaker.errors import AwsError
from local.sagemaker.identity import Authoriser, Caller
from local.sagemaker.listing import page
from local.sagemaker.operations import Operation, require_creation
from local.sagemaker.resources import Collection, Container, EndpointConfig, Model, Namer
from local.sagemaker.roles import PRINCIPAL, Roles
from local.sagemaker.tags import Tags
from local.sagemaker.validation import Document

CheckArtifact = Callable[[str, Container], Awaitable[None]]
"""Given a role and a container, raises AwsError if the role cannot read the container's model."""


class Models:
    """The four operations on models."""

    def __init__(
        self,
        roles: Roles,
        check_artifact: CheckArtifact,
        authoriser: Authoriser,
        namer: Namer,
        tags: Tags,
    ) -> None:
        self._roles = roles
        self._check_artifact = check_artifact
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
        role_arn = request["ExecutionRoleArn"]
        await self._authoriser.require(
            caller, "iam:PassRole", role_arn, {"iam:PassedToService": PRINCIPAL}
        )
        self.models.require_free(name)
        model = Model(name, arn, _now(), request)
        await self._roles.require_usable(role_arn)
        for container in model.containers:
            await self._check_artifact(role_arn, container)
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
        for variant in request["ProductionVariants"]:
            self._models.get(variant["ModelName"])
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


def _now() -> datetime:
    return datetime.now(UTC)
