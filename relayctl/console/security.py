"""Who may use the page: the browser that was given the address of this run, and its own pages.

Other pages in the same browser can send requests to 127.0.0.1, also under a name of their own that
leads there (DNS rebinding). Other accounts of the machine can connect to the port. Neither knows
the token of the run.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADER: Final = "X-Console-Token"
FIELD: Final = "console_token"

# No inline script or style, nothing of another origin, no frame around the page.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer, browsers send forms with the Origin null.
    # https://fetch.spec.whatwg.org/#append-a-request-origin-header
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_READING: Final = ("GET", "HEAD")
# `none` is an address that a person opens; other origins of this machine are `same-site`.
_OWN_SITES: Final = ("same-origin", "none")


class Refused(Exception):
    """A request is not one of the person who started the page. The text says what to do."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Guard:
    """The secrets of a run, and the checks of each request.

    `token` opens the page, once it is in the address; `session` is the cookie that the browser
    then sends; `form` is in the pages, and in each request that changes something.
    """

    port: int
    token: str = field(default_factory=_secret, repr=False)
    session: str = field(default_factory=_secret, repr=False)
    form: str = field(default_factory=_secret, repr=False)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"{self.origin}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """The name of the cookie: cookies of other ports of this machine are sent too."""
        return f"relayctl-console-{self.port}"

    def opens(self, request: web.Request) -> bool:
        """Whether a request has the address of this run."""
        given = request.query.get("token", "")
        return request.path == "/" and _same(given, self.token)

    def check_origin(self, request: web.Request) -> None:
        """Raise Refused for a request of another page, or under another name."""
        own = f"127.0.0.1:{self.port}"
        if request.headers.getall("Host", []) != [own]:
            raise Refused(f"this page is at {own} and under no other name")
        if request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            raise Refused("the request comes from another page")
        origin = request.headers.get("Origin")
        if origin is not None and origin != self.origin:
            raise Refused("the request comes from another page")

    def check_session(self, request: web.Request) -> None:
        """Raise Refused for a browser that has not opened the address of this run."""
        if not _same(request.cookies.get(self.cookie, ""), self.session):
            raise Refused(
                "open the address that relayctl console printed: this browser has not done so, or "
                "the page was started again"
            )

    async def check_form(self, request: web.Request) -> None:
        """Raise Refused for a change that no page of this run asks for."""
        if request.method in _READING:
            return
        if request.headers.get("Origin") != self.origin:
            raise Refused("a change needs the header Origin of this page")
        given = request.headers.get(HEADER)
        if given is None:
            given = str((await request.post()).get(FIELD, ""))
        if not _same(given, self.form):
            raise Refused("the form is of an earlier run: reload the page, then repeat")


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


def open_session(guard: Guard) -> web.Response:
    """Return the response to the address of the run: the cookie, and the way to the page."""
    response = web.Response(status=303, headers={"Location": "/"})
    response.set_cookie(guard.cookie, guard.session, path="/", httponly=True, samesite="Strict")
    return response
