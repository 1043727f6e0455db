"""Requests and the queue of an endpoint."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.sagemaker.s3_location import S3Location


@dataclass(frozen=True, slots=True)
class Request:
    """An accepted invocation. Exactly one of `body` and `input_location` is set."""

    key: str
    inference_id: str
    endpoint_name: str
    output: S3Location
    failure: S3Location | None
    ttl_seconds: int
    timeout_seconds: int
    input_location: str | None = None
    body: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = field(default=None, repr=False)
    received: datetime = field(default_factory=lambda: datetime.now(UTC))


class RequestQueue(asyncio.Queue[Request]):
    """First in, first out; a request that waits longer than its TTL leaves through `expired`."""

    def __init__(self, expired: Callable[[Request], None]) -> None:
        super().__init__()
        self._expired = expired
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def oldest_seconds(self) -> float:
        """How long the request that came first has been waiting; 0 when none waits."""
        oldest = next(iter(self._waiting.values()), None)
        return (datetime.now(UTC) - oldest.received).total_seconds() if oldest else 0.0

    def clear(self) -> int:
        """Drops everything that waits; answers how much it was."""
        dropped = len(self._waiting)
        self._waiting.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        return dropped

    # asyncio.Queue's own extension points: how the items are kept.
    def _init(self, maxsize: int) -> None:
        self._waiting: OrderedDict[str, Request] = OrderedDict()
        self._queue = self._waiting

    def _put(self, item: Request) -> None:
        self._waiting[item.key] = item
        self._timers[item.key] = asyncio.get_running_loop().call_later(
            item.ttl_seconds, self._expire, item
        )

    def _get(self) -> Request:
        _, request = self._waiting.popitem(last=False)
        self._timers.pop(request.key).cancel()
        return request

    def _expire(self, request: Request) -> None:
        del self._waiting[request.key], self._timers[request.key]
        self._expired(request)
