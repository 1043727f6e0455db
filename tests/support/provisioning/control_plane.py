"""SageMaker's control plane in memory, for tests of provisioning."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from relay.errors import EndpointNotReady, PermanentError, RelayError
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.ports import ServingConfigGone
from relay.provision.specification.api_requests import Flaw, Request
from relay.provision.specification.deployment import Strategy
from relay.provision.specification.existing import Setup
from relay.provision.specification.specification import Specification

from tests.support.provisioning.fuse import Fuse
from tests.support.provisioning.properties import ENDPOINT, REGION


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def pass_minutes(self, minutes: float) -> None:
        self.time += timedelta(minutes=minutes)


class FakeSageMaker:
    """One account's control plane; its endpoints move on only when a test says so."""

    def __init__(self, fuse: Fuse, clock: FakeClock) -> None:
        self._fuse = fuse
        self._clock = clock
        # Configurations that the relay did not create.
        self.setups: dict[str, Setup] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.models: dict[str, Specification] = {}
        self.configs: dict[str, Specification] = {}
        self.endpoints: dict[str, EndpointDescription] = {}
        self.pending: dict[str, str] = {}
        self.retained: list[bool] = []
        # Given at last, other than by a configuration.
        self.instance_counts: dict[str, int] = {}
        # Desired instances of each endpoint, and those that an update under way leads to.
        self.counts: dict[str, int] = {}
        self._pending_counts: dict[str, int] = {}
        # Alarms in ALARM, whatever the reason: they end every deployment that watches them.
        self.in_alarm: set[str] = set()
        # What UpdateEndpoint was called with, oldest first.
        self.updates: list[Specification] = []
        # Artifacts with which no container ever answers a ping.
        self.broken: set[str | None] = set()
        # Raised by the calls of these names, as long as they are here.
        self.errors: dict[str, RelayError] = {}
        self.calls: list[str] = []
        # Whether a variant of the endpoint of this name is a scalable target.
        self.is_scalable_target: Callable[[str], bool] = lambda name: False

    # --- the port --------------------------------------------------------------------------------

    def flaws(self, operation: str, request: Request) -> Iterable[Flaw]:
        return ()

    def describe(self, endpoint_name: str) -> EndpointDescription:
        with self._call("describe"):
            absent = EndpointDescription(endpoint_name, EndpointStatus.ABSENT)
            return self.endpoints.get(endpoint_name, absent)

    def describe_config(self, name: str) -> Setup:
        with self._call("describe_config"):
            return self.setups[name]

    def create_model(self, specification: Specification) -> None:
        with self._call("create_model"):
            self.models[specification.generation.model] = specification

    def create_config(self, specification: Specification) -> None:
        with self._call("create_config"):
            if specification.generation.model not in self.models:
                raise PermanentError("no such model")
            self.configs[specification.generation.config] = specification

    def create_endpoint(self, specification: Specification) -> None:
        with self._call("create_endpoint"):
            name, config = specification.endpoint_name, specification.generation.config
            if config not in self.configs:
                raise PermanentError("no such configuration")
            if name not in self.endpoints:
                self.counts[name] = specification.instance_count
                self._put(name, config, EndpointStatus.CREATING)

    def tag(self, endpoint_arn: str, specification: Specification) -> None:
        with self._call("tag"):
            tags = cast("list[dict[str, str]]", specification.tags)
            known = self.tags.setdefault(endpoint_arn, {})
            known.update({tag["Key"]: tag["Value"] for tag in tags})

    def update_endpoint(self, specification: Specification, *, retain_capacity: bool) -> None:
        with self._call("update_endpoint"):
            endpoint = self.endpoints[specification.endpoint_name]
            if endpoint.status.changing:
                raise EndpointNotReady("in progress")
            if endpoint.status is EndpointStatus.FAILED:
                raise PermanentError("a failed endpoint can only be deleted")
            if specification.generation.config not in self.configs:
                raise PermanentError("no such configuration")
            if endpoint.config not in self.configs:
                raise ServingConfigGone("could not find the configuration in service")
            before = self.configs[endpoint.config].instance_type
            retyped = specification.instance_type != before
            if retyped and self.is_scalable_target(endpoint.name):
                raise PermanentError("must be deregistered before its instance type is updated")
            before_count = self.counts[endpoint.name]
            after_count = before_count if retain_capacity else specification.instance_count
            require_sensible(specification, min(before_count, after_count))
            self._pending_counts[endpoint.name] = after_count
            self.retained.append(retain_capacity)
            self.updates.append(specification)
            self.pending[endpoint.name] = specification.generation.config
            self._put(endpoint.name, endpoint.config, EndpointStatus.UPDATING)

    def set_instance_count(self, endpoint_name: str, count: int) -> None:
        with self._call("set_instance_count"):
            endpoint = self.endpoints[endpoint_name]
            if endpoint.status.changing:
                raise EndpointNotReady("in progress")
            self.instance_counts[endpoint_name] = self.counts[endpoint_name] = count
            self._put(endpoint_name, endpoint.config, EndpointStatus.UPDATING)

    def delete_endpoint(self, endpoint_name: str) -> None:
        with self._call("delete_endpoint"):
            endpoint = self.endpoints.get(endpoint_name)
            if endpoint and endpoint.status.changing:
                raise EndpointNotReady("in progress")
            assert not self.is_scalable_target(endpoint_name), "a scalable target is left behind"
            if endpoint:
                self._put(endpoint_name, endpoint.config, EndpointStatus.DELETING)

    def delete_config(self, name: str) -> None:
        with self._call("delete_config"):
            in_use = {endpoint.config for endpoint in self.endpoints.values()}
            assert name not in in_use | set(self.pending.values()), "a configuration in use"
            self.configs.pop(name, None)

    def delete_model(self, name: str) -> None:
        with self._call("delete_model"):
            used = {config.generation.model for config in self.configs.values()}
            assert name not in used, "a model in use"
            self.models.pop(name, None)

    # --- what happens to endpoints ---------------------------------------------------------------

    def exists(
        self, config: str, status: EndpointStatus = EndpointStatus.IN_SERVICE, name: str = ENDPOINT
    ) -> None:
        """An endpoint that was there before."""
        self.counts.setdefault(name, 1)
        self._put(name, config, status)

    def scaled_to(self, count: int, name: str = ENDPOINT) -> None:
        """Application Auto Scaling has changed the capacity of an endpoint in service."""
        self.counts[name] = count
        self._put(name, self.endpoints[name].config, EndpointStatus.IN_SERVICE)

    def settle(self, name: str = ENDPOINT) -> None:
        """SageMaker finishes what it is doing, successfully."""
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            return
        if endpoint.status is EndpointStatus.DELETING:
            del self.endpoints[name]
        elif endpoint.status.changing:
            config = self.pending.get(name, endpoint.config)
            if config in self.configs and self.configs[config].model_data_url in self.broken:
                created = endpoint.status is EndpointStatus.CREATING
                outcome = EndpointStatus.FAILED if created else EndpointStatus.IN_SERVICE
                self.becomes(outcome, "no ping", name)
            elif name in self.pending and self.in_alarm & {*self.updates[-1].deployment.alarms}:
                self.becomes(EndpointStatus.IN_SERVICE, "an alarm is in ALARM", name)
            else:
                self.pending.pop(name, None)
                self.counts[name] = self._pending_counts.pop(name, self.counts[name])
                self._put(name, config, EndpointStatus.IN_SERVICE)

    def becomes(self, status: EndpointStatus, reason: str = "", name: str = ENDPOINT) -> None:
        """SageMaker finishes otherwise; an update that does leaves the old configuration."""
        self.pending.pop(name, None)
        self._pending_counts.pop(name, None)
        self._put(name, self.endpoints[name].config, status, reason)

    def _put(self, name: str, config: str, status: EndpointStatus, reason: str = "") -> None:
        self._clock.pass_minutes(0.01)
        arn = f"arn:aws:sagemaker:{REGION}:000000000000:endpoint/{name}"
        count = self.counts[name]
        self.endpoints[name] = EndpointDescription(
            name, status, arn, config, reason, self._clock.now(), count, count
        )

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        self.calls.append(name)
        with self._fuse.around():
            if name in self.errors:
                raise self.errors[name]
            yield


def require_sensible(specification: Specification, count: int) -> None:
    """Refuses a deployment that so many instances cannot follow."""
    deployment = specification.deployment
    if not deployment.plain and count == 0:
        raise PermanentError("there is no instance to deploy from")
    if deployment.strategy is not Strategy.ALL_AT_ONCE and count == 1:
        raise PermanentError("a step must be at most half of the instances")
