"""Requests without an answer, on a server of their own."""

import asyncio

import pytest
from aiohttp import ClientSession, ClientTimeout, ServerDisconnectedError, web
from async_endpoint_emulator.api.silence import Silence

_SECONDS = 5


class SilentServer:
    """Answers nothing; notes when a request begins and when it has ended."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self._silence = Silence()
        app = web.Application()
        app.router.add_post("/", self._keep)
        app.on_shutdown.append(self._silence.end)
        self._runner = web.AppRunner(app)

    async def start(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0]
        return f"http://{host}:{port}/"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _keep(self, request: web.Request) -> web.Response:
        self.begun.set()
        response = await self._silence.keep(request)
        self.ended.set()
        return response


def test_a_request_ends_when_its_client_leaves() -> None:
    async def leave() -> None:
        server = SilentServer()
        url = await server.start()
        async with ClientSession(timeout=ClientTimeout(total=0.3)) as client:
            with pytest.raises(TimeoutError):
                await client.post(url)

        await asyncio.wait_for(server.ended.wait(), _SECONDS)
        await server.stop()

    asyncio.run(leave())


def test_a_request_ends_without_an_answer_when_the_server_stops() -> None:
    async def stop() -> None:
        server = SilentServer()
        url = await server.start()
        async with ClientSession() as client:
            call = asyncio.ensure_future(client.post(url))
            await asyncio.wait_for(server.begun.wait(), _SECONDS)
            assert not server.ended.is_set()

            await asyncio.wait_for(server.stop(), _SECONDS)

            with pytest.raises(ServerDisconnectedError):
                await call

    asyncio.run(stop())
