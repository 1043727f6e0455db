"""The calls of the emulator's own interface, without their transport."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from async_endpoint_emulator.client.state import State, read_state
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.faults import Faults

T = TypeVar("T")

_TIMEOUT_SECONDS = 60.0
# Of a second in a `tick`, whose every twentieth has a look at the alarms in the stand-in.
_TIMEOUT_OF_A_SECOND = 0.0125
POLL_SECONDS = 0.05


class EmulatorError(Exception):
    """The emulator refused a call, or does not answer. The message says why."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call, and how its answer is read."""

    method: str
    path: str
    read: Callable[[Any], T]
    document: Mapping[str, Any] | None = None
    timeout: float = _TIMEOUT_SECONDS

    @property
    def body(self) -> bytes:
        return b"" if self.document is None else json.dumps(self.document).encode()

    def result(self, status: int, body: bytes) -> T:
        """Raises EmulatorError for a refusal."""
        try:
            document = json.loads(body) if body else None
        except ValueError as exc:
            raise EmulatorError(f"{self.path}: {status}, and not JSON: {body[:200]!r}") from exc
        if status >= 400:
            message = document.get("message") if isinstance(document, dict) else document
            raise EmulatorError(f"{self.method} {self.path}: {status}: {message}")
        return self.read(document)


@dataclass(frozen=True, slots=True)
class Caller:
    """Signs calls with root's credentials. Without, the emulator must run with
    `--authorise none`."""

    url: str
    region: str
    credentials: tuple[str, str] | None

    def headers(self, call: Call[Any]) -> dict[str, str]:
        headers = {"Content-Type": "application/json"} if call.body else {}
        if self.credentials is None:
            return headers
        request = AWSRequest(call.method, f"{self.url}{call.path}", headers, call.body)
        signer = SigV4Auth(Credentials(*self.credentials), "sagemaker", self.region)
        signer.add_auth(request)
        return dict(request.headers.items())


def nothing(document: object) -> None:
    """Of an answer without content."""


def state() -> Call[State]:
    return Call("GET", "/_emulator/state", read_state)


def reset() -> Call[None]:
    return Call("POST", "/_emulator/reset", nothing)


def tick(seconds: float) -> Call[None]:
    timeout = _TIMEOUT_SECONDS + _TIMEOUT_OF_A_SECOND * max(seconds, 0)
    return Call("POST", "/_emulator/tick", nothing, {"seconds": seconds}, timeout)


def get_time_factor() -> Call[float]:
    return Call("GET", "/_emulator/pace", lambda document: float(document["time_factor"]))


def set_time_factor(factor: float) -> Call[None]:
    return Call("PUT", "/_emulator/pace", nothing, {"time_factor": factor})


def get_faults() -> Call[Faults]:
    return Call("GET", "/_emulator/faults", lambda document: read_document(Faults, document))


def set_faults(faults: Faults) -> Call[None]:
    return Call("PUT", "/_emulator/faults", nothing, asdict(faults))


def add_containers(commands: Mapping[str, str]) -> Call[None]:
    return Call("PUT", "/_emulator/containers", nothing, commands)


def force_status(endpoint: str, status: str) -> Call[None]:
    path = f"/_emulator/endpoints/{quote(endpoint, safe='')}/status"
    return Call("PUT", path, nothing, {"status": status})


def admit_session(
    access_key: str, role_arn: str, session_name: str, secret: str | None
) -> Call[None]:
    document = {"role": role_arn, "session_name": session_name, "secret_access_key": secret}
    return Call("PUT", f"/_emulator/sessions/{quote(access_key, safe='')}", nothing, document)
