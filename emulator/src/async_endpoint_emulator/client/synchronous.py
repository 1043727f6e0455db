"""The client that blocks. `AsyncClient` has the same methods for asyncio."""

import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import TypeVar
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from async_endpoint_emulator.client import calls
from async_endpoint_emulator.client.calls import (
    POLL_SECONDS,
    Call,
    Caller,
    EmulatorError,
)
from async_endpoint_emulator.client.state import EndpointState, State
from async_endpoint_emulator.faults import Faults

T = TypeVar("T")


class Client:
    """Calls the emulator at `url`. `credentials` are an access key and its secret, of root.

    Every method raises EmulatorError when the emulator refuses or does not answer.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:4567",
        credentials: tuple[str, str] | None = None,
        region: str = "us-east-1",
    ) -> None:
        self.url = url.rstrip("/")
        self._caller = Caller(self.url, region, credentials)
        # No proxy: the emulator is on this machine, or in its network of containers.
        self._open = build_opener(ProxyHandler({})).open

    def state(self) -> State:
        """Return the endpoints with their queues and instances, and the counters."""
        return self._send(calls.state())

    def endpoint(self, name: str) -> EndpointState | None:
        """Return one endpoint; None when there is none of this name."""
        return (self.state()).endpoints.get(name)

    def reset(self) -> None:
        """End every endpoint at once, and forget models, faults, counters and scaling targets."""
        self._send(calls.reset())

    def tick(self, seconds: float) -> None:
        """Let so many seconds of AWS pass at once: what is due within them is due now.

        That is: times to live and time limits of requests; the duration of each status; waits and
        time limits of deployments; alarms and cooldowns of scaling.
        """
        self._send(calls.tick(seconds))

    def time_factor(self) -> float:
        """Return how many seconds a second of deployments, alarms and cooldowns takes."""
        return self._send(calls.get_time_factor())

    def set_time_factor(self, factor: float) -> None:
        """Set how many seconds a second of deployments, alarms and cooldowns takes."""
        self._send(calls.set_time_factor(factor))

    def faults(self) -> Faults:
        """Return the faults in force."""
        return self._send(calls.get_faults())

    def set_faults(self, faults: Faults) -> None:
        """Replace all faults. `Faults()` ends them."""
        self._send(calls.set_faults(faults))

    def force_status(self, endpoint: str, status: str) -> None:
        """Put a settled endpoint into a status that no API of AWS sets, such as OutOfService."""
        self._send(calls.force_status(endpoint, status))

    def add_containers(self, commands: Mapping[str, str]) -> None:
        """Add the commands of model servers, by regular expressions over the URIs of images.

        They precede those that are known. The emulator takes them from root alone, and not with
        `--authorise none`.
        """
        self._send(calls.add_containers(commands))

    def admit_session(
        self, access_key: str, role_arn: str, session_name: str, secret: str | None = None
    ) -> None:
        """Make an access key of sts:AssumeRole known, as that of a session of the role."""
        self._send(calls.admit_session(access_key, role_arn, session_name, secret))

    def wait_until(self, condition: Callable[[State], bool], timeout: float = 30.0) -> State:
        """Return the first state that meets the condition.

        Raises:
            TimeoutError: none did within `timeout` seconds. Has the last state.
        """
        deadline = time.monotonic() + timeout
        while True:
            state = self.state()
            if condition(state):
                return state
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {timeout} s; the state is {state}")
            time.sleep(POLL_SECONDS)

    def wait_until_idle(self, timeout: float = 30.0) -> State:
        """Return when no request waits or is worked on. Raises TimeoutError."""
        return self.wait_until(lambda state: state.idle, timeout)

    def wait_until_status(self, endpoint: str, status: str, timeout: float = 30.0) -> State:
        """Return when the endpoint has the status. Raises TimeoutError."""
        return self.wait_until(
            lambda state: (
                endpoint in state.endpoints and state.endpoints[endpoint].status == status
            ),
            timeout,
        )

    def wait_until_gone(self, endpoint: str, timeout: float = 30.0) -> State:
        """Return when there is no endpoint of this name. Raises TimeoutError."""
        return self.wait_until(lambda state: endpoint not in state.endpoints, timeout)

    def _send(self, call: Call[T]) -> T:
        url, headers = f"{self.url}{call.path}", self._caller.headers(call)
        request = Request(url, call.body or None, headers, method=call.method)  # noqa: S310 - given
        try:
            with self._open(request, timeout=call.timeout) as answer:
                return call.result(answer.status, answer.read())
        except HTTPError as exc:
            with exc:
                return call.result(exc.code, exc.read())
        except (HTTPException, OSError) as exc:
            raise EmulatorError(f"the emulator at {self.url} does not answer: {exc!r}") from exc
