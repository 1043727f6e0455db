"""The addresses of the page, with the function of each."""

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from relayctl.console.pages import (
    backfills,
    endpoint,
    local,
    overview,
    parked,
    pausing,
    requests,
    routes,
)
from relayctl.console.view import View

Page = Callable[[View, web.Request], Awaitable[web.Response]]

_READING: tuple[tuple[str, Page], ...] = (
    ("/", overview.overview),
    ("/overview/live", overview.live),
    ("/overview/series", overview.series),
    ("/requests", requests.requests),
    ("/requests/live", requests.rows),
    ("/request", requests.one),
    ("/request/live", requests.timeline),
    ("/request/content", requests.content),
    ("/parked", parked.frame),
    ("/parked/live", parked.groups),
    ("/endpoint", endpoint.endpoint),
    ("/endpoint/live", endpoint.live),
    ("/routes", routes.routes),
    ("/backfills", backfills.frame),
    ("/backfills/live", backfills.live),
    ("/local", local.local),
)
_CHANGING: tuple[tuple[str, Page], ...] = (
    ("/flow/{flow}", pausing.switch),
    ("/parked/ask", parked.ask),
    ("/parked/{act}", parked.perform),
    ("/endpoint/ask", endpoint.ask),
    ("/endpoint/perform", endpoint.perform),
    ("/routes/check", routes.checking),
    ("/routes/ask", routes.ask),
    ("/routes/put", routes.put_into_force),
    ("/backfills/ask", backfills.ask),
    ("/backfills/start", backfills.begin),
    ("/backfills/change", backfills.change),
    ("/local/upload", local.send),
    ("/local/fault", local.set_fault),
)


def addresses(view: View) -> list[web.RouteDef]:
    """Return every address. Those that change something take POST alone."""
    return [
        *(web.get(path, partial(page, view)) for path, page in _READING),
        *(web.post(path, partial(page, view)) for path, page in _CHANGING),
    ]
