"""Connects the containers that `sam local` starts with the local stack, for as long as asked.

A container's 127.0.0.1 is its own, the stack listens on this machine's only, and nothing here may
listen anywhere else. So the connection is made from here: `docker exec` starts one end of a tunnel
inside each container, whose other end runs here, and their pipes are joined.
"""

import hashlib
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from local.machine import interruption
from local.machine.lock import held
from local.sam_local import docker, image, tunnel
from local.stack.settings import REPOSITORY, StackSettings

Report = Callable[[str], None]

# Of every image and container that is made here, so that what a killed command left is found.
LABEL = "relay.local-stack"
_RUN = "relay.local-stack.run"
# Of the functions' containers, and not of those in which Docker builds an image.
_FUNCTIONS = "sam.cli.container.type=lambda"

# Ends with our end of its standard input, also when this process is killed.
_GUARDED = '"$@" < /dev/null & cat > /dev/null; kill $!'
_STOP_SECONDS = 5.0


@contextmanager
def connected(settings: StackSettings, base: str, report: Report) -> Iterator[None]:
    """Containers of `image.NAME` reach the local stack inside the block.

    Afterwards no image and no container of it is left, nor what `sam` made of it. One block at a
    time: `sam` gives all that it builds the same name.

    Raises:
        LocalStackError: no Docker, no base image, or another such block is open.
    """
    docker.check()
    ours = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:12]
    run = uuid.uuid4().hex
    with held(
        REPOSITORY / ".local" / "sam-local.machine.lock",
        "another command connects containers to a local stack: end `make sam-connect` with "
        "Ctrl-C, or wait for `make sam-invoke`",
    ):
        try:
            docker.remove_labelled(f"{LABEL}={ours}")
            image.build(base, settings, {LABEL: ours, _RUN: run}, report)
            with _Bridge(settings, f"{_RUN}={run}"):
                yield
        finally:
            with interruption.postponed():
                docker.remove_labelled(f"{LABEL}={ours}")


class _Bridge:
    """Gives every container with a label its tunnel as soon as it starts."""

    def __init__(self, settings: StackSettings, label: str) -> None:
        self._ports = image.ports(settings)
        self._label = label
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> None:
        with interruption.postponed():
            self._events = _start(
                *("/bin/sh", "-c", _GUARDED, "sh", "docker", "events"),
                *("--filter", "type=container", "--filter", "event=start"),
                *("--filter", f"label={self._label}", "--filter", f"label={_FUNCTIONS}"),
                # The subscription may begin a moment after the first container.
                *("--since", "10m", "--format", "{{.Actor.ID}}"),
                stdin=subprocess.PIPE,
            )
            self._reader = threading.Thread(target=self._attach_all, daemon=True)
            self._reader.start()

    def __exit__(self, *_: object) -> None:
        with interruption.postponed():
            _close(self._events.stdin)
            self._reader.join(_STOP_SECONDS)
            for process in (self._events, *self._processes):
                _end(process)
            _close(self._events.stdout)

    def _attach_all(self) -> None:
        assert self._events.stdout is not None  # noqa: S101 - it was opened as a pipe
        for line in self._events.stdout:
            self._attach(line.decode().strip())

    def _attach(self, container: str) -> None:
        program = Path(tunnel.__file__)
        inside = _start(
            *("docker", "exec", "--interactive", container),
            *("python3", "-I", "-S", image.TUNNEL, "accept", *self._ports),
            stdin=subprocess.PIPE,
        )
        outside = _start(
            *(sys.executable, "-I", "-S", str(program), "connect", *self._ports),
            stdin=inside.stdout,
            stdout=inside.stdin,
        )
        # An end notices that the other is gone only when no further process holds the pipe.
        _close(inside.stdin)
        _close(inside.stdout)
        alive = [process for process in self._processes if process.poll() is None]
        self._processes = [*alive, inside, outside]


def _start(
    *command: str, stdin: int | IO[bytes] | None, stdout: int | IO[bytes] | None = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Starts a process that Ctrl-C in this terminal does not reach."""
    return subprocess.Popen(
        command,
        env=docker.environment(),
        stdin=stdin,
        stdout=stdout,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()
