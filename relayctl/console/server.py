"""The server of the page: its addresses, and what holds for each of them."""

import asyncio
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from relayctl.console.rendering import html
from relayctl.console.security import HEADERS, Guard, Handler, Refused, open_session
from relayctl.console.view import View

STATIC: Final = Path(__file__).with_name("static")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_STATIC_FILES: Final = {
    str(each.relative_to(STATIC)): each for each in STATIC.rglob("*") if each.suffix in _TYPES
}


def application(view: View, guard: Guard, routes: list[web.RouteDef]) -> web.Application:
    """Return the page as an application: it answers nothing but what `guard` lets through."""
    app = web.Application(
        middlewares=[_middleware(view, guard)], client_max_size=view.most_upload_bytes
    )
    app.add_routes([web.get("/static/{name:.+}", _static), *routes])
    return app


def _middleware(view: View, guard: Guard) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await _answer(view, guard, request, handler)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return middleware


async def _answer(
    view: View, guard: Guard, request: web.Request, handler: Handler
) -> web.StreamResponse:
    try:
        guard.check_origin(request)
        if guard.opens(request):
            return open_session(guard)
        guard.check_session(request)
        await guard.check_form(request)
        return await handler(request)
    except Refused as refused:
        return html(view.error(request, "Not allowed", str(refused), known=False), 403)
    except web.HTTPException as error:
        if error.status < 400:
            return error
        text = error.text or error.reason
        return html(view.error(request, error.reason, text), error.status)
    except Exception:  # noqa: BLE001 - the page goes on; the terminal has the error
        traceback.print_exc(file=sys.stderr)
        text = "This is an error of the page. The terminal of relayctl console has its cause."
        return html(view.error(request, "Unexpected error", text), 500)


async def _static(request: web.Request) -> web.Response:
    path = _STATIC_FILES.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound(text="There is no such file.")
    return web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix])


def listening(port: int) -> socket.socket:
    """Return a socket of 127.0.0.1. Port 0 is any free one.

    Raises:
        OSError: the port is in use.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(128)
    except OSError:
        made.close()
        raise
    return made


async def serve(app: web.Application, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, sock).start()
        ready()
        await stop.wait()
    finally:
        await runner.cleanup()
