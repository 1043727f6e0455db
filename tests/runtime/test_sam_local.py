"""`sam local invoke` in a real Docker, against the local stack.

Needs a Docker daemon and no registry: where AWS's image is missing, the tests make the stand-in.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from local.sam_local import docker, image, stand_in
from local.sam_local.bridge import LABEL
from local.stack.servers import sam_variables
from local.stack.settings import REPOSITORY
from tests.support.samples import Json
from tests.support.stack import RunningStack, command_environment

if (_without := docker.why_unavailable()) is not None:
    pytest.skip(f"`sam local invoke` was not tried: {_without}", allow_module_level=True)

_SECONDS = 200


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """AWS's image where it is; otherwise the stand-in, which is left as it was found."""
    if docker.has_image(image.base_image()):
        yield image.base_image()
    elif docker.has_image(stand_in.name()):
        yield stand_in.name()
    else:
        yield stand_in.build()
        docker.run("rmi", stand_in.name())


def start(stack: RunningStack, base: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local.sam_local", *arguments],
        cwd=REPOSITORY,
        env={**command_environment(stack.settings), "IMAGE": base},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def invoke(stack: RunningStack, base: str, name: str, event: Json) -> tuple[int, str, str]:
    with start(stack, base, "invoke", name, "-") as command:
        out, log = command.communicate(json.dumps(event), timeout=_SECONDS)
    return command.returncode, out, log


def left_behind() -> list[str]:
    label = ("--quiet", "--filter", f"label={LABEL}")
    return (docker.run("ps", "--all", *label) + docker.run("images", *label)).split()


def fresh_success() -> Json:
    """A notification of an inference that no other test has seen."""
    event: Json = json.loads((REPOSITORY / "events/route/completed-via-sqs-raw.json").read_text())
    (record,) = event["Records"]
    known: str = json.loads(record["body"])["inferenceId"]
    record["body"] = record["body"].replace(known, uuid.uuid4().hex)
    return event


@pytest.mark.timeout(2 * _SECONDS)
def test_submit_reaches_sagemaker_and_reconcile_finds_its_record(
    stack: RunningStack, base: str
) -> None:
    request = {"body": uuid.uuid4().hex, "content_type": "text/csv"}

    code, out, log = invoke(stack, base, "submit", {"requests": [request]})

    assert code == 0, log
    (submitted,) = json.loads(out)["requests"]
    assert submitted["status"] == "submitted"

    status_code, status, status_log = invoke(
        stack, base, "reconcile", {"action": "status", "request_id": submitted["request_id"]}
    )

    assert status_code == 0, status_log
    assert json.loads(status)["attempts"][0]["endpoint"] == "relay"
    assert left_behind() == []


@pytest.mark.timeout(_SECONDS)
def test_route_sends_the_result_to_the_queue(stack: RunningStack, base: str) -> None:
    code, out, log = invoke(stack, base, "route", fresh_success())

    assert code == 0, log
    assert json.loads(out) == {"batchItemFailures": []}
    assert '"CompletedRouted":[1.0]' in log


@pytest.mark.timeout(_SECONDS)
def test_provision_asks_sagemaker_with_its_own_role(stack: RunningStack, base: str) -> None:
    code, out, log = invoke(stack, base, "provision", {"action": "describe"})

    assert code == 0, log
    assert json.loads(out)["endpoint"]["status"] == "InService"


@pytest.mark.timeout(_SECONDS)
def test_what_the_function_raises_is_shown_and_is_the_exit_code(
    stack: RunningStack, base: str
) -> None:
    code, out, log = invoke(stack, base, "reconcile", {"action": "dance"})

    assert (code, out) == (1, "")
    assert "reconcile raised PermanentError: action is 'dance'" in log


@pytest.mark.timeout(_SECONDS)
def test_nothing_is_left_when_the_command_is_ended_while_the_function_runs(
    stack: RunningStack, base: str
) -> None:
    with start(stack, base, "invoke", "route", "-") as command:
        assert command.stdin is not None
        command.stdin.write(json.dumps(fresh_success()))
        command.stdin.close()
        _await(lambda: bool(docker.run("ps", "--quiet", "--filter", f"label={LABEL}")))

        command.send_signal(signal.SIGTERM)

        assert command.wait(_SECONDS) == 128 + signal.SIGTERM
    assert left_behind() == []


@pytest.mark.timeout(_SECONDS)
def test_the_commands_that_connect_prints_run_as_they_are(stack: RunningStack, base: str) -> None:
    with _connected(stack, base) as commands:
        refused, _, reason = invoke(stack, base, "route", {})
        done = _shell(commands, sam_variables(stack.settings))

    assert refused == 1
    assert "end `make sam-connect`" in reason
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"batchItemFailures": []}
    assert left_behind() == []


@contextmanager
def _connected(stack: RunningStack, base: str) -> Iterator[str]:
    """Yields the commands for another shell, which are the indented lines of the output."""
    with start(stack, base, "connect") as command:
        assert command.stdout is not None
        lines: list[str] = []
        for line in command.stdout:
            lines += [line] if line.startswith("    ") else []
            if lines and not line.strip():
                break
        yield "".join(lines)

        command.send_signal(signal.SIGINT)

        command.communicate(timeout=_SECONDS)
    assert command.returncode == 0


def _shell(commands: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs them as a developer's shell would, which has no variables of AWS of its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    sams = {k: v for k, v in environment.items() if k in ("SAM_CLI_TELEMETRY", "__SAM_CLI_APP_DIR")}
    return subprocess.run(
        ["/bin/sh", "-e", "-c", commands],
        cwd=REPOSITORY,
        env=own | sams,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def _await(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not look():
        assert time.monotonic() < deadline, f"not within {_SECONDS} s"
        time.sleep(0.05)
