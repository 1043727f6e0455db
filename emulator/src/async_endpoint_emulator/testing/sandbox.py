"""The emulator and its stand-in for AWS, running."""

import json
import os
import re
import secrets
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from async_endpoint_emulator.client import AsyncClient, Client
from async_endpoint_emulator.serve_in import serve_in
from async_endpoint_emulator.testing.child import running_server
from async_endpoint_emulator.testing.endpoint import (
    AsyncEndpoint,
    Specification,
    check_name,
    create,
)

QUICK: Mapping[str, Any] = {
    "creation_seconds": 0.1,
    "update_seconds": 0.1,
    "scaling_seconds": 0.1,
    "rollback_seconds": 0.1,
    "deletion_seconds": 0.1,
    "ping_seconds": 1.0,
    "logs_seconds": 0.5,
    "metrics_seconds": 1.0,
}
"""The configuration for tests: no status lasts longer than it takes to see it."""

# By boto3's names of the services. https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
EMULATED: Mapping[str, str] = {
    "sagemaker": "AWS_ENDPOINT_URL_SAGEMAKER",
    "sagemaker-runtime": "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
    "application-autoscaling": "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
}


@dataclass(frozen=True)
class Sandbox:
    """`url` is the emulator's, `aws_url` that of the stand-in for the rest of AWS.

    `credentials` are an access key and its secret. They belong to root, and are new for each
    sandbox unless they were given.
    """

    url: str
    aws_url: str
    region: str
    credentials: tuple[str, str]
    own_aws: bool
    """Whether the stand-in was started for this sandbox alone."""
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def control(self) -> Client:
        """For the emulator's state, time, faults and reset."""
        return Client(self.url, self.credentials, self.region)

    def async_control(self) -> AsyncClient:
        """The same for asyncio. Close it, or use it in `async with`."""
        return AsyncClient(self.url, self.credentials, self.region)

    def environment(self) -> dict[str, str]:
        """Return the environment variables by which every AWS SDK finds both servers."""
        return {
            "AWS_ENDPOINT_URL": self.aws_url,
            **dict.fromkeys(EMULATED.values(), self.url),
            "AWS_ACCESS_KEY_ID": self.credentials[0],
            "AWS_SECRET_ACCESS_KEY": self.credentials[1],
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def client(self, service: str) -> Any:
        """Return a client of boto3 for the server that has the service, made once."""
        if service not in self._clients:
            session = boto3.Session(*self.credentials, region_name=self.region)
            url = self.url if service in EMULATED else self.aws_url
            self._clients[service] = session.client(service, endpoint_url=url)  # type: ignore[call-overload]
        return self._clients[service]

    def deploy(
        self,
        name: str,
        server: str | Sequence[str],
        model: Path | str | None = None,
        *,
        directory: Path | str | None = None,
        **further: Any,
    ) -> AsyncEndpoint:
        """Deploy a model server of one's own, and return when the endpoint is in service.

        `server` is run in `directory`, which is the current one unless it is given; `python` is
        this interpreter. It serves /ping and /invocations on the port in SAGEMAKER_BIND_TO_PORT,
        and finds the model in the directory SM_MODEL_DIR. `model` is a file or a directory, of
        which an archive is made and uploaded, or an S3 URI. `further` are members of
        `Specification`.

        Raises:
            ValueError: no endpoint can have the name, or `server` is no command.
            botocore.exceptions.WaiterError: the endpoint failed. Its notes are the reason and the
                last lines of the model server.
        """
        check_name(name)
        image = f"local/{name.lower()}:latest"
        command = serve_in(Path(directory or Path.cwd()), server)
        self.control.add_containers({f"^{re.escape(image)}$": command})
        return create(self.client, Specification(name, image, model, **further))

    def reset(self) -> None:
        """Forget everything: in the emulator, and in the stand-in if it is moto of this sandbox."""
        self.control.reset()
        if self.own_aws:
            request = urllib.request.Request(  # noqa: S310 - of this sandbox
                f"{self.aws_url}/moto-api/reset", method="POST"
            )
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=30):
                pass


@contextmanager
def running_sandbox(
    aws_url: str | None = None,
    config: Mapping[str, Any] | None = None,
    region: str = "us-east-1",
    credentials: tuple[str, str] | None = None,
) -> Iterator[Sandbox]:
    """Run the emulator, and moto's server unless `aws_url` names another stand-in.

    Both listen on free ports of 127.0.0.1. They end with the block, and with this process.
    `config` is that of the emulator, where it differs from `QUICK`. `credentials` are those of the
    stand-in's root user.

    Raises:
        async_endpoint_emulator.testing.child.ServerFailed: one of them did not start.
    """
    with ExitStack() as exits:
        root = credentials or (f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        environment = _environment(region, root)
        own_aws = aws_url is None
        if aws_url is None:
            module = "async_endpoint_emulator.testing.moto_server"
            aws_url = exits.enter_context(running_server(module, [], environment))
        file = exits.enter_context(tempfile.TemporaryFile("w+"))  # without a name
        json.dump({**QUICK, **(config or {})}, file)
        file.seek(0)
        options = ("--port", "0", "--authorise", "root", "--stop-at-eof")
        url = exits.enter_context(
            running_server(
                "async_endpoint_emulator",
                [*options, "--config", f"/dev/fd/{file.fileno()}"],
                {**environment, "AWS_ENDPOINT_URL": aws_url},
                [file.fileno()],
            )
        )
        yield Sandbox(url, aws_url, region, root, own_aws)


def _environment(region: str, credentials: tuple[str, str]) -> dict[str, str]:
    """That of this process, without what leads to another account."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **own,
        "AWS_ACCESS_KEY_ID": credentials[0],
        "AWS_SECRET_ACCESS_KEY": credentials[1],
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
