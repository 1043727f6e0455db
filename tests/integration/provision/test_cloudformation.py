"""Answers over HTTP, to a server on this machine that keeps what it is sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from relay.aws.cloudformation import CloudFormationResponder
from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.ports import ResponseNotDelivered

from tests.support.provisioning.requests import create
from tests.support.provisioning.world import World


@dataclass
class Put:
    path: str
    content_type: str | None
    body: bytes


@contextmanager
def cloudformation(status: int = 200) -> Iterator[tuple[str, list[Put]]]:
    puts: list[Put] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # noqa: N802 - the name that http.server asks for
            body = self.rfile.read(int(self.headers["Content-Length"]))
            puts.append(Put(self.path, self.headers["Content-Type"], body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/answer?X-Amz-Signature=secret", puts
        finally:
            server.shutdown()
            thread.join()


def answer_to(url: str) -> Response:
    world = World()
    world.run(create())
    [answer] = world.answers
    return replace(answer, request=replace(answer.request, response_url=url))


def test_an_answer_arrives_as_cloudformation_signed_it() -> None:
    with cloudformation() as (url, puts):
        answer = answer_to(url)
        CloudFormationResponder().deliver(answer)

    [put] = puts
    assert put.path == "/answer?X-Amz-Signature=secret"
    assert put.content_type == "", "any other content type breaks the signature"
    assert json.loads(put.body) == json.loads(answer.to_json())


@pytest.mark.parametrize("status", [403, 500, 503])
def test_an_answer_that_is_refused_is_not_delivered(status: int) -> None:
    with (
        cloudformation(status) as (url, _),
        pytest.raises(ResponseNotDelivered, match=str(status)) as refusal,
    ):
        CloudFormationResponder().deliver(answer_to(url))

    assert "secret" not in str(refusal.value)


def test_an_answer_without_a_receiver_is_not_delivered() -> None:
    with cloudformation() as (url, _):
        pass

    with pytest.raises(ResponseNotDelivered, match="could not be reached") as refusal:
        CloudFormationResponder().deliver(answer_to(url))

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/secret", "no address"])
def test_an_answer_goes_to_no_other_kind_of_address(url: str) -> None:
    with pytest.raises(ResponseNotDelivered, match="neither https nor http"):
        CloudFormationResponder().deliver(answer_to(url))


def test_an_address_with_a_line_break_is_not_delivered() -> None:
    with pytest.raises(ResponseNotDelivered) as refusal:
        CloudFormationResponder().deliver(answer_to("http://127.0.0.1:9/se\r\ncret"))

    assert "cret" not in str(refusal.value)
