"""`async-endpoint-sandbox`, by which a model server is tried without a test."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from async_endpoint_emulator import __version__

from tests.integration.emulator.product.test_plugin import environment
from tests.support.emulator.readme import files
from tests.support.emulator.stack import eventually, processes_with

COMMAND = (sys.executable, "-m", "async_endpoint_emulator.testing")


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_endpoint_is_in_service_until_the_command_is_stopped(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "upper.py").write_text(files()["upper.py"])
    marker = f"MARK_{tmp_path.name}"
    process = subprocess.Popen(
        [*COMMAND, "--server", "python upper.py", "--name", "upper", "--content-type", "text/csv"],
        cwd=tmp_path,
        env={**environment(), marker: "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while not (lines and "receive-message" in lines[-1]):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        variables = {
            match[1]: shlex.split(match[2])[0]
            for match in re.finditer(r"^export (\w+)=(.*)$", "".join(lines), re.MULTILINE)
        }
        assert output_of(variables, "".join(lines)) == b"HELLO"
    finally:
        process.send_signal(number)
        process.communicate(timeout=60)

    assert process.returncode == 0
    eventually(lambda: not processes_with(marker), "all processes are gone", 20)


def output_of(variables: dict[str, str], directions: str) -> bytes:
    """What the endpoint makes of `hello`, by clients that know the printed lines alone."""

    def client(service: str, variable: str = "AWS_ENDPOINT_URL") -> Any:
        session = boto3.Session(
            variables["AWS_ACCESS_KEY_ID"],
            variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_REGION"],
        )
        return session.client(service, endpoint_url=variables[variable])  # type: ignore[call-overload]

    [bucket] = re.findall(r"aws s3 cp FILE s3://([^/]+)/inputs/", directions)
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="inputs/FILE", Body=b"hello")
    accepted = client(
        "sagemaker-runtime", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"
    ).invoke_endpoint_async(EndpointName="upper", InputLocation=f"s3://{bucket}/inputs/FILE")
    key = accepted["OutputLocation"].removeprefix(f"s3://{bucket}/")
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key=key, WaiterConfig={"Delay": 1})
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def test_a_server_that_does_not_start_is_the_reason_its_output_and_exit_code_1(
    tmp_path: Path,
) -> None:
    ended = subprocess.run(
        [*COMMAND, "--server", "python nothing.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("async-endpoint-sandbox: The primary container")
    assert "did not pass the ping health check" in ended.stderr
    assert "can't open file" in ended.stderr  # the words of the interpreter
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--model", "nothing"), "--model nothing: no such file or directory"),
        (("--server", "python 'serve.py"), "--server python 'serve.py: No closing quotation"),
        (("--server", ""), "--server : the command of the model server is empty"),
        (("--name", "bad name"), "--name bad name: 1 validation error detected"),
        (("--environment", "GREETING"), "--environment GREETING: NAME=VALUE is expected"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(
    tmp_path: Path, option: tuple[str, str], words: str
) -> None:
    ended = subprocess.run(
        [*COMMAND, "--server", "python serve.py", *option],
        cwd=tmp_path,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert words in ended.stderr


def test_the_version_is_that_of_the_distribution() -> None:
    ended = subprocess.run(
        [*COMMAND, "--version"], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.stdout == f"async-endpoint-sandbox {__version__}\n"
