"""Events as AWS sends them, in each envelope. `recorded.yaml` has the shapes with their sources."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from relay.events.envelopes import read_notifications, read_submissions
from relay.ids import request_id_of_upload
from relay.model import Incoming, InferenceRequest, Notification

from tests.support.samples import BUCKET, SUCCESS_TOPIC, Json

RECORDED: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("recorded.yaml").read_text())
ENVELOPES: dict[str, Json] = RECORDED["envelopes"]
WITH_TOPIC = [name for name in ENVELOPES if name.startswith("SNS")]
QUEUED = [name for name in ENVELOPES if "SQS" in name]
UPLOADS: list[Json] = RECORDED["uploads"]
IGNORED: list[Json] = RECORDED["ignored"]
NOTIFICATIONS: list[Json] = RECORDED["notifications"]
FAILURES: dict[str, Json] = RECORDED["failures"]


def wrapped(template: object, message: object) -> Any:
    """The template with the message in its place. `{text: X}` becomes the JSON text of X."""
    match template:
        case "message":
            return message
        case {"text": inner, **others} if not others:
            return json.dumps(wrapped(inner, message), separators=(",", ":"))
        case dict():
            return {name: wrapped(value, message) for name, value in template.items()}
        case list():
            return [wrapped(value, message) for value in template]
        case _:
            return template


def event(envelope: str, message: object) -> Json:
    """What Lambda passes to a function."""
    content: Json = wrapped(ENVELOPES[envelope]["event"], message)
    return content


def submission(envelope: str, message: object) -> Incoming[InferenceRequest]:
    (incoming,) = read_submissions(event(envelope, message), "invocation-1")
    return incoming


def notification(envelope: str, message: object) -> Incoming[Notification]:
    (incoming,) = read_notifications(event(envelope, message), "invocation-1")
    return incoming


def named(shapes: list[Json]) -> list[Any]:
    return [pytest.param(shape, id=shape["name"]) for shape in shapes]


def test_each_shape_has_a_source() -> None:
    shapes = [*ENVELOPES.values(), *FAILURES.values(), *UPLOADS, *IGNORED, *NOTIFICATIONS]

    assert all(shape["source"] for shape in shapes)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("shape", named(UPLOADS))
def test_an_upload_is_one_request(shape: Json, envelope: str) -> None:
    read = shape["read"]

    incoming = submission(envelope, shape["message"])

    assert incoming.problem is None
    (request,) = incoming.contents
    assert str(request.location) == f"s3://{BUCKET}/{read['key']}"
    assert (request.size, request.version_id) == (read["size"], read["version"])
    assert request.requested_at is not None
    assert f"{request.requested_at:%Y-%m-%d %H:%M:%S}" == "2026-11-20 08:01:37"
    assert request.id == request_id_of_upload(
        BUCKET, read["key"], read["version"] or "", read["sequencer"]
    )


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("shape", named(IGNORED))
def test_an_event_that_creates_nothing_is_ignored(shape: Json, envelope: str) -> None:
    incoming = submission(envelope, shape["message"])

    assert (incoming.contents, incoming.ignored, incoming.problem) == ((), 1, None)


@pytest.mark.parametrize("envelope", [*QUEUED, "SNS"])
@pytest.mark.parametrize("shape", named(NOTIFICATIONS))
def test_a_notification_is_read(shape: Json, envelope: str) -> None:
    incoming = notification(envelope, shape["message"])

    assert incoming.problem is None
    if shape["read"] == "ignored":
        assert (incoming.contents, incoming.ignored) == ((), 1)
        return
    (content,) = incoming.contents
    assert content.topic_arn == (SUCCESS_TOPIC if envelope in WITH_TOPIC else None)
    assert content.endpoint == "relay"
    assert content.inference_id == shape["message"]["inferenceId"]
    assert {name: shown(getattr(content, name)) for name in shape["read"]} == shape["read"]


def shown(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode()
    return None if value is None else str(value)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("inner", ["direct", "SNS"])
@pytest.mark.parametrize("shape", named(UPLOADS))
def test_an_upload_in_an_invocation_record_is_the_same_request(
    shape: Json, inner: str, failure: str
) -> None:
    """Lambda sends it to the failure destination. An operator moves it to the queue."""
    payload = event(inner, shape["message"])

    incoming = submission("SQS", wrapped(FAILURES[failure]["record"], payload))

    assert incoming.problem is None
    (request,) = incoming.contents
    (before,) = submission(inner, shape["message"]).contents
    assert request == before


@pytest.mark.parametrize("failure", FAILURES)
def test_a_direct_call_in_an_invocation_record_is_the_same_requests(failure: str) -> None:
    """The first invocations may have submitted some of them."""
    call = {"requests": [{"body": "1,2"}, {"body": "3,4", "request_id": "own-1"}]}
    record = wrapped(FAILURES[failure]["record"], call)

    incoming = submission("SQS", record)

    (before,) = read_submissions(call, record["requestContext"]["requestId"])
    assert incoming.problem is None
    assert incoming.contents == before.contents


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("shape", named(NOTIFICATIONS))
def test_a_notification_in_an_invocation_record_is_the_same_notification(
    shape: Json, failure: str
) -> None:
    payload = event("SNS", shape["message"])

    incoming = notification("SQS", wrapped(FAILURES[failure]["record"], payload))

    before = notification("SNS", shape["message"])
    assert incoming.problem is None
    assert (incoming.contents, incoming.ignored) == (before.contents, before.ignored)
