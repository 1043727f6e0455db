"""The question to an AWS stand-in, whose an access key is."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from async_endpoint_emulator.api.callers.credentials import ask
from async_endpoint_emulator.api.callers.identity import Caller, Holder
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.errors import AwsError
from botocore.credentials import Credentials

ROOT = Credentials("AKIAROOT", "root's secret")
ROLE = "arn:aws:iam::000000000000:role/submit"
SESSION = {"arn": "arn:session", "principal": ROLE, "secret_access_key": "of the session"}
ANSWERS: dict[str, tuple[int, bytes]] = {
    "/_credentials/ASIASESSION": (200, json.dumps(SESSION).encode()),
    "/_credentials/ASIAUNKNOWN": (404, b"{}"),
    "/_credentials/a%2F..%2Fb": (404, b"{}"),
    "/_credentials/ASIAFORBIDDEN": (403, b"{}"),
    "/_credentials/ASIANOTJSON": (200, b"<html>"),
}


class StandIn(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        SignedRequest("GET", self.path, headers, b"").verify(ROOT.secret_key)
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), StandIn) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/_credentials/"
        server.shutdown()
        thread.join()


def test_a_session_is_its_roles_and_has_a_secret(address: str) -> None:
    assert ask(ROOT, address, "ASIASESSION") == Holder(
        Caller("arn:session", ROLE), "of the session"
    )


@pytest.mark.parametrize("key", ["ASIAUNKNOWN", "a/../b"])
def test_an_unknown_key_has_no_holder(address: str, key: str) -> None:
    assert ask(ROOT, address, key) is None


@pytest.mark.parametrize("key", ["ASIAFORBIDDEN", "ASIANOTJSON"])
def test_an_answer_that_does_not_tell_is_an_error_and_no_permission(address: str, key: str) -> None:
    with pytest.raises(AwsError, match="did not say"):
        ask(ROOT, address, key)


def test_a_stand_in_that_is_away_is_an_error_and_no_permission() -> None:
    with pytest.raises(AwsError, match="did not say"):
        ask(ROOT, "http://127.0.0.1:1/_credentials/", "ASIASESSION")
