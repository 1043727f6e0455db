"""Notifications in the observed shapes, member for member."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from async_endpoint_emulator.config import NotificationShape
from async_endpoint_emulator.inference.notifications import Answer, Notifications
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location

REASON = "ClientError: Received client error (400) from model."


def request(**changes: Any) -> Request:
    members: dict[str, Any] = {
        "key": "k",
        "inference_id": "9f3a",
        "endpoint_name": "demo",
        "output": S3Location("outbox", "results/a b.out"),
        "failure": S3Location("outbox", "failures/k-error.out"),
        "ttl_seconds": 60,
        "timeout_seconds": 60,
        "input_location": "s3://inbox/batch 7/order:17.csv",
        "content_type": "text/csv",
        "accept": "application/json",
        "received": datetime(2026, 3, 11, 9, 14, 47, 910_000, UTC),
    }
    return Request(**{**members, **changes})


def notifications(**shape: Any) -> Notifications:
    return Notifications("us-east-1", NotificationShape(**shape))


ANSWER = Answer(200, b'{"score":0.81}', "application/json")


def test_completed_has_the_observed_members_in_the_observed_order() -> None:
    text = notifications().completed(request(), ANSWER, include=False)

    document = json.loads(text)
    assert list(document) == [
        "awsRegion",
        "eventTime",
        "receivedTime",
        "invocationStatus",
        "requestParameters",
        "responseParameters",
        "inferenceId",
        "eventVersion",
        "eventSource",
        "eventName",
    ]
    assert list(document["requestParameters"]) == [
        "accept",
        "contentType",
        "endpointName",
        "inputLocation",
    ]
    assert document["requestParameters"]["inputLocation"] == "s3://inbox/batch 7/order:17.csv"
    assert document["responseParameters"] == {
        "contentType": "application/json",
        "outputLocation": "s3://outbox/results/a b.out",
    }
    assert '": ' not in text and ', "' not in text


def test_failed_names_the_reason_and_has_no_response_parameters() -> None:
    answer = Answer(400, b"bad", "text/plain")

    document = json.loads(notifications().failed(request(), REASON, answer, include=False))

    assert list(document) == [
        "awsRegion",
        "eventTime",
        "receivedTime",
        "invocationStatus",
        "failureReason",
        "requestParameters",
        "inferenceId",
        "eventVersion",
        "eventSource",
        "eventName",
    ]
    assert document["invocationStatus"] == "Failed"


def test_an_included_response_is_base64_and_comes_before_the_inference_id() -> None:
    document = json.loads(notifications().completed(request(), ANSWER, include=True))

    members = list(document)
    assert members.index("responseBody") == members.index("inferenceId") - 1
    assert document["responseBody"]["encoding"] == "BASE64"
    assert base64.b64decode(document["responseBody"]["content"]) == ANSWER.body


@pytest.mark.parametrize(("size", "included"), [(131_072, True), (131_073, False)])
def test_a_response_over_128_kb_is_not_included(size: int, included: bool) -> None:
    answer = Answer(200, b"x" * size, "text/plain")

    document = json.loads(notifications().completed(request(), answer, include=True))

    assert ("responseBody" in document) == included


@pytest.mark.parametrize(
    ("microsecond", "trimmed", "whole"),
    [
        (910_000, "2026-03-11T09:14:47.91Z", "2026-03-11T09:14:47.910Z"),
        (918_000, "2026-03-11T09:14:47.918Z", "2026-03-11T09:14:47.918Z"),
        (0, "2026-03-11T09:14:47Z", "2026-03-11T09:14:47.000Z"),
    ],
)
def test_trailing_zeros_of_times_are_dropped_unless_configured(
    microsecond: int, trimmed: str, whole: str
) -> None:
    received = datetime(2026, 3, 11, 9, 14, 47, microsecond, UTC)

    def time(**shape: Any) -> str:
        text = notifications(**shape).completed(request(received=received), ANSWER, include=False)
        return str(json.loads(text)["receivedTime"])

    assert time() == trimmed
    assert time(trim_timestamps=False) == whole


def test_what_the_caller_did_not_give_is_absent() -> None:
    bare = request(content_type=None, accept=None, input_location=None, body=b"x")

    document = json.loads(notifications().completed(bare, ANSWER, include=False))

    assert document["requestParameters"] == {"endpointName": "demo"}


def test_each_variation_can_be_switched() -> None:
    shape = notifications(
        omit_accept=True,
        omit_content_type=True,
        echo_custom_attributes=False,
        https_output_location=True,
        failure_location=True,
        failure_reason=False,
        encode_failure_body=False,
    )
    given = request(custom_attributes="trace=7")

    completed = json.loads(shape.completed(given, ANSWER, include=False))
    failed = json.loads(shape.failed(given, REASON, Answer(400, b"bad", None), include=True))

    assert list(completed["requestParameters"]) == ["endpointName", "inputLocation"]
    assert completed["responseParameters"]["outputLocation"] == (
        "https://outbox.s3.us-east-1.amazonaws.com/results/a%20b.out"
    )
    assert failed["responseParameters"] == {"failureLocation": "s3://outbox/failures/k-error.out"}
    assert failed["responseBody"]["content"] == "bad"
    assert "encoding" not in failed["responseBody"]
    assert "failureReason" not in failed
