"""Requests that get no answer."""

import asyncio
from contextlib import suppress

from aiohttp import web

_LOOK_SECONDS = 0.1


class Silence:
    """Keeps connections open without an answer, until the client leaves or the server stops."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    async def end(self, _: web.Application) -> None:
        """Close all of them: a server that stops waits for its requests."""
        self._ended.set()

    async def keep(self, request: web.Request) -> web.Response:
        """Return when the connection is closed; the response is not sent."""
        while not (closed := _is_closed(request)) and not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _LOOK_SECONDS)
        if not closed and request.transport is not None:
            request.transport.abort()
        return web.Response()


def _is_closed(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
