"""Model servers as child processes: the container contract without containers.

What a container would find at port 8080 and /opt/ml/model comes in SAGEMAKER_BIND_TO_PORT and
SM_MODEL_DIR, because one machine cannot share those between instances.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import asyncio
import contextlib
import logging
import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from async_endpoint_emulator.errors import DeploymentFailed

log = logging.getLogger("sagemaker")
_INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH")

# Variables by which interpreters, loaders and shells run code, or choose what they run.
_RUNS_CODE = re.compile(
    r"PYTHON.*|LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|PATH|HOME|ENV|BASH_ENV|SHELL|BROWSER|EDITOR"
    r"|PAGER|IFS|PERL5.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH"
    r"|GIT_.*|OPENSSL_.*"
)


class KnownImages:
    """Finds the command that stands for an image."""

    def __init__(self, containers: Mapping[str, str]) -> None:
        self._table = [(re.compile(pattern), command) for pattern, command in containers.items()]

    def command(self, image: str) -> list[str]:
        """The command line for an image URI.

        Raises:
            DeploymentFailed: no command stands for it; says what to do.
        """
        for regex, command in self._table:
            if regex.search(image):
                return [sys.executable if w == "{python}" else w for w in shlex.split(command)]
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
    """One running server process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, label: str) -> None:
        self._process = process
        self.port = port
        self._log_task = asyncio.create_task(self._forward_output(label))

    @classmethod
    async def launch(
        cls,
        command: Sequence[str],
        model_directory: Path,
        environment: Mapping[str, str],
        label: str,
    ) -> "ModelServer":
        """Starts the server; it is not ready until /ping says so.

        It starts in an empty directory, and Python neither imports from there nor from where a
        script lies: what an artifact contains is data until the server reads it.

        Raises:
            DeploymentFailed: the command cannot be executed.
        """
        port = _free_port()
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        contract = {
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "SM_MODEL_DIR": str(model_directory),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
            "EMULATOR_PID": str(os.getpid()),  # whose end should be the server's end
        }
        directory = model_directory.with_name("run")
        directory.mkdir(exist_ok=True)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=directory,
                env={**inherited, **environment, **contract},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as exc:
            raise DeploymentFailed(f"The local container cannot start: {exc}") from exc
        return cls(process, port, label)

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
        """Ends the process at once, as a crash would."""
        self._signal(signal.SIGKILL)

    async def stop(self, grace_seconds: float) -> None:
        """SIGTERM, and SIGKILL after the grace period."""
        self._signal(signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_seconds)
        finally:
            self.kill()
        await self._process.wait()
        await self._log_task

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            if self.running:
                self._process.send_signal(number)

    async def _forward_output(self, label: str) -> None:
        assert self._process.stdout is not None  # noqa: S101 - opened with a pipe
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # a line longer than the stream's buffer: drop it, keep reading
                continue
            if not line:
                return
            log.info("container %s: %s", label, line.decode(errors="replace").rstrip())


def _free_port() -> int:
    """A port on which no server listens at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
