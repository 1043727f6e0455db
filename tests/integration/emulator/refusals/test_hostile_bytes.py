"""Bytes that no correct client and no correct container sends."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.support.emulator.stack import SCRIPTED, Stack

HEADERS = ["Content-Type", "Accept", "CustomAttributes", "Inference-Id", "InputLocation"] + [
    "Filename",
    "S3OutputPathExtension",
    "RequestTTLSeconds",
    "InvocationTimeoutSeconds",
]


def wire_name(name: str) -> str:
    return name if name in ("Content-Type", "Accept") else f"X-Amzn-SageMaker-{name}"


def send(stack: Stack, raw: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    where = urlsplit(stack.emulator_url)
    assert where.hostname and where.port
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(raw)
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def post(stack: Stack, path: bytes, body: bytes, *headers: bytes) -> tuple[int, bytes]:
    host = urlsplit(stack.emulator_url).netloc.encode()
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers]
    lines += [b"Content-Length: %d" % len(body), b"", body]
    return send(stack, b"\r\n".join(lines))


def test_a_header_that_is_not_utf_8_is_refused_and_takes_no_slot(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED, concurrency=1)
    path = f"/endpoints/{stack.name}/async-invocations".encode()
    location = f"X-Amzn-SageMaker-InputLocation: s3://{stack.bucket}/".encode()

    answers = {
        name: post(stack, path, b"", location + b"a", wire_name(name).encode() + b": s3://b/\xfc")
        for name in [*HEADERS, "Anything"]
    }
    answers["InputLocation alone"] = post(stack, path, b"", location + b"\xfc.csv")
    answers["path"] = post(stack, path + b"?\xfc", b"", location + b"a")

    assert {name: status for name, (status, _) in answers.items()} == dict.fromkeys(answers, 400)
    for name in (*HEADERS, "InputLocation alone"):
        assert json.loads(answers[name][1])["__type"] == "ValidationError"
    stack.invoke(Body=b'{"body": "served"}')
    [text] = stack.notifications(stack.successes)
    assert json.loads(text)["invocationStatus"] == "Completed"


@pytest.mark.parametrize(
    "body",
    [b'{"ModelName": "\\ud800"}', b'{"ModelName": "\xfc"}', b"[" * 100_000, b'["a"]', b"\x00"],
    ids=["lone surrogate", "Latin-1", "depth", "list", "no JSON"],
)
def test_a_body_that_is_no_document_is_refused(stack: Stack, body: bytes) -> None:
    status, answer = post(stack, b"/", body, b"X-Amz-Target: SageMaker.DescribeModel")

    assert status == 400
    assert json.loads(answer)["__type"] == "SerializationException"


def test_a_containers_content_type_in_latin_1_fails_its_request_alone(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED, concurrency=1)

    stack.invoke(Body=b'{"headers": {"Content-Type": "text/\xc3\xbc"}}')
    [failed] = stack.notifications(stack.errors)
    stack.invoke(Body=b'{"body": "served"}')
    [text] = stack.notifications(stack.successes)

    assert "Received server error (0) from model" in json.loads(failed)["failureReason"]
    assert json.loads(text)["invocationStatus"] == "Completed"
