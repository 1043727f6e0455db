"""Answers over TLS, to a server on this machine that keeps what it is sent."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from relay.aws.cloudformation import CloudFormationResponder
from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.ports import ResponseNotDelivered

from local.stack.certificate import Certificate, issue
from tests.support.provisioning.requests import create
from tests.support.provisioning.world import World


@dataclass
class Put:
    path: str
    content_type: str | None
    body: bytes


STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/relay/7b1f"
BUCKET = "cloudformation-custom-resource-response-useast1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return issue(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def trust(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))


@contextmanager
def cloudformation(certificate: Certificate, status: int = 200) -> Iterator[tuple[str, list[Put]]]:
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

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}", puts
        finally:
            server.shutdown()
            thread.join()


def deliver(endpoint: str, url: str) -> Response:
    """Deliver an answer to this URL. `endpoint` is S3, as the SDK is configured."""
    world = World()
    world.run(create())
    [answer] = world.answers
    answer = replace(answer, request=replace(answer.request, response_url=url))
    CloudFormationResponder(STACK, lambda: endpoint).deliver(answer)
    return answer


def presigned(endpoint: str) -> str:
    return f"{endpoint}/{BUCKET}/answer?X-Amz-Signature=secret"


def test_an_answer_arrives_as_cloudformation_signed_it(certificate: Certificate) -> None:
    with cloudformation(certificate) as (endpoint, puts):
        answer = deliver(endpoint, presigned(endpoint))

    [put] = puts
    assert put.path == f"/{BUCKET}/answer?X-Amz-Signature=secret"
    assert put.content_type == "", "any other content type breaks the signature"
    assert json.loads(put.body) == json.loads(answer.to_json())


@pytest.mark.parametrize("status", [307, 403, 500, 503])
def test_an_answer_that_is_refused_is_not_delivered(status: int, certificate: Certificate) -> None:
    with (
        cloudformation(certificate, status) as (endpoint, puts),
        pytest.raises(ResponseNotDelivered, match=str(status)) as refusal,
    ):
        deliver(endpoint, presigned(endpoint))

    assert len(puts) == 1
    assert "secret" not in str(refusal.value)


def test_an_answer_without_a_receiver_is_not_delivered(certificate: Certificate) -> None:
    with cloudformation(certificate) as (endpoint, _):
        pass

    with pytest.raises(ResponseNotDelivered, match="could not be reached") as refusal:
        deliver(endpoint, presigned(endpoint))

    assert "secret" not in str(refusal.value)


def test_an_answer_goes_to_no_address_but_cloudformations(certificate: Certificate) -> None:
    with cloudformation(certificate) as (endpoint, puts):
        for url in (
            f"{endpoint}/secret",
            f"{endpoint}/another-bucket/secret",
            "file:///etc/passwd",
            "ftp://127.0.0.1/secret",
            "no address",
        ):
            with pytest.raises(ResponseNotDelivered, match="is not CloudFormation's") as refusal:
                deliver(endpoint, url)
            assert "secret" not in str(refusal.value)

    assert puts == []


def test_an_address_with_a_line_break_is_not_delivered(certificate: Certificate) -> None:
    with (
        cloudformation(certificate) as (endpoint, _),
        pytest.raises(ResponseNotDelivered) as refusal,
    ):
        deliver(endpoint, f"{endpoint}/{BUCKET}/se\r\ncret")

    assert "cret" not in str(refusal.value)
