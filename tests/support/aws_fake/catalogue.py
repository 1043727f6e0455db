"""Models and endpoint configurations of one account, and the tags of everything."""

from datetime import datetime
from typing import Any, Final

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.errors import Refused, invalid
from tests.support.aws_fake.services.endpoints import arn

_WORDS: Final = {
    "model": "model",
    "endpoint-config": "endpoint configuration",
    "endpoint": "endpoint",
}


class Catalogue:
    """What endpoints are made of.

    `lag`: descriptions, and references to what was made, are so many seconds late. `violations` are
    calls that AWS carries out and the relay must not make.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lag = 0.0
        self.models: dict[str, Document] = {}
        self.configs: dict[str, Document] = {}
        self.tags: dict[str, dict[str, str]] = {}
        # Names of what another principal made: no call may change it.
        self.foreign: set[str] = set()
        self.violations: list[str] = []
        self._made: dict[tuple[str, str], datetime] = {}

    @property
    def operations(self) -> dict[str, Operation]:
        return {
            "create_model": self._create_model,
            "create_endpoint_config": self._create_endpoint_config,
            "describe_endpoint_config": self._describe_endpoint_config,
            "describe_model": self._describe_model,
            "delete_endpoint_config": self._delete_endpoint_config,
            "delete_model": self._delete_model,
            "add_tags": self._add_tags,
            "list_tags": self._list_tags,
        }

    def artifact(self, config: str) -> str:
        """The artifact of a configuration's model; "" where there is none."""
        found = self.configs.get(config)
        model = self.models.get(model_of(found), {}) if found else {}
        return str(model.get("PrimaryContainer", {}).get("ModelDataUrl", ""))

    def configs_in_use(self) -> set[str]:
        """Overridden where there are endpoints."""
        return set()

    def _create_model(self, *, ModelName: str, **request: Any) -> Document:
        self._require_free("model", ModelName, self.models)
        self.models[ModelName] = request
        self._remember("model", ModelName, request)
        return {"ModelArn": arn("model", ModelName)}

    def _describe_model(self, *, ModelName: str) -> Document:
        model = self._get("model", ModelName, self.models)
        return {"ModelName": ModelName, "ModelArn": arn("model", ModelName), **_untagged(model)}

    def _delete_model(self, *, ModelName: str) -> Document:
        """AWS deletes one that is in use, and the endpoint can no longer scale out."""
        self._get("model", ModelName, self.models)
        self._require_ours(ModelName, "deleted")
        users = [name for name, each in self.configs.items() if model_of(each) == ModelName]
        if any(name in self.configs_in_use() for name in users):
            self.violations.append(f"model {ModelName} was deleted while {users} was in use")
        del self.models[ModelName]
        return {}

    def _create_endpoint_config(self, *, EndpointConfigName: str, **request: Any) -> Document:
        self._require_free("endpoint-config", EndpointConfigName, self.configs)
        for variant in request["ProductionVariants"]:
            self._get("model", variant["ModelName"], self.models, late=True)
        self.configs[EndpointConfigName] = request
        self._remember("endpoint-config", EndpointConfigName, request)
        return {"EndpointConfigArn": arn("endpoint-config", EndpointConfigName)}

    def _describe_endpoint_config(self, *, EndpointConfigName: str) -> Document:
        config = self._get("endpoint-config", EndpointConfigName, self.configs, late=True)
        return {"EndpointConfigName": EndpointConfigName, **_untagged(config)}

    def _delete_endpoint_config(self, *, EndpointConfigName: str) -> Document:
        """AWS deletes one that is in use, and the endpoint can no longer be updated."""
        self._get("endpoint-config", EndpointConfigName, self.configs)
        self._require_ours(EndpointConfigName, "deleted")
        if EndpointConfigName in self.configs_in_use():
            self.violations.append(f"configuration {EndpointConfigName} was deleted while in use")
        del self.configs[EndpointConfigName]
        return {}

    def _add_tags(self, *, ResourceArn: str, Tags: list[Document]) -> Document:
        if ResourceArn not in self.tags:
            raise invalid(f'Could not find resource "{ResourceArn}".')
        self.tags[ResourceArn] |= {tag["Key"]: tag["Value"] for tag in Tags}
        return self._list_tags(ResourceArn=ResourceArn)

    def _list_tags(self, *, ResourceArn: str, **_: Any) -> Document:
        tags = self.tags.get(ResourceArn, {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def tags_of(self, kind: str, name: str) -> dict[str, str]:
        return self.tags.get(arn(kind, name), {})

    # --- refusals --------------------------------------------------------------------------------

    def _require_free(self, kind: str, name: str, known: dict[str, Any]) -> None:
        if name.lower() in {each.lower() for each in known}:
            raise invalid(f'Cannot create already existing {_WORDS[kind]} "{arn(kind, name)}".')

    def _get(
        self, kind: str, name: str, known: dict[str, Document], *, late: bool = False
    ) -> Document:
        made = self._made.get((kind, name))
        too_early = late and made and (self._clock.now() - made).total_seconds() < self.lag
        if name not in known or too_early:
            raise missing(kind, name)
        return known[name]

    def _require_model(self, config: Document) -> None:
        self._get("model", model_of(config), self.models, late=True)

    def _require_ours(self, name: str, verb: str) -> None:
        """The fake does it all the same; the run ends with a violation."""
        if name in self.foreign:
            self.violations.append(f"{name}, which the relay did not make, was {verb}")

    def _remember(self, kind: str, name: str, request: Document) -> None:
        self._made[kind, name] = self._clock.now()
        self.tags[arn(kind, name)] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}


def missing(kind: str, name: str) -> Refused:
    return invalid(f'Could not find {_WORDS[kind]} "{arn(kind, name)}".')


def _untagged(request: Document) -> Document:
    return {name: value for name, value in request.items() if name != "Tags"}


def _variant(config: Document | None) -> Document:
    variants: list[Document] = config["ProductionVariants"] if config else [{}]
    return variants[0]


def model_of(config: Document) -> str:
    return str(_variant(config)["ModelName"])


def count_of(config: Document) -> int:
    return int(_variant(config)["InitialInstanceCount"])


def type_of(config: Document | None) -> str:
    return str(_variant(config).get("InstanceType", ""))
