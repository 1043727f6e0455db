"""The parts of the local stack: how each is started, and how one sees that it is ready."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import urllib3

from local.ministack.paths import CREDENTIALS
from local.stack.certificate import Certificate
from local.stack.environment import child_variables
from local.stack.settings import REPOSITORY, StackSettings

# Names the model server for each image.
EMULATOR_CONFIG = REPOSITORY / "local" / "stack" / "emulator.json"


@dataclass(frozen=True, slots=True)
class Part:
    """A server that runs as long as the stack does."""

    name: str
    port: int
    port_variable: str
    command: tuple[str | Path, ...]
    environment: Callable[[], Mapping[str, str]]
    ready: Callable[[], bool]


def parts(settings: StackSettings) -> tuple[Part, ...]:
    """In the order in which they start: each needs only those before it."""
    return (_ministack(settings), _sagemaker(settings))


def _ministack(settings: StackSettings) -> Part:
    """AWS without SageMaker.

    Started through hypercorn (see `local.ministack`), as MiniStack's own image does, and not
    through `python -m ministack`: that one listens on port 443 as well whenever it may.
    """
    tls = Certificate.at(settings.tls)
    address = f"127.0.0.1:{settings.aws_port}"
    state = settings.directory / "ministack"
    # The functions are children of MiniStack and inherit its environment. That is how they find
    # SageMaker, and why PYTHONPATH must not offer them the repository instead of their layer.
    own = {
        "AUTH": "true",  # IAM is enforced
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.aws_port),
        "LAMBDA_WARM_TTL_SECONDS": "86400",  # no cold start after a coffee break
        "IOT_MTLS_ENABLED": "false",  # an MQTT listener on every address
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_SSL_CERT": str(tls.certificate),
        "MINISTACK_SSL_KEY": str(tls.key),
        "S3_DATA_DIR": str(state / "s3"),
        "SFTP_ENABLED": "false",
        "SSL_CERT_FILE": str(tls.certificate),
        "STATE_DIR": str(state),
        "USE_SSL": "1",
    }

    def environment() -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return child_variables(settings, inherited) | own

    return Part(
        name="ministack",
        port=settings.aws_port,
        port_variable="RELAY_AWS_PORT",
        command=(
            sys.executable,
            *("-m", "local.ministack", "ministack.app:app"),
            *("--workers", "0", "--bind", address, "--keep-alive", "75"),
            *("--certfile", tls.certificate, "--keyfile", tls.key),
        ),
        environment=environment,
        ready=lambda: answers(f"{settings.aws_url}/_ministack/ready", tls.certificate),
    )


def _sagemaker(settings: StackSettings) -> Part:
    """The asynchronous endpoint, with a real model server behind it."""
    return Part(
        name="sagemaker",
        port=settings.sagemaker_port,
        port_variable="RELAY_SAGEMAKER_PORT",
        command=(
            sys.executable,
            *("-m", "async_endpoint_emulator", "--port", str(settings.sagemaker_port)),
            *("--work-dir", settings.directory / "sagemaker"),
            *("--config", EMULATOR_CONFIG),
            *("--credentials", f"{settings.aws_url}{CREDENTIALS}"),
        ),
        environment=lambda: (
            child_variables(settings, os.environ)
            | {"PYTHONPATH": str(REPOSITORY)}  # of the model servers in `local.containers`
        ),
        ready=lambda: answers(f"{settings.sagemaker_url}/_emulator/health"),
    )


def sam_variables(settings: StackSettings) -> dict[str, str]:
    """The environment of `sam`: it finds this Python, keeps its state here, calls no server."""
    state = settings.directory / "sam"
    state.mkdir(parents=True, exist_ok=True)
    # A version check that has just taken place keeps it from asking the package registry.
    content = {"lastVersionCheck": time.time(), "telemetryEnabled": False}
    (state / "metadata.json").write_text(json.dumps(content))
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return child_variables(settings, os.environ) | {
        "PATH": path,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(state),
    }


def answers(url: str, authority: Path | None = None) -> bool:
    """Whether a server answers there with anything but a server error."""
    with urllib3.PoolManager(ca_certs=authority and str(authority)) as http:
        try:
            return http.request("GET", url, timeout=2, retries=False).status < 500
        except urllib3.exceptions.HTTPError:
            return False
