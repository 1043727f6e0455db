"""The emulator as a process, and its own routes."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from async_endpoint_emulator.serve_in import serve_in
from botocore.exceptions import BotoCoreError

from tests.integration.emulator.conftest import QUICK, REPOSITORY, running_emulator, variables
from tests.support.emulator.stack import (
    SCRIPTED,
    Clients,
    Stack,
    alive,
    eventually,
    free_port,
    processes_with,
)


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


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "async_endpoint_emulator", *arguments],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            **environment,
        },
        stdin=subprocess.DEVNULL,
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


# It has a worker in a session of its own, which ignores SIGTERM.
WITH_WORKER = """
import signal, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
import os

code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Ready).serve_forever()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
@pytest.mark.parametrize("attempt", range(2))
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_an_emulator_that_ends_at_any_moment(
    moto: str, artifact: Path, tmp_path: Path, number: signal.Signals, attempt: int
) -> None:
    (tmp_path / "serve.py").write_text(WITH_WORKER)
    config = tmp_path / "config.json"
    command = serve_in(tmp_path, "python serve.py")
    config.write_text(json.dumps({**QUICK, "containers": {SCRIPTED: command}}))
    work, port = tmp_path / "work", free_port()
    work.mkdir()
    clients = Clients(moto, f"http://127.0.0.1:{port}")
    stack = Stack(clients, artifact)
    moment = random.uniform(0, 6)
    print(f"{number.name} after {moment} s")  # to try a failure again
    process = subprocess.Popen(
        [sys.executable, "-m", "async_endpoint_emulator", "--authorise", "none"]
        + ["--port", str(port), "--work-dir", str(work), "--config", str(config)],
        env=variables(moto),
        stderr=subprocess.DEVNULL,
    )
    try:
        creating = threading.Thread(target=create, args=(stack, process))
        creating.start()
        time.sleep(moment)
        process.send_signal(number)
        process.wait(30)
    finally:
        process.kill()
        creating.join()
        clients.close()

    eventually(lambda: not processes_with(str(work)), "its processes are gone", 20)
    assert list(work.iterdir()) == []


def create(stack: Stack, process: "subprocess.Popen[bytes]") -> None:
    """Create an endpoint as soon as the emulator listens, if it still runs then."""
    while process.poll() is None:
        with suppress(BotoCoreError):
            stack.create_model(image=SCRIPTED)
            config = stack.create_config(count=2)
            stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
            return


def test_an_unusable_configuration_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"creation_second": 1}')

    ended = start("--work-dir", str(tmp_path / "work"), "--config", str(config))

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "creation_second is unknown" in ended.stderr
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("AWS_ENDPOINT_URL", "notaurl", "Invalid endpoint: notaurl"),
        ("AWS_DEFAULT_REGION", "a b", "'a b' doesn't match a supported format"),
    ],
)
def test_an_unusable_setting_of_aws_is_one_line_and_exit_code_2(
    tmp_path: Path, variable: str, value: str, words: str
) -> None:
    ended = start("--work-dir", str(tmp_path / "work"), **{variable: value})

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "the environment has no usable settings of AWS: " in ended.stderr
    assert words in ended.stderr


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("AWS_CA_BUNDLE", "/absent.pem", "AWS_CA_BUNDLE /absent.pem cannot be read: No such file"),
        (
            "AWS_ENDPOINT_URL",
            "",
            "AWS_ENDPOINT_URL must name a stand-in: calls would reach AWS itself, those of sts, ",
        ),
        ("AWS_ENDPOINT_URL_S3", "https://s3.eusc-de-east-1.amazonaws.eu", "those of s3\n"),
        ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "https://logs.us-east-1.api.aws", "those of logs\n"),
    ],
)
def test_without_a_stand_in_and_its_certificate_nothing_starts(
    tmp_path: Path, variable: str, value: str, words: str
) -> None:
    ended = start("--work-dir", str(tmp_path / "work"), **{variable: value})

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert words in ended.stderr


def test_standard_input_that_has_no_end_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    ended = start("--work-dir", str(tmp_path / "work"), "--stop-at-eof")  # of /dev/null

    assert ended.returncode == 2
    assert ended.stderr == (
        "async-endpoint-emulator: --stop-at-eof needs a pipe as standard input\n"
    )


def test_an_empty_region_is_the_default(moto: str, tmp_path: Path) -> None:
    environment = {**variables(moto), "AWS_DEFAULT_REGION": ""}
    options = ("--port", "0", "--work-dir", str(tmp_path / "work"))
    process = subprocess.Popen(
        [sys.executable, "-m", "async_endpoint_emulator", "--authorise", "none", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            client = boto3.Session("test", "test", region_name="us-east-1").client(
                "sagemaker", endpoint_url=url
            )
            endpoints = client.list_endpoints()["Endpoints"]
        finally:
            process.terminate()

    assert endpoints == []


def test_docker_for_unknown_callers_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    ended = start("--work-dir", str(tmp_path / "work"), "--docker", "--authorise", "none")

    assert ended.returncode == 2
    assert ended.stderr == (
        "async-endpoint-emulator: --docker runs what callers name: choose another --authorise\n"
    )


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


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--port", "65536"), "--port 65536 must be between 0 and 65535"),
        (
            ("--work-dir", "/dev/null/work"),
            "--work-dir /dev/null/work cannot be made: Not a directory",
        ),
    ],
)
def test_an_option_that_cannot_be_used_is_one_line_and_exit_code_2(
    option: tuple[str, str], words: str
) -> None:
    ended = start(*option)

    assert ended.returncode == 2
    assert ended.stderr == f"async-endpoint-emulator: {words}\n"


def test_an_address_of_another_machine_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    address = "203.0.113.1"  # RFC 5737: of no machine

    ended = start("--work-dir", str(tmp_path / "work"), "--host", address)

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"cannot listen on {address}" in ended.stderr


def test_a_stand_in_that_never_answers_does_not_keep_the_emulator_from_ending(
    tmp_path: Path,
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with running_emulator(address, tmp_path) as (url, process):
            headers = {"X-Amz-Target": "SageMaker.ListEndpoints"}
            request = urllib.request.Request(f"{url}/", b"{}", headers)  # noqa: S310
            asking = threading.Thread(target=ask, args=(request,))
            asking.start()
            connection, _ = silent.accept()  # the emulator asks for its account

            process.send_signal(signal.SIGTERM)
            code = process.wait(40)

            asking.join()
            connection.close()

    assert code == 0


def ask(request: urllib.request.Request) -> None:
    """Send a request to which nobody answers."""
    with suppress(OSError), urllib.request.urlopen(request):  # noqa: S310
        pass
