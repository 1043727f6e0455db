"""MiniStack as the local stack has it, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.credentials import Credentials

from local.machine.tcp_ports import free_ports
from local.stack import certificate, root_user
from local.stack.certificate import Certificate
from local.stack.servers import answers
from local.stack.settings import REPOSITORY, StackSettings
from tests.integration.local.signed_requests import Aws
from tests.support.emulator.stack import eventually

# Sessions have the keys of root.
Session = tuple[boto3.Session, str]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with ministack(tmp_path_factory.mktemp("ministack")) as url:
        yield boto3.Session("test", "test", region_name="us-east-1"), url


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """With permissions enforced."""
    with ministack(tmp_path_factory.mktemp("ministack"), AUTH="true") as url:
        yield boto3.Session("test", "test", region_name="us-east-1"), url


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> StackSettings:
    """A directory with the key of root. The port is not known yet."""
    made = StackSettings(tmp_path_factory.mktemp("ministack"), 1, 2)
    root_user.issue(made)
    return made


@pytest.fixture(scope="module")
def root(settings: StackSettings) -> Iterator[Aws]:
    """A server with TLS that verifies signatures and enforces permissions, as its root."""
    directory, made = settings.directory, root_user.read(settings)
    tls = certificate.issue(settings.tls)
    key, secret = made.access_key_id, made.secret_access_key
    variables = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    with ministack(directory, tls, AUTH="true", **variables) as url:
        yield Aws(url, tls.certificate, Credentials(key, secret))


@contextmanager
def ministack(directory: Path, tls: Certificate | None = None, **variables: str) -> Iterator[str]:
    """The URL of a server. Root's access key is `test`, unless the variables say otherwise."""
    (port,) = free_ports(1)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    command = [sys.executable, "-m", "local.ministack", "ministack.app:app"]
    if tls:
        command += ["--certfile", str(tls.certificate), "--keyfile", str(tls.key)]
        variables |= {
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(tls.certificate),
            "MINISTACK_SSL_KEY": str(tls.key),
        }
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen(
            [*command, "--workers", "0", "--bind", f"127.0.0.1:{port}"],
            cwd=REPOSITORY,
            env={
                "GATEWAY_PORT": str(port),
                "MINISTACK_HOST": "127.0.0.1",
                "BIND_HOST": "127.0.0.1",
                "PATH": os.environ["PATH"],
                # The emulator of this checkout, whatever is installed.
                "PYTHONPATH": os.pathsep.join(sys.path),
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "HOME": str(directory),
                "TMPDIR": str(directory),
                "IOT_MTLS_ENABLED": "false",
                "SFTP_ENABLED": "false",
                **variables,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            ready, authority = f"{url}/_ministack/ready", tls.certificate if tls else None
            eventually(lambda: answers(ready, authority), f"{url} is ready", 60)
            yield url
        finally:
            process.terminate()
