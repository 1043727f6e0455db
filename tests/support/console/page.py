"""The page of `relayctl console` over a deployment in memory, and a browser that asks it."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from botocore.exceptions import ClientError
from relay.events.endpoint_events import read_event

from relayctl.console.addresses import addresses
from relayctl.console.security import FIELD, Guard
from relayctl.console.server import application
from relayctl.console.sources.emulator import Emulator
from relayctl.console.view import View
from tests.support.provisioning.world import World
from tests.support.relayctl.commands import FakeDeployment
from tests.support.relayctl.dead_letters import ARN, URL, FakeQueues, FakeStackResources
from tests.support.relayctl.mappings import FUNCTIONS, FakeMappings
from tests.support.samples import NOON

ENDPOINT = "relay-endpoint"
OUTPUTS = {
    "SubmitQueueUrl": URL + "submit",
    "NotificationQueueUrl": URL + "notifications",
    "CompletedQueueUrl": URL + "relay-completed.fifo",
    "FailedQueueUrl": URL + "relay-failed.fifo",
    "EndpointName": ENDPOINT,
    "ProvisionFunctionName": "relay-provision",
    "RoutesParameterName": "/relay/routes",
    **FUNCTIONS,
}


ROUTES = {
    "routes": [
        {
            "name": "completed",
            "when": "data.outcome == 'completed'",
            "to": f"{ARN}relay-completed.fifo",
        }
    ],
    "otherwise": {"to": f"{ARN}relay-failed.fifo"},
}


def denied(operation: str) -> ClientError:
    """What AWS answers without a permission."""
    return ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, operation
    )


@dataclass
class FakeSageMaker:
    """An endpoint, or the error that a description of it ends in."""

    status: str = "InService"
    current: int = 1
    desired: int = 1
    error: Exception | None = None

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:
        assert EndpointName == ENDPOINT
        if self.error:
            raise self.error
        variant = {"CurrentInstanceCount": self.current, "DesiredInstanceCount": self.desired}
        return {"EndpointStatus": self.status, "ProductionVariants": [variant]}


@dataclass
class FakeCloudWatch:
    """The backlog, as its metric has it."""

    backlog: list[float] = field(default_factory=list)
    error: Exception | None = None

    def get_metric_data(self, **_: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        times = [NOON for _ in self.backlog]
        return {"MetricDataResults": [{"Values": self.backlog, "Timestamps": times}]}


@dataclass
class FakeObjects:
    """Objects of S3 with their content types, by their keys. `uploads` are those of put_object."""

    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    uploads: list[Mapping[str, Any]] = field(default_factory=list)
    error: Exception | None = None

    def get_object(self, *, Bucket: str, Key: str, Range: str = "") -> dict[str, Any]:
        if self.error:
            raise self.error
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no"}}, "GetObject")
        data, content_type = self.objects[Key]
        if not data and Range:
            raise ClientError({"Error": {"Code": "InvalidRange", "Message": "no"}}, "GetObject")
        last = int(Range.rpartition("-")[2]) if Range else len(data)
        part = data[: last + 1]
        return {
            "Body": io.BytesIO(part),
            "ContentLength": len(part),
            "ContentRange": f"bytes 0-{len(part) - 1}/{len(data)}" if Range else "",
            "ContentType": content_type,
            "LastModified": NOON,
        }

    def put_object(self, **members: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        self.uploads.append(members)
        return {}


class ParameterNotFound(ClientError):
    """As the client of Systems Manager has it."""


class FakeParameters:
    """The parameter of the routes, with its versions. Queues of the stack exist, others do not."""

    class exceptions:
        ParameterNotFound = ParameterNotFound

    def __init__(self) -> None:
        self.versions: list[str] = [json.dumps(ROUTES)]
        self.error: Exception | None = None

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        if self.error:
            raise self.error
        if not self.versions:
            raise ParameterNotFound({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": self._parameter(len(self.versions))}

    def get_paginator(self, _: str) -> "FakeParameters":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        numbers = range(1, len(self.versions) + 1)
        return [{"Parameters": [self._parameter(each) for each in numbers]}]

    def put_parameter(self, *, Value: str, **_: Any) -> dict[str, Any]:
        self.versions.append(Value)
        return {"Version": len(self.versions)}

    def _parameter(self, number: int) -> dict[str, Any]:
        return {
            "Value": self.versions[number - 1],
            "Version": number,
            "LastModifiedDate": NOON,
        }


class ConsoleDeployment(FakeDeployment):
    """A stack in memory with all that the page looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.queues = FakeQueues()
        self.queues.messages[OUTPUTS["FailedQueueUrl"]] = []
        self.mappings = FakeMappings()
        self.sagemaker = FakeSageMaker()
        self.cloudwatch = FakeCloudWatch()
        self.objects = FakeObjects()
        self.parameter = FakeParameters()
        self.services: dict[str, Any] = {
            "sagemaker": self.sagemaker,
            "cloudwatch": self.cloudwatch,
            "ssm": self.parameter,
            "sqs": self.queues,
        }
        self.asked: list[Mapping[str, object]] = []
        self.world = World()
        self.functions_answer["ProvisionFunctionName"] = self._provision
        self.__dict__["outputs"] = {**self.outputs, **OUTPUTS}
        self.__dict__["description"] = {
            "StackStatus": "CREATE_COMPLETE",
            "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/relay/1",
        }
        self.__dict__["parameters"] = {}
        self.__dict__["sqs"] = self.queues
        self.__dict__["cloudformation"] = FakeStackResources()
        self.__dict__["functions"] = self.mappings
        self.__dict__["s3"] = self.objects

    def client(self, service: str) -> Any:
        return self.services[service]

    def _provision(self, request: Mapping[str, object]) -> dict[str, Any]:
        event = read_event(json.loads(json.dumps(request)))
        return json.loads(json.dumps(self.world.wake(event)))  # type: ignore[no-any-return]

    def call(self, output: str, request: Mapping[str, object]) -> dict[str, Any]:
        self.asked.append(request)
        return super().call(output, request)


class EmulatorStandIn(ThreadingHTTPServer):
    """The emulator's interface. `refuses` is the status with which it refuses changes."""

    def __init__(self) -> None:
        self.faults: dict[str, Any] = {"throttle": 0.0, "seed": 7, "fail_next_creation": "Other"}
        self.refuses = 0
        self.state: object = {"endpoints": {"relay-endpoint": {"backlog": 4, "in_process": 2}}}
        super().__init__(("127.0.0.1", 0), _EmulatorHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _EmulatorHandler(BaseHTTPRequestHandler):
    server: EmulatorStandIn

    def do_GET(self) -> None:
        of_faults = self.path == "/_emulator/faults"
        self._answer(200, self.server.faults if of_faults else self.server.state)

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refuses:
            self._answer(self.server.refuses, {"message": "not now"})
            return
        self.server.faults = body
        self._answer(200, body)

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str]
    text: str


class Browser:
    """Asks the page as a browser does that has opened the address of the run.

    `without_session` is one that has not. Redirects are followed with `follow`.
    """

    def __init__(
        self,
        deployment: ConsoleDeployment,
        emulator: Emulator | None = None,
        now: Callable[[], datetime] = lambda: NOON + timedelta(minutes=5),
    ) -> None:
        self.guard = Guard(unused_port())
        self.view = View(deployment, self.guard, emulator, now)
        self.cookies = {self.guard.cookie: self.guard.session}
        self._runner = asyncio.Runner()
        app = application(self.view, self.guard, addresses(self.view))
        self._client = self._run(self._start, app)

    async def _start(self, app: web.Application) -> "TestClient[web.Request, web.Application]":
        client = TestClient(TestServer(app, host="127.0.0.1", port=self.guard.port))
        await client.start_server()
        return client

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._runner.run(function(*arguments))

    def close(self) -> None:
        self._run(self._client.close)
        self.view.answers.close()
        self._runner.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send("GET", path, headers or {})

    def post(
        self, path: str, values: Mapping[str, Any] | None = None, *, follow: bool = True
    ) -> Answer:
        """Send a form of the page, and return the page that follows."""
        form = {FIELD: self.guard.form, **(values or {})}
        answer = self.send("POST", path, {"Origin": self.guard.origin}, form)
        if follow and answer.status == 303:
            return self.get(answer.headers["Location"])
        return answer

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        form: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send any request, with the cookies in `cookies`."""
        return self._run(self._send, method, path, headers, form)  # type: ignore[no-any-return]

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], form: Mapping[str, Any] | None
    ) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {**({"Cookie": cookie} if cookie else {}), **headers}
        async with self._client.request(
            method, path, headers=given, data=form, allow_redirects=False
        ) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.text())
