"""SageMaker's control plane: models, endpoint configurations and endpoints of one account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.catalogue import Catalogue, count_of, missing, type_of
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.errors import Refused, invalid
from tests.support.aws_fake.services.endpoints import SETTLED, Endpoint, State, arn
from tests.support.aws_fake.services.guardrails import require_valid

NO_PING: Final = (
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


@dataclass
class Durations:
    """How long SageMaker takes, in seconds."""

    creating: float = 240
    updating: float = 300
    rolling_back: float = 120
    scaling: float = 90
    deleting: float = 60


class SageMaker(Catalogue):
    """`broken` are artifacts, or instance types, with which no deployment comes into service; those
    in `stuck` cannot be rolled back either.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.takes = Durations()
        # Nothing that has begun ends before so many seconds of the run.
        self.not_before = 0.0
        self.endpoints: dict[str, Endpoint] = {}
        # The configurations of the updates that have begun, oldest first.
        self.updates: list[str] = []
        self.broken: set[str] = set()
        self.stuck: set[str] = set()
        # Instance types whose quota is used up.
        self.used_up: set[str] = set()
        self.announce: Callable[[str, str], None] = lambda name, status: None
        self.is_scalable_target: Callable[[str], bool] = lambda name: False

    @property
    def operations(self) -> dict[str, Operation]:
        return {
            **super().operations,
            "create_endpoint": self._create_endpoint,
            "update_endpoint": self._update_endpoint,
            "update_endpoint_weights_and_capacities": self._update_capacities,
            "describe_endpoint": self._describe_endpoint,
            "delete_endpoint": self._delete_endpoint,
        }

    def state(self, name: str) -> State | None:
        """The truth, without any lag."""
        endpoint = self.endpoints.get(name)
        return endpoint.state if endpoint else None

    # --- endpoints -------------------------------------------------------------------------------

    def _create_endpoint(
        self, *, EndpointName: str, EndpointConfigName: str, **request: Any
    ) -> Document:
        taken = {name: each for name, each in self.endpoints.items() if each.state}
        self._require_free("endpoint", EndpointName, taken)
        config = self._get("endpoint-config", EndpointConfigName, self.configs, late=True)
        self._require_model(config)
        self._require_quota(config)
        endpoint = self.endpoints.setdefault(EndpointName, Endpoint(EndpointName))
        endpoint.begin(EndpointConfigName, count_of(config), self._clock.now())
        self._remember("endpoint", EndpointName, request)
        self.announce(EndpointName, "Creating")
        self._then(endpoint, self.takes.creating, partial(self._created, EndpointConfigName))
        return {"EndpointArn": arn("endpoint", EndpointName)}

    def _describe_endpoint(self, *, EndpointName: str) -> Document:
        endpoint = self.endpoints.get(EndpointName)
        state = endpoint.seen(self._clock.now(), self.lag) if endpoint else None
        if state is None:
            raise missing("endpoint", EndpointName)
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
        self._get("endpoint-config", state.config, self.configs)
        retyped = type_of(config) != type_of(self.configs.get(state.config))
        if retyped and self.is_scalable_target(EndpointName):
            raise invalid(
                'The variant(s) ["AllTraffic"] must be deregistered as scalable targets with AWS '
                "Auto Scaling before they can be removed or have their instance type updated."
            )
        self._require_settled(state, "update")
        self._require_quota(config)
        count = state.desired if RetainAllVariantProperties else count_of(config)
        require_valid(DeploymentConfig, min(state.desired, count))
        self._require_ours(EndpointName, "updated")
        self._require_ours(state.config, "replaced")
        self.updates.append(EndpointConfigName)
        endpoint.pending = EndpointConfigName
        self._change(endpoint, status="Updating", reason="")
        self._then(endpoint, self.takes.updating, partial(self._updated, count))
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

    # --- what happens by itself, or by hand ------------------------------------------------------

    def delete(self, endpoint: Endpoint) -> None:
        """Delete an endpoint in any status."""
        self._change(endpoint, status="Deleting")
        self._then(endpoint, self.takes.deleting, self._deleted)

    def scale(self, name: str, count: int) -> None:
        """Change the capacity, as Application Auto Scaling does too."""
        endpoint = self.endpoints[name]
        self._change(endpoint, status="Updating", desired=count)
        self._then(endpoint, self.takes.scaling, partial(self._scaled, count))

    def replace(self, name: str, config: str) -> None:
        """Give an endpoint in service, by hand, a configuration that another principal made."""
        self.foreign.add(config)
        self.configs[config] = {"ProductionVariants": [{"ModelName": "theirs"}]}
        self._change(self.endpoints[name], config=config)

    def adopt_foreign(self, name: str, config: str, request: Document, since: datetime) -> None:
        """An endpoint in service that another principal made."""
        self.foreign |= {name, config}
        self.configs[config] = request
        endpoint = self.endpoints.setdefault(name, Endpoint(name))
        endpoint.begin(config, count_of(request), since)
        endpoint.change(since, status="InService", current=count_of(request))

    def fail(self, name: str, status: str = "Failed") -> None:
        """Take an endpoint out of service."""
        self._change(self.endpoints[name], status=status, reason="InternalServerError")

    def _then(self, endpoint: Endpoint, seconds: float, act: Callable[[Endpoint], None]) -> None:
        """End what has begun, unless something else has changed the endpoint meanwhile."""
        begun = endpoint.state

        def end() -> None:
            if endpoint.state is begun:
                act(endpoint)

        self._clock.after(max(seconds, self.not_before - self._clock.seconds), end)

    def _created(self, config: str, endpoint: Endpoint) -> None:
        if self._is_broken(config):
            self._change(endpoint, status="Failed", reason=NO_PING)
        elif endpoint.state:
            self._change(endpoint, status="InService", current=endpoint.state.desired)

    def _updated(self, count: int, endpoint: Endpoint) -> None:
        name = endpoint.pending
        if self._is_broken(name):
            self._change(endpoint, status="RollingBack", reason=NO_PING)
            self._then(endpoint, self.takes.rolling_back, self._rolled_back)
            return
        endpoint.pending = ""
        self._change(endpoint, status="InService", config=name, desired=count, current=count)

    def _rolled_back(self, endpoint: Endpoint) -> None:
        stuck = bool(self._parts(endpoint.pending) & self.stuck)
        endpoint.pending = ""
        self._change(endpoint, status="UpdateRollbackFailed" if stuck else "InService")

    def _scaled(self, count: int, endpoint: Endpoint) -> None:
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

    def _endpoint(self, name: str) -> tuple[Endpoint, State]:
        endpoint = self.endpoints.get(name)
        if endpoint is None or endpoint.state is None:
            raise missing("endpoint", name)
        return endpoint, endpoint.state

    def _require_settled(self, state: State, verb: str) -> None:
        where = arn("endpoint", state.name)
        if state.status not in SETTLED:
            raise invalid(f'Cannot {verb} in-progress endpoint "{where}".')
        if state.status == "Failed" and verb == "update":
            raise invalid(f'Cannot update failed endpoint "{where}".')

    def _require_quota(self, config: Document) -> None:
        if (type := type_of(config)) in self.used_up:
            raise Refused(
                "ResourceLimitExceeded",
                f"The account-level service limit '{type} for endpoint usage' is 1 Instances, with "
                "current utilization of 1 Instances and a request delta of 1 Instances.",
            )

    def configs_in_use(self) -> set[str]:
        return {name for endpoint in self.endpoints.values() for name in endpoint.configs}

    def _is_broken(self, config: str) -> bool:
        return bool(self._parts(config) & (self.broken | self.stuck))

    def _parts(self, config: str) -> set[str]:
        return {self.artifact(config), type_of(self.configs.get(config))}
