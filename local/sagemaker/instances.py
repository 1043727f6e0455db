"""One instance behind an endpoint: a model server, and slots that take requests from the queue."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from local.sagemaker.artifacts import install_artifact
from local.sagemaker.aws import Aws
from local.sagemaker.config import Config
from local.sagemaker.containers import KnownImages, ModelServer
from local.sagemaker.errors import DeploymentFailed
from local.sagemaker.queueing import Request, RequestQueue
from local.sagemaker.resources import Model, Variant

log = logging.getLogger("sagemaker")
_PING_TIMEOUT = aiohttp.ClientTimeout(total=2)  # AWS: /ping must answer within two seconds
_FAILED_PINGS = 3

Process = Callable[[Request, "Instance"], Awaitable[None]]


@dataclass(frozen=True)
class Platform:
    """What every instance needs from the emulator."""

    aws: Aws
    config: Config
    images: KnownImages
    http: aiohttp.ClientSession
    work_directory: Path


class Instance:
    """Starts, watches, replaces and retires one model server."""

    def __init__(
        self, platform: Platform, label: str, variant: Variant, model: Model, slots: int
    ) -> None:
        self._platform = platform
        self._label = label
        self._variant = variant
        self._model = model
        self._slots = slots
        self._directory = platform.work_directory / label.replace("/", "_")
        self._server: ModelServer | None = None
        self._watch: asyncio.Task[None] | None = None
        self._workers: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._open = False

    @property
    def url(self) -> str:
        """Where the model server listens."""
        if self._server is None:
            raise RuntimeError("the instance has not been started")
        return self._server.url

    @property
    def role_arn(self) -> str:
        return self._model.role_arn

    async def start(self) -> None:
        """Fetches the artifact, starts the server and waits for its first healthy /ping.

        Raises:
            DeploymentFailed: with the endpoint's FailureReason.
        """
        if len(self._model.containers) > 1:
            raise DeploymentFailed("The emulator takes pipelines of containers, but runs none.")
        command = self._platform.images.command(self._model.image)
        installing = install_artifact(self._platform.aws, self._model, self._directory / "model")
        try:
            await asyncio.wait_for(installing, self._variant.download_timeout)
        except TimeoutError as exc:
            raise DeploymentFailed(
                "Model data download exceeded ModelDataDownloadTimeoutInSeconds "
                f"({self._variant.download_timeout})."
            ) from exc
        await self._launch(command)

    def serve(self, queue: RequestQueue, process: Process) -> None:
        """Begins to take requests."""
        self._open_slots(queue, process)
        self._watch = asyncio.create_task(self._watch_over(queue, process))

    def crash(self) -> None:
        """Kills the model server; the watch replaces it."""
        if self._server is not None:
            self._server.kill()

    async def retire(self) -> None:
        """Takes no more requests, finishes those it has, and stops."""
        self._close_slots()
        if self._watch is not None:
            self._watch.cancel()  # nothing is replaced any more
        try:
            if self._busy:
                await asyncio.wait(set(self._busy))
        finally:  # also when the emulator stops meanwhile
            await self.stop()

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Stops at once; requests in flight are lost, as on an instance that is taken away."""
        self._open = False
        tasks = [task for task in (self._watch, *self._workers) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            grace = self._platform.config.stop_grace_seconds
            await self._server.stop(grace if grace_seconds is None else grace_seconds)
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def _launch(self, command: list[str]) -> None:
        self._server = await ModelServer.launch(
            command, self._directory / "model", self._model.environment, self._label
        )
        try:
            await self._await_first_ping(self._server)
        except BaseException:  # also when the emulator stops meanwhile
            self._server.kill()
            raise

    async def _await_first_ping(self, server: ModelServer) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._variant.startup_timeout
        while not await self._ping():
            if clock() > deadline or not server.running:
                raise DeploymentFailed(
                    f"The primary container for production variant {self._variant.name} did not "
                    "pass the ping health check. Please check CloudWatch logs for this endpoint."
                )
            await asyncio.sleep(0.05)

    async def _ping(self) -> bool:
        try:
            async with self._platform.http.get(f"{self.url}/ping", timeout=_PING_TIMEOUT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _watch_over(self, queue: RequestQueue, process: Process) -> None:
        failed = 0
        while self._server is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait(), self._platform.config.ping_seconds)
            failed = 0 if await self._ping() else failed + 1
            if self._server.running and failed < _FAILED_PINGS:
                continue
            log.warning("instance %s: the model server is gone; replacing it", self._label)
            self._close_slots()
            await self._server.stop(0)
            try:
                await self._launch(self._platform.images.command(self._model.image))
            except DeploymentFailed as exc:
                log.error("instance %s: %s", self._label, exc)
                await asyncio.sleep(self._platform.config.ping_seconds)
                continue
            failed = 0
            self._open_slots(queue, process)

    def _open_slots(self, queue: RequestQueue, process: Process) -> None:
        self._open = True
        for _ in range(self._slots - len(self._workers)):
            task = asyncio.create_task(self._work(queue, process))
            self._workers.add(task)
            task.add_done_callback(self._workers.discard)

    def _close_slots(self) -> None:
        """Idle slots end now, busy ones after their request."""
        self._open = False
        for task in self._workers - self._busy:
            task.cancel()

    async def _work(self, queue: RequestQueue, process: Process) -> None:
        this = asyncio.current_task()
        assert this is not None  # noqa: S101 - runs as a task only
        while self._open:
            request = await queue.get()
            self._busy.add(this)
            try:
                await process(request, self)
            finally:
                self._busy.discard(this)
