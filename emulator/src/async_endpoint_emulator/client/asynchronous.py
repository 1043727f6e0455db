"""The client for asyncio. `Client` has the same methods without it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Self, TypeVar

import aiohttp

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


class AsyncClient:
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
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def state(self) -> State:
        """Return the endpoints with their queues and instances, and the counters."""
        return await self._send(calls.state())

    async def endpoint(self, name: str) -> EndpointState | None:
        """Return one endpoint; None when there is none of this name."""
        return (await self.state()).endpoints.get(name)

    async def reset(self) -> None:
        """End every endpoint at once, and forget models, faults, counters and scaling targets."""
        await self._send(calls.reset())

    async def tick(self, seconds: float) -> None:
        """Let so many seconds of AWS pass at once: what is due within them is due now.

        That is: times to live and time limits of requests; the duration of each status; waits and
        time limits of deployments; alarms and cooldowns of scaling.
        """
        await self._send(calls.tick(seconds))

    async def time_factor(self) -> float:
        """Return how many seconds a second of deployments, alarms and cooldowns takes."""
        return await self._send(calls.get_time_factor())

    async def set_time_factor(self, factor: float) -> None:
        """Set how many seconds a second of deployments, alarms and cooldowns takes."""
        await self._send(calls.set_time_factor(factor))

    async def faults(self) -> Faults:
        """Return the faults in force."""
        return await self._send(calls.get_faults())

    async def set_faults(self, faults: Faults) -> None:
        """Replace all faults. `Faults()` ends them."""
        await self._send(calls.set_faults(faults))

    async def force_status(self, endpoint: str, status: str) -> None:
        """Put a settled endpoint into a status that no API of AWS sets, such as OutOfService."""
        await self._send(calls.force_status(endpoint, status))

    async def add_containers(self, commands: Mapping[str, str]) -> None:
        """Add the commands of model servers, by regular expressions over the URIs of images.

        They precede those that are known. The emulator takes them from root alone, and not with
        `--authorise none`.
        """
        await self._send(calls.add_containers(commands))

    async def admit_session(
        self, access_key: str, role_arn: str, session_name: str, secret: str | None = None
    ) -> None:
        """Make an access key of sts:AssumeRole known, as that of a session of the role."""
        await self._send(calls.admit_session(access_key, role_arn, session_name, secret))

    async def wait_until(self, condition: Callable[[State], bool], timeout: float = 30.0) -> State:
        """Return the first state that meets the condition.

        Raises:
            TimeoutError: none did within `timeout` seconds. Has the last state.
        """
        deadline = time.monotonic() + timeout
        while True:
            state = await self.state()
            if condition(state):
                return state
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {timeout} s; the state is {state}")
            await asyncio.sleep(POLL_SECONDS)

    async def wait_until_idle(self, timeout: float = 30.0) -> State:
        """Return when no request waits or is worked on. Raises TimeoutError."""
        return await self.wait_until(lambda state: state.idle, timeout)

    async def wait_until_status(self, endpoint: str, status: str, timeout: float = 30.0) -> State:
        """Return when the endpoint has the status. Raises TimeoutError."""
        return await self.wait_until(
            lambda state: (
                endpoint in state.endpoints and state.endpoints[endpoint].status == status
            ),
            timeout,
        )

    async def wait_until_gone(self, endpoint: str, timeout: float = 30.0) -> State:
        """Return when there is no endpoint of this name. Raises TimeoutError."""
        return await self.wait_until(lambda state: endpoint not in state.endpoints, timeout)

    async def _send(self, call: Call[T]) -> T:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        url, headers = f"{self.url}{call.path}", self._caller.headers(call)
        timeout = aiohttp.ClientTimeout(total=call.timeout)
        try:
            async with self._http.request(
                call.method, url, data=call.body or None, headers=headers, timeout=timeout
            ) as answer:
                return call.result(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise EmulatorError(f"the emulator at {self.url} does not answer: {exc!r}") from exc
