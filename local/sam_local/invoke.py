"""One built function on one event, by the real `sam local invoke`, against the local stack."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local.errors import LocalStackError
from local.functions.deployed import configuration, logical_id, rebuild_if_changed, role_session
from local.functions.invoke import report
from local.functions.lambda_runtime import Invocation, read_outcome
from local.machine import interruption
from local.sam_local import docker, image
from local.sam_local.bridge import connected
from local.stack.clients import Clients
from local.stack.deployment import machine_parameters
from local.stack.servers import sam_variables
from local.stack.settings import REPOSITORY, StackSettings
from local.stack.stack import Stack

_STOP_SECONDS = 20.0


def invoke(name: str, event: object, settings: StackSettings, base: str) -> Invocation:
    """Runs a function in Docker, with the deployed one's variables and its role's credentials.

    Its log goes to standard error as it is written.

    Raises:
        LocalStackError: no stack is up, no Docker, no image; or `sam` failed, not the function.
    """
    check_stack(settings)
    clients = Clients(settings)
    with (
        connected(settings, base, report),
        tempfile.TemporaryDirectory(prefix="sam-", dir=settings.temporary) as directory,
    ):
        rebuild_if_changed(settings, clients, report)
        deployed = configuration(name, clients)
        variables = Path(directory) / "variables.json"
        declared = deployed.get("Environment", {}).get("Variables", {})
        variables.write_text(json.dumps({logical_id(name): declared}))
        answer = _sam_local_invoke(
            arguments(name, settings, variables),
            {
                **docker.environment(),
                **sam_variables(settings),
                # `sam` passes the credentials of its own environment.
                **role_session(deployed["Role"], name, clients),
                # When it is ended while it builds an image, it leaves a lock there, for which the
                # next one would wait four minutes.
                "TMPDIR": directory,
            },
            event,
        )
    return Invocation(read_outcome(answer), log=(), init_milliseconds=None)


def check_stack(settings: StackSettings) -> None:
    """Raises LocalStackError when no local stack is up."""
    if not Stack(settings).running:
        raise LocalStackError("no local stack is up: `make up` starts one")


def arguments(name: str, settings: StackSettings, variables: Path) -> tuple[str, ...]:
    """The command line of `sam` but for the event, which it reads from standard input."""
    return (
        *("local", "invoke", logical_id(name)),
        *("--config-file", str(REPOSITORY / "samconfig.toml"), "--config-env", "local"),
        *("--template-file", str(settings.sam_directory / "build" / "template.yaml")),
        *("--env-vars", str(variables)),
        *("--invoke-image", image.NAME, "--skip-pull-image"),
        *("--layer-cache-basedir", str(settings.directory / "sam" / "layers")),
        *("--parameter-overrides", *machine_parameters()),
    )


def _sam_local_invoke(
    command: tuple[str, ...], environment: Mapping[str, str], event: object
) -> bytes:
    with interruption.postponed():
        process = subprocess.Popen(
            [sys.executable, "-m", "samcli", *command, "--event", "-"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
    try:
        answer, _ = process.communicate(json.dumps(event).encode())
    except BaseException:
        with interruption.postponed():
            _stop(process)
        raise
    if process.returncode:
        raise LocalStackError(
            f"`sam local invoke` failed with exit code {process.returncode}; it says why above"
        )
    return answer


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Lets `sam` remove its container, which it does when it is interrupted."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
