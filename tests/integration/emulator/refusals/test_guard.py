"""The emulator serves programs that know a secret, and no web page."""

import http.client
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.integration.emulator.conftest import QUICK, REPOSITORY, running_emulator
from tests.support.emulator.signed import headers_for

ROOT = ("test", "test")
ROUTES = [
    ("POST", "/"),
    ("POST", "/endpoints/demo/async-invocations"),
    ("POST", "/endpoints/demo/invocations"),
    ("GET", "/_emulator/health"),
    ("GET", "/_emulator/state"),
    ("POST", "/_emulator/reset"),
    ("POST", "/_emulator/tick"),
    ("PUT", "/_emulator/faults"),
    ("PUT", "/_emulator/containers"),
    ("PUT", "/_emulator/pace"),
    ("PUT", "/_emulator/sessions/ASIA"),
    ("PUT", "/_emulator/endpoints/demo/status"),
]
JSON = {"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"}


@pytest.fixture(scope="module")
def strict(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator that identifies its callers, and is called by one more name."""
    options = ("--authorise", "simulate", "--host-name", "sagemaker")
    with running_emulator(moto, tmp_path_factory.mktemp("strict"), json.dumps(QUICK), *options) as (
        url,
        _,
    ):
        yield url


def call(
    url: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    credentials: tuple[str, str] | None = ROOT,
    body: bytes = b"{}",
) -> tuple[int, str]:
    """The status and the body of the answer; signed with the Host that is given."""
    server = url.removeprefix("http://")
    sent = {"Host": server, **JSON, **headers}
    if credentials:
        sent = headers_for(method, f"http://{sent['Host']}{path}", body, *credentials, sent)
    connection = http.client.HTTPConnection(server, timeout=10)
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:4567"},
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "no-cors"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[path for _, path in ROUTES])
@pytest.mark.parametrize("authorise", ["none", "simulate"])
def test_a_web_page_is_refused_on_every_route(
    request: pytest.FixtureRequest,
    authorise: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
) -> None:
    url = request.getfixturevalue("emulator" if authorise == "none" else "strict")

    status, answer = call(url, method, path, headers)

    assert status == 403
    assert "Host is" in answer or "header of browsers" in answer


def test_a_refused_request_writes_no_line_of_its_own_into_the_log(
    moto: str, tmp_path: Path
) -> None:
    with running_emulator(moto, tmp_path) as (url, _):
        call(url, "GET", "/a%0Aroot%20was%20here", {"Host": "evil.example"}, None, b"")

    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if "root was here" in line and "refused GET /a" in line]
    assert not [line for line in lines if line.startswith("root")]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "sagemaker"])
def test_a_program_may_use_each_name_of_the_server(strict: str, name: str) -> None:
    port = strict.rpartition(":")[2]

    assert call(strict, "POST", "/", {"Host": f"{name}:{port}"})[0] == 200


def test_a_name_that_was_not_given_is_refused(emulator: str) -> None:
    port = emulator.rpartition(":")[2]

    assert call(emulator, "POST", "/", {"Host": f"sagemaker:{port}"})[0] == 403


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        (("test", "guessed"), "InvalidSignatureException"),
        (("AKIAUNKNOWNUNKNOWN00", "test"), "UnrecognizedClientException"),
    ],
)
def test_a_caller_without_the_secret_is_refused(
    strict: str, credentials: tuple[str, str] | None, code: str
) -> None:
    status, answer = call(strict, "POST", "/", {}, credentials)

    assert (status, json.loads(answer)["__type"]) == (403, code)


def test_a_repeated_header_is_signed_as_a_whole(strict: str) -> None:
    server = strict.removeprefix("http://")
    sent = headers_for("POST", f"{strict}/", b"{}", *ROOT, {"Host": server, **JSON})
    connection = http.client.HTTPConnection(server, timeout=10)
    connection.putrequest("POST", "/", skip_host=True)
    for name, value in [("X-Amz-Target", "SageMaker.ListEndpoints"), *sent.items()]:
        connection.putheader(name, value)
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"{}")

    answer = json.loads(connection.getresponse().read())
    connection.close()

    assert answer["__type"] == "InvalidSignatureException"


def test_json_that_is_nested_too_deeply_is_refused_as_such(strict: str) -> None:
    status, answer = call(strict, "POST", "/", {}, None, b"[" * 100_000)

    assert (status, json.loads(answer)["__type"]) == (400, "SerializationException")


def test_every_client_of_an_sdk_has_a_signature_that_is_right(strict: str) -> None:
    session = boto3.Session(*ROOT, region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1})
    sagemaker = session.client("sagemaker", endpoint_url=strict, config=config)
    scaling = session.client("application-autoscaling", endpoint_url=strict, config=config)
    runtime = session.client("sagemaker-runtime", endpoint_url=strict, config=config)

    assert sagemaker.list_models()["Models"] == []
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    for further in (
        {"InputLocation": "s3://data/inputs/orders  and so on.csv"},
        {"InputLocation": "s3://data/inputs/größe.csv", "CustomAttributes": "a=b; c"},
        {"Body": b"\x00\xff", "ContentType": "text/csv"},
    ):
        with pytest.raises(ClientError) as refusal:
            runtime.invoke_endpoint_async(EndpointName="absent", **further)
        assert "not found" in str(refusal.value)


@pytest.mark.parametrize(("method", "path"), ROUTES[4:], ids=[path for _, path in ROUTES[4:]])
@pytest.mark.parametrize("credentials", [None, ("test", "guessed")], ids=["unsigned", "guessed"])
def test_the_emulators_own_interface_is_for_root(
    strict: str, method: str, path: str, credentials: tuple[str, str] | None
) -> None:
    body = b'{"role": "arn:aws:iam::000000000000:role/x", "session_name": "x"}'

    assert call(strict, method, path, {}, credentials, body)[0] == 403


def test_root_may_use_the_emulators_own_interface(strict: str) -> None:
    assert call(strict, "PUT", "/_emulator/faults", {})[0] == 200
    assert call(strict, "GET", "/_emulator/state", {}, body=b"")[0] == 200
    assert call(strict, "GET", "/_emulator/health", {}, None, body=b"")[0] == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_the_documented_command_of_curl_is_signed_as_it_must_be(strict: str) -> None:
    text = (REPOSITORY / "docs/explanation/scaling.md").read_text()
    (command,) = re.findall(r"```sh\n(\. \.local/env\n.*?)```", text, re.DOTALL)
    variables = {
        "AWS_ACCESS_KEY_ID": ROOT[0],
        "AWS_SECRET_ACCESS_KEY": ROOT[1],
        "AWS_ENDPOINT_URL_SAGEMAKER": strict,
        "PATH": os.environ["PATH"],
    }

    done = subprocess.run(
        ["/bin/sh", "-euc", command.removeprefix(". .local/env\n")],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )

    assert '"time_factor": 0.01' in done.stdout
    assert '"backlog": 0' in done.stdout


def test_root_names_a_session_and_the_session_may_not(strict: str) -> None:
    session = ("ASIASESSION", "a secret")
    document = {
        "role": "arn:aws:iam::000000000000:role/x",
        "session_name": "x",
        "secret_access_key": session[1],
    }
    path = "/_emulator/sessions/ASIASESSION"
    body = json.dumps(document).encode()

    assert call(strict, "PUT", path, {}, body=body)[0] == 204
    assert call(strict, "PUT", path, {}, session, body)[0] == 403
    status, answer = call(strict, "POST", "/", {}, ("ASIASESSION", "guessed"))
    assert (status, json.loads(answer)["__type"]) == (403, "InvalidSignatureException")
