"""The emulator as a process, and its own routes."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.integration.emulator.conftest import REPOSITORY, running_emulator
from tests.support.emulator.stack import SCRIPTED, Clients, Stack, alive, eventually


def put_faults(stack: Stack, body: bytes) -> tuple[int, Any]:
    url = f"{stack.emulator_url}/_emulator/faults"
    request = urllib.request.Request(url, body, method="PUT")  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, json.loads(exc.read())


@pytest.mark.parametrize(
    ("body", "words"), [(b'{"los": 1}', "los is unknown"), (b"{", "Expecting")]
)
def test_unusable_faults_are_refused(stack: Stack, body: bytes, words: str) -> None:
    status, answer = put_faults(stack, body)

    assert status == 400
    assert words in answer["message"]


def test_faults_are_answered_in_full_and_cleared_by_an_empty_document(stack: Stack) -> None:
    assert stack.faults(lose_notification=0.5, seed=4)["lose_notification"] == 0.5
    assert stack.faults()["lose_notification"] == 0


def test_an_operation_it_does_not_know_is_refused(stack: Stack) -> None:
    with pytest.raises(stack.sagemaker.exceptions.ClientError) as refusal:
        stack.sagemaker.list_training_jobs()

    assert refusal.value.response["Error"]["Code"] == "UnknownOperationException"


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "async_endpoint_emulator", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_nothing_survives_an_emulator_that_is_killed(
    moto: str, artifact: Path, tmp_path: Path
) -> None:
    with running_emulator(moto, tmp_path, killed=True) as (url, process):
        clients = Clients(moto, url)
        stack = Stack(clients, artifact)
        stack.create_endpoint(SCRIPTED)
        stack.invoke(Body=b"{}")
        [text] = stack.notifications(stack.successes)
        received = json.loads(stack.read(json.loads(text)["responseParameters"]["outputLocation"]))
        clients.close()

        process.kill()
        process.wait()

        group = received["process"]
        eventually(lambda: not alive(group), "the model server is gone", 5)
        eventually(lambda: not list((tmp_path / "work").iterdir()), "its files are gone", 5)


def test_an_unusable_configuration_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"creation_second": 1}')

    ended = start("--work-dir", str(tmp_path / "work"), "--config", str(config))

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "creation_second is unknown" in ended.stderr
    assert not (tmp_path / "work").exists()


def test_a_taken_port_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = start("--work-dir", str(tmp_path / "work"), "--port", port)

    assert ended.returncode == 2
    assert (
        ended.stderr
        == f"async-endpoint-emulator: port {port} is taken; choose another with --port\n"
    )


def test_an_address_of_another_machine_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    address = "203.0.113.1"  # RFC 5737: of no machine

    ended = start("--work-dir", str(tmp_path / "work"), "--host", address)

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"cannot listen on {address}" in ended.stderr
