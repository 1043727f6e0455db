"""The template, deployed on MiniStack within this process: no ports, no functions that run.

Each account is a world of its own. Custom resources are created at once, without their function.
"""

import asyncio
import io
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.loaders import Loader
from botocore.session import Session
from ministack.services import lambda_svc

from local.cloudformation.template import Template
from local.ministack import corrections
from local.stack.settings import REPOSITORY
from tests.support.packages import package
from tests.support.relayctl.drift.fault import ChangedStack

STACK = "relay"
REGION = "us-east-1"
_SECONDS = 60
_ACCOUNTS = itertools.count(100_000_000_000)


class Raw(io.BytesIO):
    """A body as urllib3 has it."""

    def stream(self, amount: int = 65_536, **_: Any) -> Any:
        while part := self.read(amount):
            yield part


class Answer(AWSResponse):
    """An answer that no server gave."""

    def __init__(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(url, status, HTTPHeaders.from_dict(dict(headers)), Raw(body))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    corrections.install()
    lambda_svc._ensure_poller = lambda: None  # nothing receives messages
    logging.getLogger("ministack").setLevel(logging.ERROR)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _send(request: Any, **_: Any) -> AWSResponse:
    """Hand a request of botocore to MiniStack's application."""
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else body
    future = asyncio.run_coroutine_threadsafe(_answer(request, body), _loop())
    return future.result(_SECONDS)


async def _answer(request: Any, body: bytes) -> AWSResponse:
    from ministack.app import app

    url = urlsplit(request.url)
    received = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = {name.lower(): value for name, value in request.headers.items()}
    headers.setdefault("host", url.netloc)
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": [
            (name.encode(), value if isinstance(value, bytes) else str(value).encode())
            for name, value in headers.items()
        ],
        "server": ("127.0.0.1", 4566),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    await app(scope, receive, send)
    start = next(each for each in sent if each["type"] == "http.response.start")
    parts = (each.get("body", b"") for each in sent if each["type"] == "http.response.body")
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(request.url, start["status"], found, b"".join(parts))


@cache
def _models() -> Loader:
    """The models of the services, which each session would read again from megabytes of JSON."""
    loader: Loader = Session().get_component("data_loader")
    return loader


def _session(account: str) -> boto3.Session:
    """A session of an account, whose requests MiniStack answers in this process."""
    within = Session()
    within.register_component("data_loader", _models())
    within.register("before-send", _send)  # type: ignore[arg-type]
    return boto3.Session(
        aws_access_key_id=account,
        aws_secret_access_key="none",
        region_name=REGION,
        botocore_session=within,
    )


@cache
def _template() -> str:
    document = Template.read(REPOSITORY / "template.yaml").transformed
    document.pop("Transform", None)
    return json.dumps(document)


class Deployed(ChangedStack):
    """A stack of its own account. `given` are parameters of the template."""

    def __init__(self, **given: str) -> None:
        self.account = str(next(_ACCOUNTS))
        self.packages = f"packages-{self.account}"
        super().__init__(STACK, _session(self.account))
        self.described: Mapping[str, Any] | Exception = {}
        self._answered: dict[str, tuple[Answer, Mapping[str, Any]]] = {}
        self._given = {"EndpointMode": "none", **given}

    @classmethod
    def with_operators(cls, **given: str) -> "Deployed":
        """A stack whose alarms notify a topic with a subscription."""
        stack = cls(**given)
        topic = stack.client("sns").create_topic(Name="operators")["TopicArn"]
        queue = f"arn:aws:sqs:{REGION}:{stack.account}:pager"
        stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        stack._given["AlarmTopicArn"] = topic
        return stack

    def give(self, **parameters: str) -> None:
        """Set parameters before the stack is deployed."""
        self._given |= parameters

    def deploy(self) -> "Deployed":
        """Create the stack, with whatever its parameters name."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.packages)
        s3.put_object(Bucket=self.packages, Key="package.zip", Body=package())
        s3.put_object(Bucket=self.packages, Key="template", Body=self.template().encode())
        with mock.patch(
            "ministack.services.cloudformation.provisioners._custom_resource_create", _custom
        ):
            self.client("cloudformation").create_stack(
                StackName=STACK,
                TemplateURL=f"https://s3.{REGION}.amazonaws.com/{self.packages}/template",
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value}
                    for name, value in self._given.items()
                ],
                Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
            self._wait()
        return self

    def template(self) -> str:
        return (
            _template()
            .replace("s3://packages/", f"s3://{self.packages}/")
            .replace('"S3Bucket": "packages"', f'"S3Bucket": "{self.packages}"')
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                assert stack["StackStatus"] == "CREATE_COMPLETE", self._reasons()
                return
        raise AssertionError("the stack is not created in time")

    def _reasons(self) -> list[str]:
        events = self.client("cloudformation").describe_stack_events(StackName=STACK)
        return [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
            for each in events["StackEvents"]
            if each["ResourceStatus"].endswith("FAILED")
        ]

    def answers(
        self, service: str, operation: str, answer: Mapping[str, Any], status: int = 200
    ) -> None:
        """Answer an operation, such as DescribeEndpoint of sagemaker, in place of MiniStack."""
        key = f".{service}.{operation}"
        is_new = key not in self._answered
        self._answered[key] = (Answer("", status, {}, b""), {"ResponseMetadata": {}, **answer})
        if is_new:
            self.on_call(lambda **_: self._answered[key], key)

    def on_call(self, handler: Callable[..., Any], of: str = "") -> None:
        """Have botocore ask a handler before each call, or each of one operation."""
        self.session.events.register(f"before-call{of}", handler)
        self.__dict__.pop("_clients", None)  # a client knows the handlers of its creation

    def refuses(self, service: str, operation: str, code: str = "AccessDenied") -> None:
        """Answer an operation with an error."""
        self.answers(service, operation, {"Error": {"Code": code, "Message": "no"}}, 400)

    def provision(self, request: Mapping[str, object]) -> dict[str, Any]:
        assert request == {"action": "describe"}
        if isinstance(self.described, Exception):
            raise self.described
        return dict(self.described)


def _custom(logical_id: str, *_: Any, **__: Any) -> tuple[str, dict[str, Any]]:
    return f"custom-{logical_id}", {}
