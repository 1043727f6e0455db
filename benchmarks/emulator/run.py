"""Runs the emulator with its peers, sends the load, and reads what it took."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer

from benchmarks.emulator.load import Invocation, send
from local.machine.tcp_ports import free_ports

_WARM_UP = 500
_SAMPLES = 10
_DEADLINE_SECONDS = 120.0
_ENDPOINT = "empty"
_INPUT = "s3://bench/inputs/a"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process until now."""

    cpu_seconds: float
    resident_mib: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        return cls((int(fields[11]) + int(fields[12])) / _TICKS, resident)


@dataclass(frozen=True, slots=True)
class Measured:
    """`paced`: at the wanted rate; `flat_out`: all at once; `bare`: the aiohttp application.

    Seconds are until the last request was processed; CPU is in seconds for each request.
    """

    invocations: int
    rate: float
    paced_seconds: float
    paced_cpu: float
    flat_out_rate: float
    bare_rate: float
    bare_cpu: float
    resident_mib: Sequence[float]


def measure(
    directory: Path, invocations: int, rate: float, authorise: str, profile: Path | None
) -> Measured:
    """Send the invocations in parts, then a tenth of them at once, then as many to the baseline."""
    with ExitStack() as stack:
        aws_port = stack.enter_context(_peer("aws"))[0]
        url, pid = stack.enter_context(_emulator(directory, aws_port, authorise, profile))
        _create_endpoint(url)
        _run(url, _WARM_UP, rate)
        before, seconds, resident = Usage.of(pid), 0.0, [Usage.of(pid).resident_mib]
        for _ in range(_SAMPLES):
            seconds += _run(url, invocations // _SAMPLES, rate)
            resident.append(Usage.of(pid).resident_mib)
        cpu = Usage.of(pid).cpu_seconds - before.cpu_seconds
        at_once = invocations // _SAMPLES
        flat_out = at_once / _run(url, at_once, 1e9)
        echo_port, echo_pid = stack.enter_context(_peer("echo"))
        bare = Invocation.of(f"http://127.0.0.1:{echo_port}", _ENDPOINT, _INPUT)
        asyncio.run(send(bare, _WARM_UP, 1e9))
        bare_before = Usage.of(echo_pid)
        bare_seconds = asyncio.run(send(bare, at_once, 1e9))
        bare_cpu = Usage.of(echo_pid).cpu_seconds - bare_before.cpu_seconds
    return Measured(
        invocations,
        rate,
        seconds,
        cpu / invocations,
        flat_out,
        at_once / bare_seconds,
        bare_cpu / at_once,
        resident,
    )


def _run(url: str, number: int, rate: float) -> float:
    """Seconds until all of them are completed."""
    begun = monotonic()
    completed = _state(url)["completed"] + number
    asyncio.run(send(Invocation.of(url, _ENDPOINT, _INPUT), number, rate))
    while (state := _state(url))["completed"] < completed or state["in_flight"]:
        if monotonic() - begun > number / rate + _DEADLINE_SECONDS or state["failed"]:
            raise RuntimeError(f"not all of {number} were completed: {state}")
        sleep(0.02)
    return monotonic() - begun


def _state(url: str) -> Any:
    request = AWSRequest("GET", f"{url}/_emulator/state")
    SigV4Auth(Credentials("test", "test"), "sagemaker", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    with urllib.request.urlopen(  # noqa: S310
        urllib.request.Request(str(request.url), headers=headers)  # noqa: S310
    ) as answer:
        return json.load(answer)


@contextmanager
def _peer(kind: str) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.emulator.peers", kind], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()


@contextmanager
def _emulator(
    directory: Path, aws_port: int, authorise: str, profile: Path | None
) -> Iterator[tuple[str, int]]:
    """Its URL and its process. IAM and all that is asked once is moto's."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    moto = ThreadedMotoServer("127.0.0.1", free_ports(1)[0], verbose=False)
    moto.start()
    config = directory / "config.json"
    config.write_text(
        json.dumps(
            {
                "creation_seconds": 0,
                "containers": {".": "{python} -m benchmarks.emulator.peers model"},
            }
        )
    )
    (port,) = free_ports(1)
    url, moto_url = f"http://127.0.0.1:{port}", "http://{}:{}".format(*moto.get_host_and_port())
    aws_url = f"http://127.0.0.1:{aws_port}"
    profiled = ["-m", "cProfile", "-o", str(profile)] if profile else []
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto_url,
    }
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *profiled, "-m", "async_endpoint_emulator"]
            + ["--port", str(port), "--authorise", authorise, "--config", str(config)],
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(sys.path),
                "AWS_ENDPOINT_URL_S3": aws_url,
                "AWS_ENDPOINT_URL_SNS": aws_url,
            },
            stderr=log,
        )
    try:
        _await_health(url)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)
        moto.stop()


def _await_health(url: str) -> None:
    deadline = monotonic() + _DEADLINE_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/_emulator/health").close()  # noqa: S310
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(0.1)
        else:
            return


def _create_endpoint(url: str) -> None:
    """An empty model without an artifact, with notifications to one topic."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = boto3.client("iam").create_role(
        RoleName=f"execution-{uuid4().hex[:8]}", AssumeRolePolicyDocument=json.dumps(trust)
    )
    sagemaker = boto3.client("sagemaker", endpoint_url=url)
    sagemaker.create_model(
        ModelName=_ENDPOINT,
        ExecutionRoleArn=role["Role"]["Arn"],
        PrimaryContainer={"Image": "example/empty:1"},
    )
    topic = "arn:aws:sns:us-east-1:123456789012:done"
    sagemaker.create_endpoint_config(
        EndpointConfigName=_ENDPOINT,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": _ENDPOINT,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={
            "OutputConfig": {
                "S3OutputPath": "s3://bench/outputs/",
                "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
            },
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 16},
        },
    )
    sagemaker.create_endpoint(EndpointName=_ENDPOINT, EndpointConfigName=_ENDPOINT)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=_ENDPOINT, WaiterConfig={"Delay": 1})
