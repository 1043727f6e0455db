"""SageMaker's control plane: models, endpoint configurations and endpoints of one account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.endpoints import SETTLED, Endpoint, State, arn
from tests.support.aws_fake.errors import invalid
from tests.support.aws_fake.guardrails import require_valid

_WORDS: Final = {
    "model": "model",
    "endpoint-config": "endpoint configuration",
    "endpoint": "endpoint",
}
NO_PING: Final = "The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint."  # noqa: E501


@dataclass
class Durations:
    """How long SageMaker takes, in seconds."""

    creating: float = 240
    updating: float = 300
    rolling_back: float = 120
    scaling: float = 90
    deleting: float = 60


class SageMaker:
    """`lag`: descriptions, and references to what was made, are so many seconds late.

    `broken` are artifacts, or instance types, with which no deployment comes into service; those
    in `stuck` cannot be rolled back either.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lag = 0.0
        self.takes = Durations()
        self.models: dict[str, Document] = {}
        self.configs: dict[str, Document] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.broken: set[str] = set()
        self.stuck: set[str] = set()
        # Names of what somebody else made: no call may change it.
        self.foreign: set[str] = set()
        self.violations: list[str] = []
        self.announce: Callable[[str, str], None] = lambda name, status: None
        self.is_scalable_target: Callable[[str], bool] = lambda name: False
        self._made: dict[tuple[str, str], datetime] = {}

    @property
    def operations(self) -> dict[str, Operation]:
        return {
            "create_model": self._create_model,
            "create_endpoint_config": self._create_endpoint_config,
            "create_endpoint": self._create_endpoint,
            "update_endpoint": self._update_endpoint,
            "update_endpoint_weights_and_capacities": self._update_capacities,
            "describe_endpoint": self._describe_endpoint,
            "describe_endpoint_config": self._describe_endpoint_config,
            "describe_model": self._describe_model,
            "delete_endpoint": self._delete_endpoint,
            "delete_endpoint_config": self._delete_endpoint_config,
            "delete_model": self._delete_model,
            "add_tags": self._add_tags,
            "list_tags": self._list_tags,
        }

    def state(self, name: str) -> State | None:
        """The truth, without any lag."""
        endpoint = self.endpoints.get(name)
        return endpoint.state if endpoint else None

    # --- models and configurations ---------------------------------------------------------------

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
        users = [name for name, each in self.configs.items() if _model_of(each) == ModelName]
        if any(name in self._configs_in_use() for name in users):
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
        if EndpointConfigName in self._configs_in_use():
            self.violations.append(f"configuration {EndpointConfigName} was deleted while in use")
        del self.configs[EndpointConfigName]
        return {}

    # --- endpoints -------------------------------------------------------------------------------

    def _create_endpoint(
        self, *, EndpointName: str, EndpointConfigName: str, **request: Any
    ) -> Document:
        taken = {name: each for name, each in self.endpoints.items() if each.state}
        self._require_free("endpoint", EndpointName, taken)
        config = self._get("endpoint-config", EndpointConfigName, self.configs, late=True)
        self._require_model(config)
        endpoint = self.endpoints.setdefault(EndpointName, Endpoint(EndpointName))
        endpoint.begin(EndpointConfigName, _count_of(config), self._clock.now())
        self._remember("endpoint", EndpointName, request)
        self.announce(EndpointName, "Creating")
        self._clock.after(self.takes.creating, lambda: self._created(endpoint, config))
        return {"EndpointArn": arn("endpoint", EndpointName)}

    def _describe_endpoint(self, *, EndpointName: str) -> Document:
        endpoint = self.endpoints.get(EndpointName)
        state = endpoint.seen(self._clock.now(), self.lag) if endpoint else None
        if state is None:
            raise _missing("endpoint", EndpointName)
        return state.describe()

    def _update_endpoint(
        self,
        *,
        EndpointName: str,
        EndpointConfigName: str,
        RetainAllVariantProperties: bool = False,
        DeploymentConfig: Document | None = None,
    ) -> Document:
        endpoint, state = self._endpoint(EndpointName)
        config = self._get("endpoint-config", EndpointConfigName, self.configs, late=True)
        self._require_model(config)
        retyped = _type_of(config) != _type_of(self.configs.get(state.config))
        if retyped and self.is_scalable_target(EndpointName):
            raise invalid(
                'The variant(s) ["AllTraffic"] must be deregistered as scalable targets with AWS '
                "Auto Scaling before they can be removed or have their instance type updated."
            )
        self._require_settled(state, "update")
        count = state.desired if RetainAllVariantProperties else _count_of(config)
        require_valid(DeploymentConfig, min(state.desired, count))
        self._require_ours(EndpointName, "updated")
        self._require_ours(state.config, "replaced")
        endpoint.pending = EndpointConfigName
        self._change(endpoint, status="Updating", reason="")
        self._clock.after(self.takes.updating, lambda: self._updated(endpoint, config, count))
        return {"EndpointArn": arn("endpoint", EndpointName)}

    def _update_capacities(
        self, *, EndpointName: str, DesiredWeightsAndCapacities: list[Document]
    ) -> Document:
        endpoint, state = self._endpoint(EndpointName)
        self._require_settled(state, "update")
        self._require_ours(EndpointName, "scaled")
        self.scale(EndpointName, DesiredWeightsAndCapacities[0]["DesiredInstanceCount"])
        return {"EndpointArn": arn("endpoint", EndpointName)}

    def _delete_endpoint(self, *, EndpointName: str) -> Document:
        endpoint, state = self._endpoint(EndpointName)
        self._require_settled(state, "delete")
        self._require_ours(EndpointName, "deleted")
        self._require_ours(state.config, "taken out of service")
        self.delete(endpoint)
        return {}

    # --- tags ------------------------------------------------------------------------------------

    def _add_tags(self, *, ResourceArn: str, Tags: list[Document]) -> Document:
        if ResourceArn not in self.tags:
            raise invalid(f'Could not find resource "{ResourceArn}".')
        self.tags[ResourceArn] |= {tag["Key"]: tag["Value"] for tag in Tags}
        return self._list_tags(ResourceArn=ResourceArn)

    def _list_tags(self, *, ResourceArn: str, **_: Any) -> Document:
        tags = self.tags.get(ResourceArn, {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    # --- what happens by itself, or by hand ------------------------------------------------------

    def delete(self, endpoint: Endpoint) -> None:
        """Delete an endpoint in any status."""
        self._change(endpoint, status="Deleting")
        self._clock.after(self.takes.deleting, lambda: self._deleted(endpoint))

    def scale(self, name: str, count: int) -> None:
        """Change the capacity, as Application Auto Scaling does too."""
        endpoint = self.endpoints[name]
        self._change(endpoint, status="Updating", desired=count)
        self._clock.after(self.takes.scaling, lambda: self._scaled(endpoint, count))

    def replace(self, name: str, config: str) -> None:
        """Give an endpoint in service, by hand, a configuration that somebody else made."""
        self.foreign.add(config)
        self.configs[config] = {"ProductionVariants": [{"ModelName": "theirs"}]}
        self._change(self.endpoints[name], config=config)

    def adopt_foreign(self, name: str, config: str, request: Document, since: datetime) -> None:
        """An endpoint in service that somebody else made."""
        self.foreign |= {name, config}
        self.configs[config] = request
        endpoint = self.endpoints.setdefault(name, Endpoint(name))
        endpoint.begin(config, _count_of(request), since)
        endpoint.change(since, status="InService", current=_count_of(request))

    def artifact(self, config: str) -> str:
        """The artifact of a configuration's model."""
        return self._artifact(self.configs.get(config, {"ProductionVariants": [{"ModelName": ""}]}))

    def fail(self, name: str, status: str = "Failed") -> None:
        """Take an endpoint out of service."""
        self._change(self.endpoints[name], status=status, reason="InternalServerError")

    def _created(self, endpoint: Endpoint, config: Document) -> None:
        if self._is_broken(config):
            self._change(endpoint, status="Failed", reason=NO_PING)
        elif endpoint.state:
            self._change(endpoint, status="InService", current=endpoint.state.desired)

    def _updated(self, endpoint: Endpoint, config: Document, count: int) -> None:
        if self._is_broken(config):
            self._change(endpoint, status="RollingBack", reason=NO_PING)
            self._clock.after(
                self.takes.rolling_back, lambda: self._rolled_back(endpoint, self._is_stuck(config))
            )
            return
        name, endpoint.pending = endpoint.pending, ""
        self._change(endpoint, status="InService", config=name, desired=count, current=count)

    def _rolled_back(self, endpoint: Endpoint, stuck: bool) -> None:
        endpoint.pending = ""
        self._change(endpoint, status="UpdateRollbackFailed" if stuck else "InService")

    def _scaled(self, endpoint: Endpoint, count: int) -> None:
        if endpoint.state and endpoint.state.status == "Updating":
            self._change(endpoint, status="InService", current=count)

    def _deleted(self, endpoint: Endpoint) -> None:
        endpoint.vanish(self._clock.now())
        self.tags.pop(arn("endpoint", endpoint.name), None)
        self.announce(endpoint.name, "Deleted")

    def _change(self, endpoint: Endpoint, **changes: object) -> None:
        endpoint.change(self._clock.now(), **changes)
        if endpoint.state:
            self.announce(endpoint.name, endpoint.state.status)

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
            raise _missing(kind, name)
        return known[name]

    def _endpoint(self, name: str) -> tuple[Endpoint, State]:
        endpoint = self.endpoints.get(name)
        if endpoint is None or endpoint.state is None:
            raise _missing("endpoint", name)
        return endpoint, endpoint.state

    def _require_model(self, config: Document) -> None:
        self._get("model", _model_of(config), self.models, late=True)

    def _require_settled(self, state: State, verb: str) -> None:
        where = arn("endpoint", state.name)
        if state.status not in SETTLED:
            raise invalid(f'Cannot {verb} in-progress endpoint "{where}".')
        if state.status == "Failed" and verb == "update":
            raise invalid(f'Cannot update failed endpoint "{where}".')

    def _require_ours(self, name: str, verb: str) -> None:
        """The fake does it all the same; the run ends with a violation."""
        if name in self.foreign:
            self.violations.append(f"{name}, which the relay did not make, was {verb}")

    def _configs_in_use(self) -> set[str]:
        return {name for endpoint in self.endpoints.values() for name in endpoint.configs}

    def _remember(self, kind: str, name: str, request: Document) -> None:
        self._made[kind, name] = self._clock.now()
        self.tags[arn(kind, name)] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}

    def _is_broken(self, config: Document) -> bool:
        return bool({self._artifact(config), _type_of(config)} & (self.broken | self.stuck))

    def _is_stuck(self, config: Document) -> bool:
        return bool({self._artifact(config), _type_of(config)} & self.stuck)

    def _artifact(self, config: Document) -> str:
        model = self.models.get(_model_of(config), {})
        return str(model.get("PrimaryContainer", {}).get("ModelDataUrl", ""))


def _missing(kind: str, name: str) -> Exception:
    return invalid(f'Could not find {_WORDS[kind]} "{arn(kind, name)}".')


def _untagged(request: Document) -> Document:
    return {name: value for name, value in request.items() if name != "Tags"}


def _variant(config: Document | None) -> Document:
    variants: list[Document] = config["ProductionVariants"] if config else [{}]
    return variants[0]


def _model_of(config: Document) -> str:
    return str(_variant(config)["ModelName"])


def _count_of(config: Document) -> int:
    return int(_variant(config)["InitialInstanceCount"])


def _type_of(config: Document | None) -> str:
    return str(_variant(config).get("InstanceType", ""))
