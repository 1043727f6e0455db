"""Headless Chromium with a page of an attacker, whose name leads to a server of this machine.

The page comes from the attacker's server. Then the name leads to the server that is attacked, on
the same port, so that this is the page's own origin: DNS rebinding.
"""

import base64
import hashlib
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from local.stack import certificate
from tests.support.console.chromium import browser

NAME = "attacker.test"

_PAGE = Path(__file__).with_name("page.html")
_SECONDS = 180
_FLAGS = (
    "--disable-quic",
    "--disable-popup-blocking",
    # What the browser itself refuses to pages must not be what protects the stack.
    "--ignore-certificate-errors",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
)


@dataclass(frozen=True, slots=True)
class Read:
    """What the page could read, from which URL and in which way."""

    way: str
    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page could read, and the ways in which it reached the attacker's own server."""

    read: list[Read]
    controls: set[str]


@dataclass
class _Visit:
    """The attacker's side of one visit of the page."""

    attempts: Sequence[dict[str, Any]]
    own: str = ""
    moved: threading.Event = field(default_factory=threading.Event)
    reported: threading.Event = field(default_factory=threading.Event)
    report: list[Read] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)


def visit(
    port: int,
    attempts: Sequence[dict[str, Any]],
    controls: Sequence[str],
    directory: Path,
    tls: bool,
) -> Seen:
    """Opens the page under NAME and that port of 127.0.0.1, and returns what it reports.

    The page makes the `attempts`, and tries every way of `controls` on the attacker's own server.

    Raises:
        AssertionError: it does not report.
    """
    ours = _Visit(attempts)
    with ExitStack() as exits:
        plain = exits.enter_context(_serving(_Handler.of(ours)))
        ours.own = f"http://127.0.0.1:{plain}"
        ours.attempts = [*attempts, *(_control(way, ours.own) for way in controls)]
        page = exits.enter_context(_serving(_Handler.of(ours), directory)) if tls else plain
        name = exits.enter_context(_leading_to(ours, page, port))
        rules = f"MAP {NAME}:{port} 127.0.0.1:{name}, MAP {NAME} 127.0.0.1"
        address = f"{'https' if tls else 'http'}://{NAME}:{port}/"
        arguments = [*_FLAGS, f"--host-resolver-rules={rules}", address]
        log = directory / "log"
        with log.open("wb") as output, browser(arguments, output):
            assert ours.reported.wait(_SECONDS), log.read_text()[-2000:]
    return Seen(ours.report, ours.controls)


def _control(way: str, own: str) -> dict[str, Any]:
    url = f"{own}/control/{quote(way)}"
    return {"way": way, "method": "POST", "url": url, "headers": {}, "body": "control"}


class _Handler(BaseHTTPRequestHandler):
    """The attacker's server: gives the page, takes its report, and answers every control."""

    visit: _Visit

    @classmethod
    def of(cls, visit: _Visit) -> type["_Handler"]:
        return type("Handler", (cls,), {"visit": visit})

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, ours = self.path, self.visit
        if path.startswith("/control/"):
            self._control(unquote(path.removeprefix("/control/")))
            return
        if path == "/moved":
            ours.moved.set()
        elif path == "/report":
            ours.report = [Read(*each) for each in json.loads(body) if each[2] is not None]
            ours.reported.set()
        plan = {"own": ours.own, "attempts": list(ours.attempts)}
        pages = {"/": ("text/html", _PAGE.read_text()), "/plan": ("text/json", json.dumps(plan))}
        self._answer(*pages.get(path, ("text/plain", "")))

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def do_OPTIONS(self) -> None:
        self._answer("text/plain", "")

    def _control(self, way: str) -> None:
        self.visit.controls.add(way)
        if key := self.headers.get("Sec-WebSocket-Key"):
            guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
            digest = hashlib.sha1((key + guid).encode(), usedforsecurity=False).digest()
            self.protocol_version = "HTTP/1.1"
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
            self.end_headers()
            return
        svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
        answers = {
            "image": ("image/svg+xml", svg),
            "script": ("text/javascript", "1"),
            "EventSource": ("text/event-stream", "data: 1\n\n"),
        }
        self._answer(*answers.get(way, ("text/plain", "readable")))

    def _answer(self, content_type: str, text: str) -> None:
        self.send_response(200)
        for name in ("Origin", "Methods", "Headers"):
            self.send_header(f"Access-Control-Allow-{name}", "*")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def _serving(handler: type[_Handler], tls: Path | None = None) -> Iterator[int]:
    """The port of a server, with a certificate of its own if there is a directory for it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls:
            files = certificate.issue(tls / "tls")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(files.certificate, files.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        yield from _served(server)


@contextmanager
def _leading_to(visit: _Visit, page: int, attacked: int) -> Iterator[int]:
    """A port whose connections go to the page's server first, and then to the attacked one."""

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            port = attacked if visit.moved.is_set() else page
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=_copy, args=(server, self.request), daemon=True)
                back.start()
                _copy(self.request, server)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Relay) as server:
        yield from _served(server)


def _served(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
