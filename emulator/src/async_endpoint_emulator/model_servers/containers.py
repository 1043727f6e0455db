"""Model servers as child processes: the container contract without containers.

What a container would find at port 8080 and /opt/ml/model comes in SAGEMAKER_BIND_TO_PORT and
SM_MODEL_DIR, because one machine cannot share those between instances. Nothing but the emulator
reaches the port of a container; here every request carries the EMULATOR_TOKEN of the server.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import asyncio
import contextlib
import os
import re
import secrets
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from async_endpoint_emulator.errors import DeploymentFailed, InvalidConfiguration
from async_endpoint_emulator.model_servers import docker_container
from async_endpoint_emulator.model_servers.warden import Warden, signal_group

PYTHON = "{python}"
"""In a command: the emulator's interpreter."""
_PLACEHOLDER = re.compile(r"\{\w+\}")
_LAST_OUTPUT_SECONDS = 1.0
_INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH")

# Variables by which interpreters, loaders, shells, web servers and Docker run code, or choose what
# they run.
_RUNS_CODE = re.compile(
    r"PYTHON.*|LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|PATH|HOME|ENV|BASH_ENV|SHELL|BROWSER|EDITOR"
    r"|PAGER|IFS|PERL5.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH"
    r"|GIT_.*|OPENSSL_.*|DOCKER_.*|GUNICORN_.*|UVICORN_.*|DOTNET_.*|CORECLR_.*|OMP_TOOL_LIBRARIES"
    r"|CUDA_INJECTION.*"
)


class KnownImages:
    """Finds the command that stands for an image. `docker`: any other image runs in Docker."""

    def __init__(self, containers: Mapping[str, str], *, docker: bool = False) -> None:
        self._docker = docker
        self._table: list[tuple[re.Pattern[str], list[str]]] = []
        self.add(containers)

    def add(self, containers: Mapping[str, str]) -> None:
        """Takes further commands, which precede those that are known.

        Raises:
            InvalidConfiguration: one is no regular expression or no command, or has an unknown
                placeholder. None is taken.
        """
        table = []
        for pattern, command in containers.items():
            try:
                words = shlex.split(command)
                table.append((re.compile(pattern), words))
            except (re.error, ValueError) as exc:
                raise InvalidConfiguration(f"containers: {pattern!r}: {exc}") from exc
            if not words:
                raise InvalidConfiguration(f"containers: {pattern!r} has no command")
            for word in words:
                if word != PYTHON and _PLACEHOLDER.fullmatch(word):
                    raise InvalidConfiguration(
                        f"containers: {pattern!r}: {word} is unknown (known: {PYTHON})"
                    )
        self._table = [*table, *self._table]

    def command(self, image: str, variables: Iterable[str] = ()) -> list[str]:
        """The command line for an image URI. `variables` name those of the model's Environment.

        Raises:
            DeploymentFailed: no command stands for it; says what to do.
        """
        for regex, words in self._table:
            if regex.search(image):
                return [sys.executable if each == PYTHON else each for each in words]
        # Docker's command would take such an image for an option.
        if self._docker and not image.startswith("-"):
            return [sys.executable, "-m", docker_container.__name__, image, *variables]
        raise DeploymentFailed(
            f"No local container stands for the image {image}. Add one to the file given with "
            '--config: {"containers": {"<regular expression over the image URI>": "<command>"}}; '
            "the command serves /ping and /invocations on the port in SAGEMAKER_BIND_TO_PORT."
        )


def check_environment(environment: Mapping[str, str]) -> None:
    """Refuses an Environment of an unauthenticated caller, if it could run code.

    In a container it could run the container's code alone. Here it is the user's account that runs.

    Raises:
        DeploymentFailed: names the variables.
    """
    if found := sorted(name for name in environment if _RUNS_CODE.fullmatch(name)):
        raise DeploymentFailed(
            f"The model's Environment sets {', '.join(found)}, which can run code on this machine. "
            "The emulator takes such variables from authenticated callers alone, and does not "
            "authenticate them with --authorise none."
        )


class ModelServer:
    """One running server: a process, and the group of those that it starts."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        port: int,
        token: str,
        warden: Warden,
        output: asyncio.Task[None],
    ) -> None:
        self._process = process
        self.port = port
        self.headers = {"X-Emulator-Token": token}
        """Of every request, by which the server can tell the emulator from other programs."""
        self._warden = warden
        self._output = output
        self._ended = False
        warden.watch(process.pid)

    @classmethod
    async def launch(
        cls,
        command: Sequence[str],
        model_directory: Path,
        environment: Mapping[str, str],
        warden: Warden,
        take: Callable[[str], None],
    ) -> "ModelServer":
        """Starts the server; it is not ready until /ping says so. `take` gets its output by lines.

        It starts in an empty directory, and Python neither imports from there nor from where a
        script lies: what an artifact contains is data until the server reads it.

        Raises:
            DeploymentFailed: the command cannot be executed.
        """
        port, token = _free_port(), secrets.token_urlsafe()
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        contract = {
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "SM_MODEL_DIR": str(model_directory),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
            "EMULATOR_TOKEN": token,
        }
        directory = model_directory.with_name("run")
        directory.mkdir(exist_ok=True)
        # asyncio's own pipe would keep `wait` until every process that holds it has ended.
        reading, writing = os.pipe()
        output = asyncio.create_task(_forward(os.fdopen(reading, "rb"), take))
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=directory,
                env={**inherited, **environment, **contract},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as exc:
            raise DeploymentFailed(f"The local container cannot start: {exc}") from exc
        finally:
            os.close(writing)
        return cls(process, port, token, warden, output)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Waits for the process to end."""
        return await self._process.wait()

    def kill(self) -> None:
        """Ends the processes at once, as a crash would."""
        if not self._ended:
            signal_group(self._process.pid, signal.SIGKILL)

    async def stop(self, grace_seconds: float) -> None:
        """SIGTERM to all processes. SIGKILL to those that are left when the first has ended, as in
        a container, or after the grace period."""
        if self._ended:
            return
        signal_group(self._process.pid, signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        finally:
            self.kill()
        await self._process.wait()
        self._ended = True
        self._warden.forget(self._process.pid)
        # A process that has left the group may hold the pipe for ever.
        await asyncio.wait({self._output}, timeout=_LAST_OUTPUT_SECONDS)
        self._output.cancel()


async def _forward(pipe: BinaryIO, take: Callable[[str], None]) -> None:
    """Passes on what comes through the pipe, until no process holds its other end."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # a line longer than the stream's buffer: drop it, keep reading
                continue
            if not line:
                return
            take(line.decode(errors="replace").rstrip())
    finally:
        transport.close()


def _free_port() -> int:
    """A port on which no server listens at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
