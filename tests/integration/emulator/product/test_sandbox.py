"""The emulator as its users' tests have it: by the fixtures of its pytest plugin."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from async_endpoint_emulator.client import Client, EmulatorError, Faults
from async_endpoint_emulator.testing import AsyncEndpoint, Sandbox
from botocore.exceptions import ClientError, WaiterError

from tests.integration.emulator.conftest import REPOSITORY
from tests.support.emulator.stack import alive, eventually

SCRIPTED = "python -m tests.integration.emulator.scripted_container"


def deploy(sandbox: Sandbox, **further: Any) -> AsyncEndpoint:
    return sandbox.deploy("scripted", SCRIPTED, directory=REPOSITORY, **further)


def test_a_model_and_its_server_are_deployed_in_one_call(
    async_emulator: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "greeting.txt").write_text("hello, ")
    (tmp_path / "serve.py").write_text(SERVER)

    endpoint = async_emulator.deploy(
        "greeter",
        "python serve.py",
        tmp_path / "model",
        directory=tmp_path,
        content_type="text/plain",
        environment={"PUNCTUATION": "!"},
    )
    invocation = endpoint.invoke(b"world", InferenceId="order-17")
    notification = endpoint.notification(invocation)

    assert notification["inferenceId"] == "order-17"
    assert notification["invocationStatus"] == "Completed"
    assert notification["responseParameters"]["outputLocation"] == invocation.output_location
    assert endpoint.read(invocation.output_location) == b"text/plain: hello, world!"


SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Greeter(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        greeting = (Path(os.environ["SM_MODEL_DIR"]) / "greeting.txt").read_text()
        text = f"{self.headers['Content-Type']}: {greeting}{body}{os.environ['PUNCTUATION']}"
        self.answer(text.encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Greeter).serve_forever()
"""


def test_a_server_that_does_not_start_fails_the_deployment(async_emulator: Sandbox) -> None:
    with pytest.raises(WaiterError) as failure:
        async_emulator.deploy("broken", "python -c 'raise SystemExit(1)'")

    assert "did not pass the ping health check" in str(failure.value.last_response)


def test_a_failed_deployment_has_what_this_server_printed(async_emulator: Sandbox) -> None:
    for name in ("missing_one", "missing_two"):
        with pytest.raises(WaiterError) as failure:
            async_emulator.deploy("broken", ["python", "-c", f"import {name}"])
        for delete in ("endpoint", "endpoint_config", "model"):
            member = "".join(word.capitalize() for word in delete.split("_")) + "Name"
            getattr(async_emulator.client("sagemaker"), f"delete_{delete}")(**{member: "broken"})
        async_emulator.control.wait_until_gone("broken")

    reason, printed = failure.value.__notes__
    assert "did not pass the ping health check" in reason
    assert "No module named 'missing_two'" in printed
    assert "missing_one" not in printed


def test_a_name_has_the_63_characters_of_sagemaker(async_emulator: Sandbox) -> None:
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    endpoint = async_emulator.deploy("N" * 63, SCRIPTED, directory=REPOSITORY)

    assert len(endpoint.bucket) <= 63
    assert endpoint.notification(endpoint.invoke(b"{}"))["invocationStatus"] == "Completed"


@pytest.mark.parametrize(
    ("name", "server", "words"),
    [
        ("bad name", SCRIPTED, "'bad name' at 'endpointName' failed to satisfy constraint"),
        ("N" * 64, SCRIPTED, "length less than or equal to 63"),
        ("greeter", "", "the command of the model server is empty"),
        ("greeter", "python 'serve.py", "No closing quotation"),
    ],
)
def test_a_deployment_that_cannot_be_made_leaves_nothing(
    async_emulator: Sandbox, name: str, server: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        async_emulator.deploy(name, server)

    assert async_emulator.client("s3").list_buckets()["Buckets"] == []


def test_the_state_shows_queues_and_instances(async_emulator: Sandbox) -> None:
    endpoint = deploy(async_emulator, concurrency=1, instances=2)
    for _ in range(5):
        endpoint.invoke(b'{"seconds": 60}')

    state = async_emulator.control.wait_until(lambda state: state.counters.in_flight == 2)

    shown = state.endpoints["scripted"]
    assert (shown.status, shown.instances, shown.desired) == ("InService", 2, {"AllTraffic": 2})
    assert (shown.backlog, shown.in_process, shown.idle) == (3, 2, False)
    assert shown.oldest_seconds is not None
    assert 0 <= shown.oldest_seconds < 60
    assert state.counters.invocations == 5


def test_a_tick_ends_the_time_to_live_of_a_request(async_emulator: Sandbox) -> None:
    endpoint = deploy(async_emulator, concurrency=1)
    endpoint.invoke(b'{"seconds": 60}', InvocationTimeoutSeconds=3600)
    waiting = endpoint.invoke(b"{}", RequestTTLSeconds=1800)
    control = async_emulator.control
    control.wait_until(lambda state: state.counters.in_flight == 1)

    control.tick(1700)
    shown = control.endpoint("scripted")
    assert shown is not None
    assert shown.backlog == 1
    assert shown.oldest_seconds is not None
    assert 1700 <= shown.oldest_seconds < 1800

    control.tick(100)
    assert "RequestTTLSeconds" in endpoint.notification(waiting)["failureReason"]
    assert control.state().counters.expired == 1


def test_a_tick_ends_the_time_that_a_model_may_take(async_emulator: Sandbox) -> None:
    endpoint = deploy(async_emulator)
    slow = endpoint.invoke(b'{"seconds": 60}', InvocationTimeoutSeconds=900)

    # The time begins with the call of the model, when the input has been read.
    def timed_out() -> bool:
        async_emulator.control.tick(900)
        return async_emulator.control.state().counters.failed == 1

    eventually(timed_out, "the inference takes too long", 30)
    assert "server error (0) from model" in endpoint.notification(slow)["failureReason"]


def test_a_tick_ends_the_waits_of_a_deployment(async_emulator: Sandbox) -> None:
    deploy(async_emulator, instances=2)
    control, sagemaker = async_emulator.control, async_emulator.client("sagemaker")
    control.set_time_factor(1)
    sagemaker.update_endpoint(
        EndpointName="scripted",
        EndpointConfigName="scripted",
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                    "WaitIntervalInSeconds": 3600,
                }
            }
        },
    )

    def baking() -> bool:
        described = sagemaker.describe_endpoint(EndpointName="scripted")
        assert described["EndpointStatus"] == "Updating"
        [variant] = described["PendingDeploymentSummary"]["ProductionVariants"]
        return bool(variant.get("VariantStatus", [{}])[0].get("Status") == "Baking")

    eventually(baking, "the canary bakes")
    control.tick(3600)

    control.wait_until_status("scripted", "InService")


def test_faults_time_and_statuses_are_set_and_shown(async_emulator: Sandbox) -> None:
    deploy(async_emulator)
    control = async_emulator.control

    control.set_faults(Faults(throttle=1, seed=4))
    assert control.faults() == Faults(throttle=1, seed=4)
    control.set_faults(Faults())
    assert control.faults() == Faults()
    control.set_time_factor(0.5)
    assert control.time_factor() == 0.5
    control.force_status("scripted", "SystemUpdating")
    control.wait_until_status("scripted", "SystemUpdating")


def test_a_reset_leaves_nothing(async_emulator: Sandbox) -> None:
    endpoint = deploy(async_emulator, include_responses=True)
    invocation = endpoint.invoke(b"{}")
    endpoint.notification(invocation)
    process = int(endpoint.read(invocation.output_location).split(b'"process": ')[1].rstrip(b"}"))
    control = async_emulator.control
    control.set_faults(Faults(lose_notification=1))
    control.set_time_factor(3)
    before = control.state()

    async_emulator.reset()

    state = control.state()
    assert (before.counters.invocations, state.counters.invocations) == (1, 0)
    assert state.endpoints == {}
    assert not alive(process)
    assert control.faults() == Faults()
    assert control.time_factor() == 0.05
    sagemaker = async_emulator.client("sagemaker")
    assert sagemaker.list_models()["Models"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert async_emulator.client("s3").list_buckets()["Buckets"] == []
    again = deploy(async_emulator)
    assert again.notification(again.invoke(b"{}"))["invocationStatus"] == "Completed"


def test_a_reset_during_a_creation_ends_it(async_emulator: Sandbox) -> None:
    deploy(async_emulator)
    sagemaker = async_emulator.client("sagemaker")
    sagemaker.create_endpoint(EndpointName="second", EndpointConfigName="scripted")

    async_emulator.control.reset()

    assert sagemaker.list_endpoints()["Endpoints"] == []


def test_the_client_for_asyncio_has_the_same_methods(async_emulator: Sandbox) -> None:
    endpoint = deploy(async_emulator)
    endpoint.notification(endpoint.invoke(b"{}"))

    async def use() -> None:
        async with async_emulator.async_control() as control:
            state = await control.wait_until_idle()
            assert state.counters.completed == 1
            await control.set_faults(Faults(hang=1))
            assert await control.faults() == Faults(hang=1)
            await control.set_time_factor(2)
            assert await control.time_factor() == 2
            await control.tick(1)
            with pytest.raises(EmulatorError, match="status: InService, "):
                await control.force_status("scripted", "Nonsense")
            await control.reset()
            assert (await control.state()).endpoints == {}
            assert await control.endpoint("scripted") is None

    asyncio.run(use())


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_a_tick_of_no_or_of_too_many_seconds_is_refused(
    async_emulator: Sandbox, seconds: float
) -> None:
    with pytest.raises(EmulatorError, match="400: seconds: more than 0, at most 86400"):
        async_emulator.control.tick(seconds)


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ({"(": "x"}, "'\\('"),
        ({"x": "'"}, "'x'"),
        ({"x": " "}, "no command"),
        ({"x": "{pyton} -m serve"}, r"\{pyton\} is unknown \(known: \{python\}\)"),
    ],
)
def test_containers_that_cannot_be_used_are_refused(
    async_emulator: Sandbox, commands: dict[str, str], words: str
) -> None:
    with pytest.raises(EmulatorError, match=words):
        async_emulator.control.add_containers(commands)


def test_commands_of_callers_that_are_not_authenticated_are_refused(emulator: str) -> None:
    with pytest.raises(EmulatorError, match="403: the emulator takes commands from authenticated"):
        Client(emulator).add_containers({".*": "python serve.py"})


def test_an_emulator_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(EmulatorError, match="http://127.0.0.1:1 does not answer"):
        Client("http://127.0.0.1:1").state()


def test_only_root_may_call(async_emulator: Sandbox) -> None:
    key, _ = async_emulator.credentials
    for credentials, code in (
        (("AKIASTRANGER", "x"), "UnrecognizedClientException"),
        ((key, "guessed"), "InvalidSignatureException"),
    ):
        session = boto3.Session(*credentials, region_name=async_emulator.region)
        client = session.client("sagemaker", endpoint_url=async_emulator.url)
        with pytest.raises(ClientError) as refusal:
            client.list_models()
        assert refusal.value.response["Error"]["Code"] == code


def test_the_environment_leads_every_sdk_to_the_servers(
    async_emulator_environment: Sandbox,
) -> None:
    code = "import boto3; print(boto3.client('sagemaker').list_models()['Models'])"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "[]\n"
    assert boto3.client("s3").list_buckets()["Buckets"] == []
