"""Stand-ins for what provisioning needs, and the requests that CloudFormation makes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from relay.delivery.report import Note
from relay.errors import AccessDenied, EndpointNotReady, PermanentError, RelayError
from relay.events.custom_resource import CustomResourceRequest
from relay.events.endpoint_events import (
    ArtifactsUploaded,
    Describe,
    DirectCall,
    Sweep,
    WakeUp,
)
from relay.events.s3 import CreatedObject
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.custom_resource import RequestType, Response
from relay.provision.lifecycle.ports import Outdated, ResponseNotDelivered
from relay.provision.lifecycle.record import Record
from relay.provision.provision import Provision
from relay.provision.specification.api_requests import Flaw, Request
from relay.provision.specification.deployment import Strategy
from relay.provision.specification.existing import Setup
from relay.provision.specification.read import read_specification
from relay.provision.specification.scaling import Scaling
from relay.provision.specification.specification import Specification
from relay.s3uri import S3Uri

REGION = "us-east-1"
ENDPOINT = "relay"
STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/relay/7b1f"
OTHER_STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/other/90aa"

PROPERTIES: dict[str, object] = {
    "ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:relay-provision",
    "EndpointName": ENDPOINT,
    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/relay-EndpointExecutionRole-1A2B",
    "ImageUri": "",
    "Framework": "xgboost",
    "FrameworkVersion": "3.2-0",
    "ModelDataUrl": "s3://models/churn/model.tar.gz",
    "ModelEnvironment": "{}",
    "InstanceType": "ml.m5.large",
    "InstanceCount": "1",
    "MaxConcurrentInvocationsPerInstance": "4",
    "S3OutputPath": "s3://relay-data/outputs",
    "S3FailurePath": "s3://relay-data/failures",
    "S3InputPath": "s3://relay-data/inputs",
    "SuccessTopicArn": "arn:aws:sns:us-east-1:000000000000:sagemaker-relay-success",
    "ErrorTopicArn": "arn:aws:sns:us-east-1:000000000000:sagemaker-relay-error",
    "IncludeInferenceResponseIn": [""],
    "OutputKmsKeyId": "",
    "VolumeKmsKeyId": "",
    "EndpointSpecification": "{}",
    "EndpointMode": "create",
}


def properties(**changes: object) -> dict[str, object]:
    return {**PROPERTIES, **changes}


# The template's parameters with which an idle endpoint scales to zero.
SCALED: dict[str, Any] = {
    "MinInstanceCount": "0",
    "MaxInstanceCount": "4",
    "TargetBacklogPerInstance": "5",
    "ScaleInCooldownSeconds": "300",
    "ScaleOutCooldownSeconds": "120",
}


def specification(**changes: object) -> Specification:
    return read_specification(properties(**changes), REGION)


class Crash(Exception):
    """The function was killed here."""


class Fuse:
    """Counts every call of every port, before and after its effect, and blows at one of them."""

    def __init__(self) -> None:
        self.passed = 0
        self.blows_at: int | None = None

    @contextmanager
    def around(self) -> Iterator[None]:
        self._pass()
        yield
        self._pass()

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self.blows_at:
            raise Crash


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
        # Names that the function's role does not cover.
        self.unreachable: set[str] = set()
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
            if endpoint_name in self.unreachable:
                raise AccessDenied(f"not authorised to describe {endpoint_name}")
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
            tags = cast("list[dict[str, str]]", specification.additions.tags)
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


class FakeAutoscaler:
    """Application Auto Scaling: it knows of endpoints by their names only."""

    def __init__(self, fuse: Fuse, sagemaker: FakeSageMaker) -> None:
        self._fuse = fuse
        self._sagemaker = sagemaker
        self.registered: dict[str, Scaling] = {}
        # Raised by the calls of these names, as long as they are here.
        self.errors: dict[str, RelayError] = {}
        self.calls: list[str] = []
        sagemaker.is_scalable_target = lambda name: name in self.registered

    def register(self, endpoint_name: str, scaling: Scaling) -> None:
        with self._call("register"):
            endpoint = self._sagemaker.endpoints.get(endpoint_name)
            if endpoint is None or endpoint.status is EndpointStatus.CREATING:
                raise PermanentError("the variant does not exist")
            self.registered[endpoint_name] = scaling

    def deregister(self, endpoint_name: str) -> None:
        with self._call("deregister"):
            self.registered.pop(endpoint_name, None)

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        self.calls.append(name)
        with self._fuse.around():
            if name in self.errors:
                raise self.errors[name]
            yield


class FakeRecordStore:
    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse
        self.records: dict[str, Record] = {}
        self.taken_away = False
        # Called before a record is written: another invocation that is quicker.
        self.meanwhile: Callable[[], object] | None = None

    def load(self, endpoint_name: str) -> Record | None:
        with self._fuse.around():
            return self.records.get(endpoint_name)

    def save(self, record: Record) -> Record:
        with self._fuse.around():
            if self.taken_away:
                raise AccessDenied("no identity-based policy allows the dynamodb:PutItem action")
            if self.meanwhile:
                meanwhile, self.meanwhile = self.meanwhile, None
                meanwhile()
            stored = self.records.get(record.endpoint_name)
            if (stored.version if stored else 0) != record.version:
                raise Outdated("written meanwhile")
            self.records[record.endpoint_name] = record.next_version()
            return self.records[record.endpoint_name]


class FakeResponder:
    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse
        self.delivered: list[Response] = []
        self.reachable = True
        # What CloudFormation does at once when it has the answer.
        self.on_delivery: Callable[[], None] = lambda: None

    def deliver(self, answer: Response) -> None:
        with self._fuse.around():
            if not self.reachable:
                raise ResponseNotDelivered("not reachable")
            self.delivered.append(answer)
            self.on_delivery()


@dataclass
class World:
    """A deployment: the function's use case and everything around it."""

    fuse: Fuse = field(default_factory=Fuse)
    clock: FakeClock = field(default_factory=FakeClock)
    endpoint_name: str = ENDPOINT

    def __post_init__(self) -> None:
        self.sagemaker = FakeSageMaker(self.fuse, self.clock)
        self.store = FakeRecordStore(self.fuse)
        self.autoscaler = FakeAutoscaler(self.fuse, self.sagemaker)
        self.responder = FakeResponder(self.fuse)
        self.notes: list[Note] = []

    def reception(self) -> Provision:
        return Provision(
            self.endpoint_name,
            REGION,
            control_plane=self.sagemaker,
            autoscaler=self.autoscaler,
            store=self.store,
            responder=self.responder,
            clock=self.clock,
            journal=self.notes.append,
        )

    def wake(self, wake_up: WakeUp) -> dict[str, object]:
        return self.reception().handle(wake_up)

    def sweep(self) -> None:
        self.clock.pass_minutes(1)
        self.wake(Sweep())

    def run(self, *wake_ups: WakeUp) -> None:
        """Handles these, and lets SageMaker and the sweep do the rest."""
        for wake_up in wake_ups:
            self.wake(wake_up)
            self.settle()

    def settle(self, sweeps: int = 10) -> None:
        for _ in range(sweeps):
            for name in list(self.sagemaker.endpoints):
                self.sagemaker.settle(name)
            self.sweep()

    def describe(self) -> dict[str, Any]:
        return self.wake(Describe())

    @property
    def roll_outs(self) -> list[tuple[str, str]]:
        """The roll-outs that ended, newest first: the origin, and the outcome."""
        described = self.describe()
        history = [described["last_roll_out"], *described["earlier_roll_outs"]]
        return [(each["asked_by"], each["outcome"]) for each in history if each]

    @property
    def answers(self) -> list[Response]:
        return self.responder.delivered

    @property
    def endpoint(self) -> EndpointDescription | None:
        return self.sagemaker.endpoints.get(ENDPOINT)

    def log(self) -> str:
        return "\n".join(f"{note.text} {dict(note.fields)}" for note in self.notes)


def create(request_id: str = "create-1", stack: str = STACK, **changes: object) -> WakeUp:
    return _request(RequestType.CREATE, request_id, stack, "", properties(**changes), {})


def update(
    request_id: str = "update-1",
    *,
    old: Mapping[str, object] | None = None,
    id: str = ENDPOINT,
    stack: str = STACK,
    **changes: object,
) -> WakeUp:
    before = properties(**(old or {}))
    return _request(RequestType.UPDATE, request_id, stack, id, properties(**changes), before)


def delete(
    request_id: str = "delete-1", *, id: str = ENDPOINT, stack: str = STACK, **changes: object
) -> WakeUp:
    return _request(RequestType.DELETE, request_id, stack, id, properties(**changes), {})


def deploy(model_data_url: str = "", **members: object) -> DirectCall:
    """`{"action": "deploy", …}`; asked by the artifact's address by default."""
    if model_data_url:
        members = {"model_data_url": model_data_url, "asked_by": model_data_url} | members
    return DirectCall("deploy", {"action": "deploy", **members})


def rollback(**members: object) -> DirectCall:
    return DirectCall("rollback", {"action": "rollback", "asked_by": "on-call", **members})


def uploaded(
    key: str = "models/churn/model.tar.gz", version: str = "etag-1", order: str = "2026-1"
) -> ArtifactsUploaded:
    """`order` says which upload is the newer one."""
    location, time = S3Uri("relay-data", key), datetime(2026, 3, 1, tzinfo=UTC)
    return ArtifactsUploaded((CreatedObject(location, 7, None, order, time, version),))


def _request(
    request_type: RequestType,
    request_id: str,
    stack: str,
    physical_resource_id: str,
    new: dict[str, object],
    old: dict[str, object],
) -> CustomResourceRequest:
    return CustomResourceRequest(
        type=request_type,
        request_id=request_id,
        response_url=f"https://answers.example/{request_id}?secret",
        stack_id=stack,
        logical_resource_id="Endpoint",
        physical_resource_id=physical_resource_id,
        properties=new,
        old_properties=old,
    )


def without_times(endpoint: EndpointDescription | None) -> EndpointDescription | None:
    return endpoint and replace(endpoint, last_modified=None)
