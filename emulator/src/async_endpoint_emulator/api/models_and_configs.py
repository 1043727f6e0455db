"""Models and endpoint configurations: create, describe, list, delete."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime

from async_endpoint_emulator.api.listing import page
from async_endpoint_emulator.api.operations import Operation
from async_endpoint_emulator.api.tags import Tags
from async_endpoint_emulator.deployments.roles import Roles, require_usable
from async_endpoint_emulator.resources import Collection, Container, EndpointConfig, Model, Namer
from async_endpoint_emulator.validation import Document

CheckArtifact = Callable[[str, Container], Awaitable[None]]
"""Given a role and a container, raises AwsError if the role cannot read the container's model."""


class Catalogue:
    """What endpoints are made of."""

    def __init__(
        self,
        roles: Roles,
        check_artifact: CheckArtifact,
        namer: Namer,
        tags: Tags,
    ) -> None:
        self._roles = roles
        self._check_artifact = check_artifact
        self._tags = tags
        self.models: Collection[Model] = Collection("model", "model", namer)
        self.configs: Collection[EndpointConfig] = Collection(
            "endpoint-config", "endpoint configuration", namer
        )

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateModel": self._create_model,
            "DescribeModel": self._describe_model,
            "ListModels": self._list_models,
            "DeleteModel": self._delete_model,
            "CreateEndpointConfig": self._create_endpoint_config,
            "DescribeEndpointConfig": self._describe_endpoint_config,
            "ListEndpointConfigs": self._list_endpoint_configs,
            "DeleteEndpointConfig": self._delete_endpoint_config,
        }

    async def _create_model(self, request: Document) -> Document:
        name = request["ModelName"]
        self.models.require_free(name)
        model = Model(name, self.models.arn(name), datetime.now(UTC), request)
        await require_usable(self._roles, model.role_arn)
        for container in model.containers:
            await self._check_artifact(model.role_arn, container)
        self.models.add(model)
        self._tags.put(model.arn, request.get("Tags", []))
        return {"ModelArn": model.arn}

    async def _describe_model(self, request: Document) -> Document:
        model = self.models.get(request["ModelName"])
        return {"EnableNetworkIsolation": False, **_description("Model", model)}

    async def _list_models(self, request: Document) -> Document:
        return _page("Model", self.models, request)

    async def _delete_model(self, request: Document) -> Document:
        self._tags.forget(self.models.remove(request["ModelName"]).arn)
        return {}

    async def _create_endpoint_config(self, request: Document) -> Document:
        name = request["EndpointConfigName"]
        config = EndpointConfig(name, self.configs.arn(name), datetime.now(UTC), request)
        self.configs.require_free(name)
        for variant in config.variants:
            self.models.get(variant.model_name)
        self.configs.add(config)
        self._tags.put(config.arn, request.get("Tags", []))
        return {"EndpointConfigArn": config.arn}

    async def _describe_endpoint_config(self, request: Document) -> Document:
        return _description("EndpointConfig", self.configs.get(request["EndpointConfigName"]))

    async def _list_endpoint_configs(self, request: Document) -> Document:
        return _page("EndpointConfig", self.configs, request)

    async def _delete_endpoint_config(self, request: Document) -> Document:
        """One that is in use, too: its endpoint serves on, and takes no update any more."""
        self._tags.forget(self.configs.remove(request["EndpointConfigName"]).arn)
        return {}


def _description(kind: str, resource: Model | EndpointConfig) -> Document:
    """What the resource was created with, but its tags."""
    given = {key: value for key, value in resource.document.items() if key != "Tags"}
    return {**given, f"{kind}Arn": resource.arn, "CreationTime": resource.created}


def _page(kind: str, resources: Iterable[Model | EndpointConfig], request: Document) -> Document:
    summaries = [
        {f"{kind}Name": each.name, f"{kind}Arn": each.arn, "CreationTime": each.created}
        for each in resources
    ]
    return page(kind, summaries, request)
