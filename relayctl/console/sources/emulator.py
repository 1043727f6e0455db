"""The emulator of asynchronous endpoints, if the stack is a local one.

It answers below /_emulator/ of AWS_ENDPOINT_URL_SAGEMAKER (emulator/README.md), with the signature
of the access key that the environment has.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError

_VARIABLE: Final = "AWS_ENDPOINT_URL_SAGEMAKER"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_SECONDS: Final = 10

# Faults that are a probability, with what happens: the page has a switch for each.
SWITCHES: Final[Mapping[str, str]] = {
    "lose_notification": "The notification of a request never comes",
    "duplicate_notification": "A notification comes twice",
    "delay_notification": "A notification comes after the next one",
    "throttle": "InvokeEndpointAsync answers ThrottlingException",
    "lose_answer": "InvokeEndpointAsync accepts, and its answer never comes",
    "server_error": "The model answers 500",
    "crash_model_server": "The model server is killed while it works",
    "throttle_control_plane": "DescribeEndpoint and the like answer ThrottlingException",
}
STRENGTHS: Final = (0.0, 0.1, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Emulator:
    """Calls the emulator's own interface. Methods raise RelayctlError if it refuses."""

    url: str
    deployment: Deployment

    @classmethod
    def of(cls, deployment: Deployment, environment: Mapping[str, str]) -> "Emulator | None":
        """Return the emulator that an environment leads to; None if there is none."""
        url = environment.get(_VARIABLE, "").rstrip("/")
        # Nothing but an emulator on this machine is asked: a proxy of AWS is not.
        if urlsplit(url).hostname not in _LOOPBACK:
            return None
        emulator = cls(url, deployment)
        try:
            emulator.state()
        except RelayctlError:
            return None
        return emulator

    @classmethod
    def found(cls, deployment: Deployment) -> "Emulator | None":
        """Return the emulator that the environment of this process leads to."""
        return cls.of(deployment, os.environ)

    def state(self) -> Mapping[str, Any]:
        """Return the endpoints, by their names, with `backlog`, `in_process` and `instances`."""
        endpoints = self._call("GET", "state")["endpoints"]
        if not isinstance(endpoints, dict):
            raise RelayctlError(f"{self.url} is no emulator of asynchronous endpoints")
        return endpoints

    def faults(self) -> dict[str, Any]:
        """Return every fault with its value."""
        return self._call("GET", "faults")

    def set_fault(self, name: str, chance: float) -> None:
        """Let one of `SWITCHES` happen with a probability; the other faults stay as they are."""
        if name not in SWITCHES or not 0 <= chance <= 1:
            raise RelayctlError(f"{name} = {chance} is no fault of the emulator")
        self._call("PUT", "faults", {**self.faults(), name: chance})

    def end_faults(self) -> None:
        """End every fault."""
        self._call("PUT", "faults", {})

    def _call(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        url = f"{self.url}/_emulator/{path}"
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        signed = AWSRequest(method, url, headers, body)
        if credentials := self.deployment.session.get_credentials():
            SigV4Auth(credentials, "sagemaker", self.deployment.region).add_auth(signed)
        request = Request(url, body or None, dict(signed.headers.items()), method=method)  # noqa: S310
        try:
            # No proxy: it is on this machine.
            with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
                found = json.loads(answer.read())
        except HTTPError as error:
            with error:
                text = error.read(500).decode(errors="replace")
            raise RelayctlError(f"the emulator refused {method} {path}: {text}") from error
        except (OSError, ValueError) as error:
            raise RelayctlError(
                f"the emulator at {self.url} does not answer ({error}): look at make up"
            ) from error
        if not isinstance(found, dict):
            raise RelayctlError(f"{self.url} is no emulator of asynchronous endpoints")
        return found
