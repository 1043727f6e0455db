"""The control plane in memory: no AWS stand-in, no processes, no time.

For tests of what the API accepts, and of what it makes of it. `accept` in
`async_endpoint_emulator.api.rules` answers the smaller question: what the parameters alone show.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from async_endpoint_emulator.api.callers.identity import Authoriser, Unrestricted, allow
from async_endpoint_emulator.api.control_plane import ControlPlane
from async_endpoint_emulator.clock import Clock
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.deployments.alarms import Alarms
from async_endpoint_emulator.deployments.events import Announce
from async_endpoint_emulator.deployments.lifecycle import Lifecycle
from async_endpoint_emulator.deployments.transitions import Transitions
from async_endpoint_emulator.deployments.variants import Platform
from async_endpoint_emulator.faults import FaultInjector, Faults
from async_endpoint_emulator.inference.hosts import Hosts
from async_endpoint_emulator.inference.meters import Meters
from async_endpoint_emulator.inference.notifications import Answer
from async_endpoint_emulator.inference.processing import Objects, Processor
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.pace import Pace
from async_endpoint_emulator.resources import Container, Model, Namer, Variant
from async_endpoint_emulator.validation import Document

from tests.support.emulator.signed import UNSIGNED

TIMELESS = Config(
    creation_seconds=0,
    update_seconds=0,
    scaling_seconds=0,
    rollback_seconds=0,
    deletion_seconds=0,
    time_factor=0,
    alarm_seconds=0.05,
    instance_quota=1000,
)
ACCOUNT, REGION = "000000000000", "us-east-1"


def rehearse(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Document]:
    """Runs operations one after the other, each when the one before has come to rest.

    Answers are as on the wire, with datetimes. Roles, artifacts, topics and alarms exist.

    Raises:
        AwsError: the first refusal.
    """

    async def run() -> list[Document]:
        rehearsal = Rehearsal()
        try:
            answers = []
            for operation, parameters in calls:
                answers.append(await rehearsal.call(operation, parameters))
                await rehearsal.rest()
            return answers
        finally:
            await rehearsal.close()

    return asyncio.run(run())


class Rehearsal:
    """Inside a running event loop. Each part that would reach out can be replaced."""

    def __init__(
        self,
        config: Config = TIMELESS,
        faults: Faults | None = None,
        *,
        hosts: Hosts | None = None,
        alarms: Alarms | None = None,
        objects: Objects | None = None,
        bus: Announce | None = None,
    ) -> None:
        self.faults = FaultInjector(faults)
        self.counters = Counters()
        self.meters = Meters()
        processor = Processor(
            objects or Nowhere(), REGION, config, self.faults, self.counters, self.meters
        )
        self.clock = Clock()
        platform = Platform(config, hosts or NoHost, processor, self.clock)
        alarms = alarms or _quiet
        self.pace = Pace.of(config.time_factor)
        self._transitions = Transitions(platform, alarms, bus or _silence, self.faults, self.pace)
        self._control_plane = ControlPlane(
            Lifecycle(platform, _any_role, alarms, self._transitions),
            _any_role,
            _trust,
            Authoriser(Unrestricted(), allow),
            self.faults,
            Namer(REGION, ACCOUNT),
            config.instance_quota,
        )
        self.endpoints = self._control_plane.endpoints

    async def call(self, operation: str, parameters: object) -> Document:
        """One operation of the API; raises AwsError."""
        return await self._control_plane.call(operation, parameters, UNSIGNED)

    async def rest(self) -> None:
        """Returns when no endpoint is in transition."""
        for endpoint in self.endpoints.all:
            if endpoint.transition is not None:
                await asyncio.wait([endpoint.transition])

    async def close(self) -> None:
        await self._transitions.close(list(self.endpoints.all), 0)


class NoHost:
    """Comes up at once and answers nothing."""

    def __init__(self, label: str, variant: Variant, model: Model) -> None:
        pass

    async def start(self) -> None:
        pass

    async def restart(self) -> None:
        pass

    async def broken(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def invoke(self, request: Request, payload: bytes) -> Answer:
        return Answer(200, b"", None)

    def kill(self) -> None:
        pass

    async def stop(self, grace_seconds: float | None = None) -> None:
        pass


class Nowhere:
    """S3 and SNS that take everything and keep nothing."""

    async def get_object(self, role_arn: str, location: S3Location, most: int) -> bytes:
        return b""

    async def put_object(
        self,
        role_arn: str,
        location: S3Location,
        body: bytes,
        content_type: str,
        kms_key_id: str | None,
    ) -> None:
        pass

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        pass


async def _any_role(role_arn: str) -> bool:
    return True


async def _quiet(role_arn: str, names: Sequence[str]) -> Mapping[str, str]:
    """Every alarm exists and is OK."""
    return dict.fromkeys(names, "OK")


async def _silence(kind: str, detail: Mapping[str, Any]) -> None:
    pass


async def _trust(role_arn: str, container: Container) -> None:
    pass
