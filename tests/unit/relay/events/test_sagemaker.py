"""SageMaker's notifications in every shape that was observed, and the relay's own."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.errors import UnreadableMessage
from relay.events.sagemaker import own_notification, read_notification
from relay.model import Notification, Outcome, TopicCheck
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import Json

ID = "c" * 32


def read(value: object) -> Notification:
    notification = read_notification(value, None)
    assert isinstance(notification, Notification)
    return notification


def test_a_success_with_everything() -> None:
    value = samples.completed(
        ID,
        requestParameters={
            "accept": "*/*",
            "contentType": "text/csv",
            "customAttributes": "a=b",
            "endpointName": "relay",
            "inputLocation": "s3://bucket/inputs/batch 7/order:17.csv",
        },
        responseParameters={
            "contentType": "text/html; charset=utf-8",
            "outputLocation": "s3://bucket/outputs/other-name.out",
        },
        eventTime="2026-03-11T09:14:52.45Z",
        receivedTime="2026-03-11T09:14:47Z",
    )

    assert read_notification(value, samples.SUCCESS_TOPIC) == Notification(
        inference_id=ID,
        outcome=Outcome.COMPLETED,
        endpoint="relay",
        topic_arn=samples.SUCCESS_TOPIC,
        location=S3Uri("bucket", "inputs/batch 7/order:17.csv"),
        output_location="s3://bucket/outputs/other-name.out",
        content_type="text/csv",
        output_content_type="text/html; charset=utf-8",
        custom_attributes="a=b",
        received_at=datetime(2026, 3, 11, 9, 14, 47, tzinfo=UTC),
        finished_at=datetime(2026, 3, 11, 9, 14, 52, 450_000, tzinfo=UTC),
    )


def test_a_failure_has_no_response_parameters() -> None:
    value = samples.failed(ID)
    assert "responseParameters" not in value

    notification = read(value)

    assert notification.outcome is Outcome.FAILED
    assert notification.failure_reason == samples.CLIENT_ERROR
    assert (notification.output_location, notification.failure_location) == (None, None)


@pytest.mark.parametrize(
    "members",
    [
        {"responseParameters": {"failureLocation": "s3://bucket/failures/f.out"}},
        {"failureLocation": "s3://bucket/failures/f.out"},
    ],
)
def test_a_failure_location_may_stand_in_two_places(members: Json) -> None:
    assert read(samples.failed(ID, **members)).failure_location == "s3://bucket/failures/f.out"


@pytest.mark.parametrize("member", ["failureReason", "eventTime", "receivedTime", "awsRegion"])
def test_a_failure_may_lack_nearly_everything(member: str) -> None:
    value = samples.failed(ID)
    del value[member]

    assert read(value).inference_id == ID


# Members that only decorate, with values of which each is left out.
ODD_MEMBERS: dict[str, tuple[str, object]] = {
    "failureReason": ("failure_reason", ["ClientError"]),
    "receivedTime": ("received_at", "yesterday"),
    "eventTime": ("finished_at", 17e11),
    "requestParameters.contentType": ("content_type", ["text/csv"]),
    "requestParameters.customAttributes": ("custom_attributes", {"team": "fraud"}),
    "responseParameters.contentType": ("output_content_type", 7),
    "responseBody": ("response_body", "1,2"),
    "responseBody.content": ("response_body", {"score": 0.81}),
    "responseBody.encoding": ("response_body", ["BASE64"]),
}


@pytest.mark.parametrize("path", ODD_MEMBERS)
def test_a_member_that_decides_nothing_is_left_out_and_named(path: str) -> None:
    value = samples.completed(
        ID,
        failureReason="a reason",
        responseBody={"content": "MQ==", "encoding": "BASE64"},
    )
    value["requestParameters"]["customAttributes"] = "a=b"
    before = read(value)
    *parents, name = path.split(".")
    member, odd = ODD_MEMBERS[path]
    part = value
    for parent in parents:
        part = part[parent]
    part[name] = odd

    notification = read(value)

    (problem,) = notification.left_out
    assert problem.startswith(f"{path} must be ")
    assert getattr(before, member) is not None
    changes: Json = {member: None, "left_out": (problem,)}
    assert notification == replace(before, **changes)


@pytest.mark.parametrize("odd", [None, 1.0, ["1.0"], {}])
@pytest.mark.parametrize("member", ["eventVersion", "awsRegion", "unknown"])
def test_a_member_that_nothing_needs_may_have_any_value(member: str, odd: object) -> None:
    assert read(samples.completed(ID, **{member: odd})) == read(samples.completed(ID))


@pytest.mark.parametrize(
    "changes",
    [
        {"inferenceId": 7},
        {"invocationStatus": ["Completed"]},
        {"requestParameters": {"endpointName": ["relay"]}},
        {"requestParameters": {"endpointName": "relay", "inputLocation": {}}},
        {"responseParameters": ["s3://bucket/outputs/a.out"]},
        {"responseParameters": {"outputLocation": 7}},
        {"failureLocation": ["s3://bucket/failures/a.out"]},
    ],
)
def test_a_member_that_decides_makes_the_notification_unreadable(changes: Json) -> None:
    with pytest.raises(UnreadableMessage):
        read(samples.completed(ID, **changes))


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"content": base64.b64encode(b"\xff\x00").decode(), "encoding": "BASE64"}, b"\xff\x00"),
        ({"content": '{"score":0.81}', "encoding": "UTF-8"}, b'{"score":0.81}'),
        ({"content": "grün"}, "grün".encode()),
        (
            {"content": "called base64, but plain", "encoding": "BASE64"},
            b"called base64, but plain",
        ),
        ({"content": "grün", "encoding": "BASE64"}, "grün".encode()),
        ({"content": None, "encoding": "BASE64"}, None),
        ({"message": "Check S3 path location"}, None),
        (None, None),
    ],
)
def test_the_models_answer_may_come_with_it(body: Json | None, content: bytes | None) -> None:
    assert read(samples.completed(ID, responseBody=body)).response_body == content


def test_a_test_notification_is_only_a_check() -> None:
    value = {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}

    assert read_notification(value, samples.ERROR_TOPIC) == TopicCheck()


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({}, "eventSource is None, not 'aws:sagemaker'"),
        ({"eventSource": "aws:s3"}, "eventSource is 'aws:s3', not 'aws:sagemaker'"),
        ({"eventSource": "aws:sagemaker"}, "eventName is None, not 'InferenceResult'"),
        (samples.completed(ID, invocationStatus="Expired"), "invocationStatus is 'Expired'"),
        (samples.completed(ID, invocationStatus=None), "invocationStatus is None"),
        (samples.completed(ID, inferenceId=None), "inferenceId is missing"),
        (samples.completed(ID, inferenceId=""), "inferenceId is missing"),
        (samples.completed("i" * 65), "inferenceId has 65 characters; SageMaker's have at most 64"),
        (samples.completed(ID, requestParameters={}), "requestParameters.endpointName is missing"),
        (
            samples.completed(ID, responseParameters=[]),
            "responseParameters must be a JSON object, not a list",
        ),
        (
            samples.completed(
                ID,
                requestParameters={
                    "endpointName": "relay",
                    "inputLocation": f"s3://bucket/{'x' * 1_025}",
                },
            ),
            "requestParameters.inputLocation is not an S3 location: its key has 1,025 bytes; S3 "
            "accepts at most 1,024",
        ),
    ],
)
def test_what_is_no_notification_says_why(value: Json, complaint: str) -> None:
    with pytest.raises(UnreadableMessage, match=complaint):
        read_notification(value, None)


LOCATIONS = st.none() | st.just("s3://bucket/outputs/a.out")


@given(
    st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
    st.sampled_from(Outcome),
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    LOCATIONS,
)
def test_the_relays_own_notification_arrives_as_it_was(
    inference_id: str, outcome: Outcome, reason: str | None, location: str | None
) -> None:
    value = json.loads(own_notification(inference_id, outcome, "relay", reason, location))

    notification = read(value)

    completed = outcome is Outcome.COMPLETED
    assert notification == Notification(
        inference_id=inference_id,
        outcome=outcome,
        endpoint="relay",
        failure_reason=reason,
        output_location=location if completed else None,
        failure_location=None if completed else location,
        from_relay=True,
    )


def test_a_notification_in_the_relays_form_keeps_the_topic_that_delivered_it() -> None:
    value = json.loads(own_notification(ID, Outcome.REJECTED, "relay", "too long"))

    notification = read_notification(value, samples.SUCCESS_TOPIC)

    assert isinstance(notification, Notification)
    assert notification.topic_arn == samples.SUCCESS_TOPIC


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"invocationStatus": "Completed"}, "invocationStatus is 'Completed'"),
        ({"inferenceId": None}, "inferenceId is missing"),
        ({"inferenceId": "i" * 65}, "inferenceId has 65 characters"),
        ({"requestParameters": None}, "requestParameters is missing"),
    ],
)
def test_a_broken_notification_of_the_relays_own_says_why(change: Json, complaint: str) -> None:
    value = json.loads(own_notification(ID, Outcome.REJECTED, "relay", "too long"))

    with pytest.raises(UnreadableMessage, match=complaint):
        read_notification({**value, **change}, None)
