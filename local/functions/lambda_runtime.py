"""Runs a built function exactly as Lambda does, without Docker.

AWS's own Runtime Interface Emulator, which ships inside aws-sam-cli, starts the function through
AWS's own runtime client (`awslambdaric`), initialises it at the first invocation, keeps it between
invocations and enforces its timeout. The function sees its own directory, its layer and the
standard library, and nothing of the virtual environment: as deployed.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import samcli
import urllib3

from local.errors import LocalStackError
from local.functions.lambda_environment import (
    Function,
    link_runtime_client,
    passes,
    python,
    variables,
)
from local.machine.tcp_ports import free_ports, is_served
from local.stack.deployment import ARCHITECTURES

_LOOPBACK = "127.0.0.1"
_INVOCATIONS = "/2015-03-31/functions/function/invocations"

# Ends the emulator, and it the function, and removes the directory that is the first argument, when
# our end of its standard input closes: also when this process is killed. Ends with the emulator.
_GUARD = (
    'exec 3<&0; directory=$1; shift; "$@" < /dev/null 3<&- & emulator=$!; '
    '{ cat <&3 > /dev/null; rm -rf "$directory"; kill "$emulator"; } 2> /dev/null & watcher=$!; '
    'exec 3<&-; wait "$emulator"; kill "$watcher" 2> /dev/null'
)

_READY_SECONDS = 10.0
_STOP_SECONDS = 10.0
_LOG_SECONDS = 2.0
# Starting the runtime and answering, on top of the function's own timeout.
_MARGIN_SECONDS = 20.0
_POLL_SECONDS = 0.01

_INIT_REPORT = re.compile(rb"INIT REPORT\(durationMs: ([0-9.]+)\)")
# Lines of Lambda's own, which have a level of their own.
_LAMBDAS = re.compile(r"(START|END|REPORT) RequestId: ")
_NO_ANSWER = "the function ended without an answer; its log says why"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the handler returned, as JSON."""

    payload: object


@dataclass(frozen=True, slots=True)
class Failure:
    """The handler raised, its module could not be imported, it ran out of time, or it died."""

    error: str
    message: str
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invocation:
    """`log` is what the function wrote, with Lambda's own START, END and REPORT lines.

    `init_milliseconds` is None when the function was warm.
    """

    outcome: Answer | Failure
    log: tuple[str, ...]
    init_milliseconds: float | None


class LambdaRuntime:
    """One execution environment of a function; a context manager.

    Entering starts the emulator. The first invocation initialises the function, further ones find
    it warm, one at a time. Nothing is left running after the block, nor when this process is
    killed.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._port, self._api_port = free_ports(2)

    def __enter__(self) -> Self:
        emulator = find_emulator()
        self._directory = Path(tempfile.mkdtemp(prefix="lambda-runtime-"))
        self._output = self._directory / "output.log"
        self._emulator_log = self._directory / "emulator.log"
        self._output_read = self._emulator_log_read = 0
        with ExitStack() as cleanup:
            cleanup.callback(shutil.rmtree, self._directory, ignore_errors=True)
            self._process = self._start(emulator)
            cleanup.callback(self._stop)
            self._wait_until_ready()
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._cleanup.close()

    def invoke(self, event: object) -> Invocation:
        """Invokes the function synchronously.

        Raises:
            LocalStackError: the emulator itself did not answer.
        """
        seconds = self._function.timeout_seconds + _MARGIN_SECONDS
        url = f"http://{_LOOPBACK}:{self._port}{_INVOCATIONS}"
        try:
            answer = urllib3.request("POST", url, json=event, timeout=seconds, retries=False)
        except urllib3.exceptions.HTTPError as exc:
            raise LocalStackError(
                f"the Lambda runtime emulator did not answer ({exc}). {self._emulator_said()}"
            ) from exc
        log, emulator_log = self._new_logs()
        times = [float(milliseconds) for milliseconds in _INIT_REPORT.findall(emulator_log)]
        return Invocation(read_outcome(answer.data), log, max(times, default=None))

    def _start(self, emulator: Path) -> subprocess.Popen[bytes]:
        runtime = self._directory / "runtime"
        link_runtime_client(runtime)
        function = self._function
        # No -I, which would ignore PYTHONPATH: -S hides every site-packages directory, -s the
        # user's, -P the current directory.
        interpreter = (python(), "-S", "-s", "-P", "-m", "awslambdaric", function.handler)
        addresses = (
            *("--runtime-interface-emulator-address", f"{_LOOPBACK}:{self._port}"),
            *("--runtime-api-address", f"{_LOOPBACK}:{self._api_port}"),
        )
        with self._output.open("wb") as output, self._emulator_log.open("wb") as log:
            return subprocess.Popen(
                [
                    "/bin/sh",
                    "-c",
                    _GUARD,
                    "sh",
                    self._directory,
                    emulator,
                    *addresses,
                    *interpreter,
                ],
                cwd=function.code,
                env=variables(function, runtime),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not is_served(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise LocalStackError(
                    f"the Lambda runtime emulator does not answer on {_LOOPBACK}:{self._port}. "
                    f"{self._emulator_said()}"
                )
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()

    def _new_logs(self) -> tuple[tuple[str, ...], bytes]:
        """What the function and the emulator wrote about this invocation.

        The emulator passes the function's lines on through a pipe, so the last ones may come a
        moment after the answer: waits until the invocation's end is there and nothing more comes.
        """
        deadline = time.monotonic() + _LOG_SECONDS
        seen = -1
        while True:
            output = self._output.read_bytes()[self._output_read :]
            emulator_log = self._emulator_log.read_bytes()[self._emulator_log_read :]
            ended = b"\nREPORT RequestId" in output or b"Invoke DONE failed" in emulator_log
            if (ended and len(output) == seen) or time.monotonic() > deadline:
                break
            seen = len(output)
            time.sleep(_POLL_SECONDS)
        self._output_read += len(output)
        self._emulator_log_read += len(emulator_log)
        text = output.decode(errors="replace").replace("\r", "\n")
        return tuple(filter(self._is_sent, text.splitlines())), emulator_log

    def _is_sent(self, line: str) -> bool:
        """Whether Lambda would send the line on to CloudWatch."""
        own = not _LAMBDAS.match(line) and self._function.log_format == "JSON"
        return bool(line.strip()) and (
            not own or passes(line, self._function.application_log_level)
        )

    def _emulator_said(self) -> str:
        lines = self._emulator_log.read_text(errors="replace").splitlines()[-10:]
        return "It said:\n" + "\n".join(f"    {line}" for line in lines or ["(nothing)"])


def find_emulator() -> Path:
    """The emulator's program for this processor.

    Raises:
        LocalStackError: there is none for this machine.
    """
    processor = ARCHITECTURES.get(platform.machine().lower())
    directory = Path(str(samcli.__file__)).parent / "local" / "rapid"
    program = directory / f"aws-lambda-rie-{processor}"
    if sys.platform != "linux" or not program.exists():
        raise LocalStackError(
            "the Lambda runtime emulator is a Linux program for x86_64 and arm64, and this is "
            f"{sys.platform} on {platform.machine()}: use `sam local invoke`, which runs it in "
            "Docker (docs/how-to/sam-local.md)"
        )
    return program


def read_outcome(body: bytes) -> Answer | Failure:
    """Tells an answer from an error, which Lambda's runtime API puts in the same place.

    An error is an object with `errorType` and `errorMessage`. The emulator writes a timeout as
    plain text, and nothing when the function could not be started.
    """
    try:
        payload: object = json.loads(body)
    except ValueError:
        text = body.decode(errors="replace").strip()
        return Failure("Sandbox.Timedout" if "timed out" in text else "Runtime", text or _NO_ANSWER)
    match payload:
        case {"errorType": str(error), "errorMessage": str(message), **rest}:
            trace = rest.get("stackTrace")
            return Failure(error, message, tuple(trace) if isinstance(trace, list) else ())
    return Answer(payload)
