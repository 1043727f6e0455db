"""Calls of InvokeEndpointAsync that get no answer."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from tests.integration.emulator.conftest import running_emulator
from tests.support.emulator.stack import SCRIPTED, Clients, Stack, eventually

_READ_SECONDS = 0.5
_STOP_SECONDS = 5  # far less than a server waits for its requests


def invoke_in_vain(stack: Stack, inference_id: str) -> None:
    client = boto3.Session("test", "test", region_name="us-east-1").client(
        "sagemaker-runtime",
        endpoint_url=stack.emulator_url,
        config=Config(read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ReadTimeoutError):
        client.invoke_endpoint_async(EndpointName=stack.name, Body=b"{}", InferenceId=inference_id)
    client.close()


@contextmanager
def hanging(stack: Stack) -> Iterator[None]:
    """A call that waits for its answer until the emulator closes the connection."""
    host, port = stack.emulator_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        path = f"/endpoints/{stack.name}/async-invocations"
        head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 2\r\n\r\n"
        connection.sendall(f"{head}{{}}".encode())
        eventually(lambda: stack.state()["hung"], "the call hangs")
        yield
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_a_call_that_hangs_has_no_effect(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED, include=["SUCCESS_NOTIFICATION_TOPIC"])
    before = stack.state()
    stack.faults(hang=1)
    try:
        invoke_in_vain(stack, "hung")
    finally:
        stack.faults()
    stack.invoke(Body=b"{}", InferenceId="fine")

    [text] = stack.notifications(stack.successes)

    assert json.loads(text)["inferenceId"] == "fine"
    after = stack.state()
    assert after["hung"] == before["hung"] + 1
    assert after["invocations"] == before["invocations"] + 1


def test_a_call_whose_answer_is_lost_is_inferred(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED, include=["SUCCESS_NOTIFICATION_TOPIC"])
    before = stack.state()
    stack.faults(lose_answer=1)
    try:
        invoke_in_vain(stack, "accepted")
    finally:
        stack.faults()

    [text] = stack.notifications(stack.successes)

    assert json.loads(text)["inferenceId"] == "accepted"
    after = stack.state()
    assert after["answers_lost"] == before["answers_lost"] + 1
    assert after["invocations"] == before["invocations"] + 1


def test_the_emulator_stops_at_once_while_a_call_hangs(
    moto: str, artifact: Path, tmp_path: Path
) -> None:
    with running_emulator(moto, tmp_path) as (url, process):
        clients = Clients(moto, url)
        stack = Stack(clients, artifact)
        stack.create_endpoint(SCRIPTED)
        stack.faults(hang=1)
        with hanging(stack):
            started = time.monotonic()
            process.terminate()
            process.wait(_STOP_SECONDS)
        clients.close()

    assert time.monotonic() - started < _STOP_SECONDS
