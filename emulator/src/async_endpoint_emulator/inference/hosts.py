"""What stands for the machine behind an instance: the containers of one model, each a process."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import aiohttp

from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.clock import Clock
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.errors import DeploymentFailed
from async_endpoint_emulator.failures import reason
from async_endpoint_emulator.inference.artifacts import install_artifact
from async_endpoint_emulator.inference.invocation import InvocationFailed, ask, model_error
from async_endpoint_emulator.inference.notifications import Answer
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.model_servers.container_logs import ContainerLogs, LogStream
from async_endpoint_emulator.model_servers.containers import (
    KnownImages,
    ModelServer,
    check_environment,
)
from async_endpoint_emulator.model_servers.warden import Warden
from async_endpoint_emulator.resources import Container, Model, Variant

log = logging.getLogger("sagemaker")
_PING_TIMEOUT = aiohttp.ClientTimeout(total=2)  # AWS: /ping must answer within two seconds
_FAILED_PINGS = 3


class Host(Protocol):
    """One instance's machine."""

    async def start(self) -> None:
        """Fetches the artifacts, starts the containers, waits until all of them are healthy.

        Raises:
            DeploymentFailed: with the endpoint's FailureReason.
        """
        ...

    async def restart(self) -> None:
        """Replaces the containers; raises as `start`."""
        ...

    async def broken(self) -> None:
        """Returns when a container has ended or stopped answering /ping."""
        ...

    async def invoke(self, request: Request, payload: bytes) -> Answer:
        """Through all containers, each of which gets the answer of the one before.

        Raises:
            InvocationFailed: one of them failed, or the request's time was over.
        """
        ...

    def kill(self) -> None:
        """Ends the containers at once, as a crash would."""
        ...

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Ends the containers, and deletes their files."""
        ...


Hosts = Callable[[str, Variant, Model], Host]
"""Makes a host, given its label, the variant and its model."""


@dataclass(frozen=True, slots=True)
class Processes:
    """What the hosts share that run model servers as processes."""

    aws: Aws
    config: Config
    images: KnownImages
    http: aiohttp.ClientSession
    work_directory: Path
    logs: ContainerLogs
    warden: Warden
    clock: Clock
    """Of the times that requests may take."""
    authenticated: bool
    """Whether callers of the API have proved who they are."""


@dataclass
class ProcessHost:
    """The containers of one model as processes of this machine."""

    shared: Processes
    label: str
    variant: Variant
    model: Model
    _servers: list[ModelServer] = field(default_factory=list)

    @property
    def _directory(self) -> Path:
        return self.shared.work_directory / self.label.replace("/", "_")

    async def start(self) -> None:
        self._require_images()
        if not self.shared.authenticated:
            for container in self.model.containers:
                check_environment(container.environment)
        aws, limits = self.shared.aws, self.shared.config.archives
        installing = asyncio.gather(
            *(
                install_artifact(aws, self.model.role_arn, each, self._files_of(each), limits)
                for each in self.model.containers
            )
        )
        try:
            await asyncio.wait_for(installing, self.variant.download_timeout)
        except TimeoutError as exc:
            raise DeploymentFailed(self._reason("download_timeout")) from exc
        await self._launch()

    async def restart(self) -> None:
        await asyncio.gather(*(server.stop(0) for server in self._servers))
        await self._launch()

    async def broken(self) -> None:
        watches = [asyncio.create_task(self._broken(server)) for server in self._servers]
        try:
            await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for watch in watches:
                watch.cancel()

    async def invoke(self, request: Request, payload: bytes) -> Answer:
        answer = Answer(200, payload, request.content_type)
        http, name_it = self.shared.http, self.shared.config.pass_inference_id
        name = ""
        try:
            async with self.shared.clock.timeout(request.timeout_seconds):
                for server, container in zip(self._servers, self.model.containers, strict=False):
                    name = container.hostname if self._is_pipeline else "primary"
                    answer = await ask(
                        http, server, request, answer, container=name, name_it=name_it
                    )
        except TimeoutError as exc:
            failure = model_error(
                0,
                detail=f"timed out while waiting for a response from container {name} after "
                f"{request.timeout_seconds} seconds",
            )
            self._explain(request, failure)
            raise failure from exc
        except InvocationFailed as failure:
            self._explain(request, failure)
            raise
        return answer

    def kill(self) -> None:
        for server in self._servers:
            server.kill()

    async def stop(self, grace_seconds: float | None = None) -> None:
        grace = self.shared.config.stop_grace_seconds if grace_seconds is None else grace_seconds
        await asyncio.gather(*(server.stop(grace) for server in self._servers))
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    def _require_images(self) -> None:
        for container in self.model.containers:
            try:
                self.shared.images.command(container.image)
            except DeploymentFailed as exc:
                raise DeploymentFailed(f"{self._reason('image')} ({exc})") from exc

    def _files_of(self, container: Container) -> Path:
        if not self._is_pipeline:
            return self._directory / "model"
        return self._directory / container.label / "model"

    async def _launch(self) -> None:
        self._servers = []
        try:
            for container in self.model.containers:
                self._servers.append(
                    await ModelServer.launch(
                        self.shared.images.command(container.image, container.environment),
                        self._files_of(container),
                        container.environment,
                        self.shared.warden,
                        self._output_of(container),
                    )
                )
            await asyncio.gather(*(self._await_health(each) for each in self._servers))
        except BaseException:  # also when the emulator stops meanwhile
            self.kill()
            raise

    @property
    def _is_pipeline(self) -> bool:
        return len(self.model.containers) > 1

    def _output_of(self, container: Container) -> Callable[[str], None]:
        """Takes lines into the emulator's log and into CloudWatch Logs."""
        further = [container.hostname] if self._is_pipeline else []
        label = "/".join((self.label, *further))
        stream = LogStream.of(self.model.role_arn, self.label, *further)

        def take(line: str) -> None:
            log.info("container %s: %s", label, line)
            self.shared.logs.write(stream, line)

        return take

    def _explain(self, request: Request, failure: InvocationFailed) -> None:
        """Writes into both logs why the request failed."""
        log.info("request %s: %s", request.inference_id, failure.detail)
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        self.shared.logs.write(
            LogStream.of(self.model.role_arn, self.label, "data-log"),
            f"{moment}:[sagemaker logs] [{request.inference_id}] {failure.detail}",
        )

    async def _await_health(self, server: ModelServer) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.variant.startup_timeout
        while not await self._ping(server):
            if clock() > deadline or not server.running:
                raise DeploymentFailed(self._reason("health_check"))
            await asyncio.sleep(0.05)

    async def _broken(self, server: ModelServer) -> None:
        failed = 0
        while failed < _FAILED_PINGS:
            try:
                await asyncio.wait_for(server.wait(), self.shared.config.ping_seconds)
            except TimeoutError:
                failed = 0 if await self._ping(server) else failed + 1
            else:
                return

    async def _ping(self, server: ModelServer) -> bool:
        url, http = f"{server.url}/ping", self.shared.http
        try:
            async with http.get(url, headers=server.headers, timeout=_PING_TIMEOUT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, ValueError):  # whatever a container answers
            return False

    def _reason(self, kind: str) -> str:
        variant = self.variant
        return reason(kind, variant=variant.name, seconds=variant.download_timeout)
