"""Stand-ins for what provisioning needs beside SageMaker's control plane."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from relay.aws.dynamodb.json_codec import to_json
from relay.errors import AccessDenied, PermanentError, RelayError
from relay.provision.buckets import Notifications
from relay.provision.endpoint import EndpointStatus
from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.ports import LEASE, Lease, Outdated, ResponseNotDelivered
from relay.provision.lifecycle.record import Record
from relay.provision.specification.scaling import Scaling

from tests.support.provisioning.control_plane import FakeClock, FakeSageMaker
from tests.support.provisioning.fuse import Fuse


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
    def __init__(self, fuse: Fuse, clock: FakeClock) -> None:
        self._fuse = fuse
        self._clock = clock
        self.records: dict[str, Record] = {}
        self.taken_away = False
        self.leases: dict[str, datetime] = {}
        # Called before a record is written: another invocation that is quicker.
        self.meanwhile: Callable[[], object] | None = None

    def load(self, endpoint_name: str) -> Record | None:
        with self._fuse.around():
            return self.records.get(endpoint_name)

    def save(self, record: Record) -> Record:
        with self._fuse.around():
            self._require_there("UpdateItem")
            if self.meanwhile:
                meanwhile, self.meanwhile = self.meanwhile, None
                meanwhile()
            stored = self.records.get(record.endpoint_name)
            if (stored.version if stored else 0) != record.version:
                raise Outdated("written meanwhile")
            self.records[record.endpoint_name] = record.next_version()
            return self.records[record.endpoint_name]

    def size(self, record: Record) -> int:
        return len(to_json(record).encode())

    def lease(self, endpoint_name: str) -> Lease | None:
        with self._fuse.around():
            self._require_there("UpdateItem")
            now = self._clock.now()
            if self.leases.get(endpoint_name, now) > now:
                return None
            self.leases[endpoint_name] = now + LEASE
            return Lease(self.records[endpoint_name], now + LEASE)

    def release(self, lease: Lease) -> int:
        with self._fuse.around():
            self._require_there("UpdateItem")
            name = lease.record.endpoint_name
            if self.leases.get(name) != lease.until:
                raise Outdated("leased by another")
            del self.leases[name]
            return self.records[name].version

    def _require_there(self, action: str) -> None:
        if self.taken_away:
            raise AccessDenied(f"no identity-based policy allows the dynamodb:{action} action")


class FakeFailedInvocations:
    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse
        # By their receipts.
        self.bodies: dict[str, str] = {}

    def receive(self) -> Sequence[tuple[str, str]]:
        with self._fuse.around():
            return list(self.bodies.items())[:10]

    def delete(self, receipt: str) -> None:
        with self._fuse.around():
            del self.bodies[receipt]


class FakeBuckets:
    """Buckets by name: each in a region, with its notifications. Others do not exist."""

    def __init__(self) -> None:
        self.regions: dict[str, str] = {}
        self.configurations: dict[str, Notifications] = {}
        # Raised by the calls about these buckets, as long as they are here.
        self.errors: dict[str, RelayError] = {}

    def add(
        self, name: str, *, events: bool = True, others: bool = False, region: str = "us-east-1"
    ) -> None:
        self.regions[name] = region
        self.configurations[name] = Notifications(events, others)

    def region(self, bucket: str) -> str:
        self._require(bucket)
        return self.regions[bucket]

    def notifications(self, bucket: str) -> Notifications:
        self._require(bucket)
        return self.configurations[bucket]

    def _require(self, bucket: str) -> None:
        if bucket in self.errors:
            raise self.errors[bucket]
        if bucket not in self.regions:
            raise PermanentError("NoSuchBucket: The specified bucket does not exist")


class FakeResponder:
    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse
        self.delivered: list[Response] = []
        self.reachable = True
        # What CloudFormation does at once when it has the answer.
        self.on_delivery: Callable[[], None] = lambda: None
        # Request ids are part of the URLs.
        self.objections: dict[str, str] = {}

    def objection(self, stack_id: str, response_url: str) -> str | None:
        return self.objections.get(response_url)

    def deliver(self, answer: Response) -> None:
        with self._fuse.around():
            if not self.reachable:
                raise ResponseNotDelivered("not reachable")
            self.delivered.append(answer)
            self.on_delivery()
