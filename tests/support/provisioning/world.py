"""Provision over the fakes: a deployment, and everything around it."""

from dataclasses import dataclass, field, replace
from typing import Any

from relay.delivery.report import Note
from relay.events.endpoint_events import Describe, Sweep, WakeUp
from relay.provision.buckets import UploadEvents
from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle.custom_resource import Response
from relay.provision.provision import Provision

from tests.support.provisioning.control_plane import FakeClock, FakeSageMaker
from tests.support.provisioning.fuse import Fuse
from tests.support.provisioning.ports import (
    FakeAutoscaler,
    FakeBuckets,
    FakeFailedInvocations,
    FakeRecordStore,
    FakeResponder,
)
from tests.support.provisioning.properties import ENDPOINT, REGION


@dataclass
class World:
    """A deployment: the function's use case and everything around it."""

    fuse: Fuse = field(default_factory=Fuse)
    clock: FakeClock = field(default_factory=FakeClock)
    endpoint_name: str = ENDPOINT
    roll_out_uploads: bool = True
    uploads: UploadEvents = UploadEvents("", ("inputs/",))

    def __post_init__(self) -> None:
        self.sagemaker = FakeSageMaker(self.fuse, self.clock)
        self.store = FakeRecordStore(self.fuse, self.clock)
        self.autoscaler = FakeAutoscaler(self.fuse, self.sagemaker)
        self.responder = FakeResponder(self.fuse)
        self.failed = FakeFailedInvocations(self.fuse)
        self.buckets = FakeBuckets()
        self.notes: list[Note] = []

    def reception(self) -> Provision:
        return Provision(
            self.endpoint_name,
            REGION,
            roll_out_uploads=self.roll_out_uploads,
            uploads=self.uploads,
            control_plane=self.sagemaker,
            autoscaler=self.autoscaler,
            store=self.store,
            responder=self.responder,
            failed=self.failed,
            buckets=self.buckets,
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


def without_times(endpoint: EndpointDescription | None) -> EndpointDescription | None:
    return endpoint and replace(endpoint, last_modified=None)
