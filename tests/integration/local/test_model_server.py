"""A model server of the local stack answers the emulator alone."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from local.machine.tcp_ports import free_ports
from local.stack.servers import answers
from local.stack.settings import REPOSITORY
from tests.support.emulator.stack import eventually

_ECHO = """
from local.containers.serving import Reply, serve
serve(lambda invocation: Reply(invocation.body, "text/plain"))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    (port,) = free_ports(1)
    variables = {
        "PYTHONPATH": str(REPOSITORY),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "EMULATOR_TOKEN": "right",
    }
    with subprocess.Popen(
        [sys.executable, "-c", _ECHO], env={**os.environ, **variables}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: answers(url), f"{url} answers", 60)
            yield url
        finally:
            process.terminate()


def call(url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize(("path", "body"), [("/ping", None), ("/invocations", b"input")])
def test_a_program_without_the_token_is_refused(server: str, path: str, body: bytes | None) -> None:
    for headers in ({}, {"X-Emulator-Token": "guessed"}, {"X-Emulator-Token": "größe"}):
        status, answer = call(server + path, {**headers, "Content-Type": "text/csv"}, body)
        assert status == 403
        assert b"answers the emulator alone" in answer


def test_the_emulator_gets_the_answer_of_the_model(server: str) -> None:
    token = {"X-Emulator-Token": "right"}

    assert call(f"{server}/ping", token, None) == (200, b"")
    assert call(f"{server}/invocations", token, b"input") == (200, b"input")
