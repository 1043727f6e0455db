"""CloudFormation's three requests, on the built function, from the request to the answer.

The endpoint is one of its own, in an emulator of its own: the deployed stack keeps the other.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.functions.deployed import deployed_function
from local.functions.lambda_runtime import Answer, LambdaRuntime
from local.stack.certificate import Certificate
from local.stack.clients import Clients
from local.stack.settings import REPOSITORY, StackSettings
from tests.e2e.permissions.roles import Roles
from tests.support.emulator.quick_emulator import quick_sagemaker
from tests.support.stack import RunningStack

_SECONDS = 60.0


class CloudFormation:
    """Keeps what is PUT to the address that a request carries, as S3 does."""

    def __init__(self, certificate: Certificate) -> None:
        self.answers: list[dict[str, Any]] = []
        kept = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers["Content-Length"])
                kept.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    @property
    def s3(self) -> str:
        return f"https://127.0.0.1:{self.server.server_port}"

    @property
    def address(self) -> str:
        return f"{self.s3}/cloudformation-custom-resource-response-useast1/answer"


@pytest.fixture
def cloudformation(stack: RunningStack) -> Iterator[CloudFormation]:
    receiver = CloudFormation(Certificate.at(stack.settings.tls))
    with receiver.server:
        threading.Thread(target=receiver.server.serve_forever).start()
        yield receiver
        receiver.server.shutdown()


@pytest.fixture
def sagemaker(stack: RunningStack, tmp_path: Path) -> Iterator[StackSettings]:
    """An emulator in which there is no endpoint yet; settings that lead to it."""
    with quick_sagemaker(stack, tmp_path) as settings:
        yield settings


@pytest.fixture
def table(stack: RunningStack) -> Iterator[str]:
    """A ledger of its own, so that the deployed function ignores this endpoint."""
    dynamodb = boto3.client("dynamodb", **_root(stack))
    name = "provision-events"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    dynamodb.delete_table(TableName=name)


def test_an_endpoint_is_created_updated_and_deleted_and_each_request_answered_once(
    stack: RunningStack, sagemaker: StackSettings, table: str, cloudformation: CloudFormation
) -> None:
    clients = Clients(sagemaker)
    function = deployed_function("provision", sagemaker, clients)
    # The role allows neither this table nor, for its other endpoint, this emulator.
    root = {
        name: stack.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    environment = {
        name: value for name, value in function.environment.items() if name != "AWS_SESSION_TOKEN"
    }
    environment |= root | {"LEDGER_TABLE_NAME": table, "AWS_ENDPOINT_URL_S3": cloudformation.s3}

    configurations = []
    with LambdaRuntime(replace(function, environment=environment)) as runtime:
        for number, case in enumerate(("create", "update", "delete"), start=1):
            request = _request(case, stack, cloudformation)

            received = runtime.invoke(request)

            assert received.outcome == Answer({}), received.log
            _wake_until_answered(runtime, cloudformation, number)
            answer = cloudformation.answers[-1]
            assert answer["Status"] == "SUCCESS", answer
            assert answer["RequestId"] == request["RequestId"]
            assert answer["PhysicalResourceId"] == "relay"
            if case != "delete":
                endpoint = clients.sagemaker.describe_endpoint(EndpointName="relay")
                assert endpoint["EndpointStatus"] == "InService"
                configurations.append(endpoint["EndpointConfigName"])

    assert len(cloudformation.answers) == 3
    assert len(set(configurations)) == 2
    with pytest.raises(ClientError, match="Could not find"):
        clients.sagemaker.describe_endpoint(EndpointName="relay")


def _wake_until_answered(
    runtime: LambdaRuntime, cloudformation: CloudFormation, count: int
) -> None:
    """Invoke the function as EventBridge does, until CloudFormation has so many answers."""

    def answered() -> bool:
        if len(cloudformation.answers) < count:
            runtime.invoke(_event("endpoint-in-service"))
        return len(cloudformation.answers) >= count

    _await(answered, f"answer number {count}")


def _request(case: str, stack: RunningStack, cloudformation: CloudFormation) -> dict[str, Any]:
    """The event, with this stack's role and artifact and this test's address."""
    request = _event(case)
    request["ResponseURL"] = cloudformation.address
    for properties in ("ResourceProperties", "OldResourceProperties"):
        if properties in request:
            request[properties] |= {
                "ExecutionRoleArn": Roles(stack).arn("EndpointExecutionRole"),
                "ModelDataUrl": stack.artifact,
            }
    return request


def _event(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPOSITORY / f"events/provision/{case}.json").read_text())
    return found


def _root(stack: RunningStack) -> dict[str, Any]:
    return {
        "endpoint_url": stack.settings.aws_url,
        "verify": stack.environment["AWS_CA_BUNDLE"],
        "aws_access_key_id": stack.environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": stack.environment["AWS_SECRET_ACCESS_KEY"],
        "region_name": stack.environment["AWS_REGION"],
    }


def _await(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not look():
        assert time.monotonic() < deadline, f"not within {_SECONDS:.0f} s: {what}"
        time.sleep(0.1)
