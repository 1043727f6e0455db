"""What the routes lead to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from async_endpoint_emulator.api.callers.identity import Authoriser
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.api.endpoints import Endpoints
from async_endpoint_emulator.api.runtime import Runtime
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.model_servers.containers import KnownImages
from async_endpoint_emulator.pace import Pace
from async_endpoint_emulator.validation import Document

Api = Callable[[str, object, SignedRequest], Awaitable[Document]]
"""Runs an operation, given its name, its parameters and the request that names its caller."""


@dataclass(frozen=True)
class Services:
    """The APIs of AWS, and what the emulator's own interface shows and changes.

    `apis` are the JSON APIs by the prefix of their `X-Amz-Target`; `prepare` is awaited before each
    call of an AWS API; `tick` lets so many seconds of AWS pass at once.
    """

    apis: Mapping[str, Api]
    endpoints: Endpoints
    runtime: Runtime
    authoriser: Authoriser
    faults: FaultInjector
    counters: Counters
    pace: Pace
    images: KnownImages
    prepare: Callable[[], Awaitable[None]]
    tick: Callable[[float], Awaitable[None]]


@dataclass
class Current:
    """The services in force. A reset replaces them."""

    services: Services
