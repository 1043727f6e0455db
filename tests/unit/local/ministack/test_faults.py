"""MiniStack's faults, before an application that answers everything."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import urlencode

import pytest

from local.ministack.faults import FaultyApp
from local.ministack.paths import FAULTS

Message = MutableMapping[str, Any]

JSON_CALL = {"x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0"}
FORM_CALL = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
SEND = b'{"QueueUrl": "https://sqs/0/slow.fifo", "MessageBody": "hello"}'
HANG: Mapping[str, Any] = {"operations": ["SendMessage", "Publish"], "text": "slow"}

_MOMENT = 0.05
_SECONDS = 5


class FakeAws:
    """Answers every request, and keeps the bodies."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[str] = []

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        self.scopes.append(scope["type"])
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.bodies.append(b"".join(parts))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


class Client:
    """One request to an application, whose client waits for the answer or leaves."""

    def __init__(self, app: FaultyApp) -> None:
        self._app = app

    def call(self, headers: Mapping[str, str], *parts: bytes, method: str = "POST") -> int | None:
        """The status of the answer; None if none comes while the client waits."""
        return asyncio.run(self._call({"method": method, "path": "/"}, headers, parts))

    def set_faults(self, document: object) -> int | None:
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        return asyncio.run(self._call({"method": "PUT", "path": FAULTS}, {}, [text]))

    async def _call(self, scope: Message, headers: Mapping[str, str], parts: Any) -> int | None:
        incoming: asyncio.Queue[Message] = asyncio.Queue()
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            incoming.put_nowait({"type": "http.request", "body": part, "more_body": more})
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "headers": raw, **scope}
        answer = asyncio.ensure_future(self._app(scope, incoming.get, send))
        done, _ = await asyncio.wait([answer], timeout=_MOMENT)
        if not done:
            assert sent == []
            incoming.put_nowait({"type": "http.disconnect"})
        await asyncio.wait_for(answer, _SECONDS)
        statuses: list[int] = [each["status"] for each in sent if "status" in each]
        return statuses[0] if statuses else None


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def client(aws: FakeAws) -> Client:
    return Client(FaultyApp(aws))


def test_without_faults_every_request_is_answered(client: Client, aws: FakeAws) -> None:
    assert client.call(JSON_CALL, SEND) == 200
    assert aws.bodies == [SEND]


def test_a_call_hangs_without_effect(client: Client, aws: FakeAws) -> None:
    assert client.set_faults({"hangs": [HANG]}) == 204

    assert client.call(JSON_CALL, SEND) is None
    assert aws.bodies == []


def test_a_call_hangs_after_its_effect(client: Client, aws: FakeAws) -> None:
    client.set_faults({"hangs": [{**HANG, "after_effect": True}]})

    assert client.call(JSON_CALL, SEND[:10], SEND[10:]) is None
    assert aws.bodies == [SEND]


def test_the_operation_of_a_form_is_its_action(client: Client, aws: FakeAws) -> None:
    client.set_faults({"hangs": [HANG]})
    form = {"Version": "2010-03-31", "TopicArn": "arn:aws:sns:us-east-1:0:slow"}

    assert client.call(FORM_CALL, urlencode({"Action": "Publish", **form}).encode()) is None
    assert client.call(FORM_CALL, urlencode({"Action": "Subscribe", **form}).encode()) == 200
    assert len(aws.bodies) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({**JSON_CALL, "x-amz-target": "AmazonSQS.ReceiveMessage"}, SEND),
        ({**JSON_CALL, "x-amz-target": "AmazonSQS.SendMessageBatch"}, SEND),
        (JSON_CALL, SEND.replace(b"slow", b"fast")),
        ({}, SEND),
        (FORM_CALL, b"\xff\xfe slow"),
    ],
    ids=["another", "a longer name", "another text", "no operation", "no form"],
)
def test_other_calls_are_answered(
    client: Client, aws: FakeAws, headers: Mapping[str, str], body: bytes
) -> None:
    client.set_faults({"hangs": [HANG]})

    assert client.call(headers, body[:5], body[5:]) == 200
    assert aws.bodies == [body]


def test_what_is_no_post_is_answered(client: Client, aws: FakeAws) -> None:
    client.set_faults({"hangs": [{"operations": [""]}]})

    assert client.call({}, b"an object", method="PUT") == 200
    assert client.call({}, b"a form") is None


def test_an_empty_document_ends_all_faults(client: Client, aws: FakeAws) -> None:
    client.set_faults({"hangs": [HANG], "reorder": True})
    client.set_faults({})

    assert client.call(JSON_CALL, SEND) == 200


@pytest.mark.parametrize(
    "document",
    [
        b"{",
        b"\xff",
        b"[]",
        {"hang": []},
        {"hangs": 1},
        {"hangs": [1]},
        {"hangs": [{"text": "slow"}]},
        {"hangs": [{"operations": ["SendMessage"], "after": True}]},
    ],
)
def test_a_document_that_is_wrong_is_refused_and_changes_nothing(
    client: Client, aws: FakeAws, document: object
) -> None:
    client.set_faults({"hangs": [HANG]})

    assert client.set_faults(document) == 400
    assert client.call(JSON_CALL, SEND) is None
    assert aws.bodies == []


def test_the_lifespan_of_the_application_is_its_own(aws: FakeAws) -> None:
    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(_: Message) -> None:
        pass

    asyncio.run(FaultyApp(aws)({"type": "lifespan"}, receive, send))

    assert aws.scopes == ["lifespan"]
