"""The page over a deployment in memory, as a server that a browser can open."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from relayctl.console.addresses import addresses
from relayctl.console.security import Guard
from relayctl.console.server import application, listening
from relayctl.console.view import View
from tests.support.console.page import ConsoleDeployment
from tests.support.console.samples import emulator, lively, now


@contextmanager
def served(deployment: ConsoleDeployment | None = None) -> Iterator[Guard]:
    """Serve the page about a stack, by default one where much happens; yield its guard."""
    with emulator() as control, listening(0) as sock:
        guard = Guard(sock.getsockname()[1])
        ours = deployment or lively()
        view = View(ours, guard, control(ours), now)
        app = application(view, guard, addresses(view))
        begun, end = threading.Event(), asyncio.Event()
        loop = asyncio.new_event_loop()

        async def serve() -> None:
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
            await runner.setup()
            await web.SockSite(runner, sock).start()
            begun.set()
            await end.wait()
            await runner.cleanup()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        try:
            assert begun.wait(10)
            yield guard
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join()
            loop.close()
            view.answers.close()
