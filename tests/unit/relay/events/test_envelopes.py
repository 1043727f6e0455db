"""Every envelope in which submit's work arrives."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.events.envelopes import read_submissions
from relay.ids import request_id_of_caller, request_id_of_upload
from relay.model import Incoming, InferenceRequest
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import BUCKET, Json


def only(event: Json) -> Incoming[InferenceRequest]:
    (incoming,) = read_submissions(event, "invocation-1")
    return incoming


def locations(event: Json) -> list[str]:
    return [
        str(request.location)
        for incoming in read_submissions(event, "invocation-1")
        for request in incoming.contents
    ]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("s3-via-sqs", ["inputs/orders/order-17.csv"]),
        (
            "s3-via-sqs-several-records",
            ["inputs/orders/order-18.csv", "inputs/orders/order-19.csv", "inputs/order-20.csv"],
        ),
        ("s3-via-sqs-special-characters", ["inputs/Lager Süd/größe + maß (1).csv"]),
        ("s3-direct", ["inputs/orders/order-21.csv"]),
        ("s3-via-sns", ["inputs/orders/order-22.csv"]),
        ("s3-via-sns-via-sqs", ["inputs/orders/order-23.csv"]),
        ("s3-via-sns-via-sqs-raw", ["inputs/orders/order-24.csv"]),
        ("eventbridge-object-created", ["inputs/Lager Nord/order 25.csv"]),
        ("eventbridge-via-sqs", ["inputs/Lager Nord/order 26.csv"]),
        ("direct-one", ["inputs/orders/order-27.csv"]),
        ("direct-list", ["inputs/orders/order-28.csv", "inputs/orders/order-29.csv"]),
        ("retry-via-sqs", ["inputs/orders/order-32.csv"]),
    ],
)
def test_every_envelope_gives_the_objects_real_key(name: str, keys: list[str]) -> None:
    assert locations(samples.event(f"submit/{name}")) == [f"s3://{BUCKET}/{key}" for key in keys]


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("s3-direct", "2026-11-20T08:06:11.922+00:00"),
        ("eventbridge-object-created", "2026-11-20T08:31:07+00:00"),
    ],
)
def test_an_upload_says_when_it_was_made(name: str, time: str) -> None:
    (request,) = only(samples.event(f"submit/{name}")).contents

    assert request.requested_at == datetime.fromisoformat(time)


def test_a_message_says_when_it_was_sent() -> None:
    incoming = only(samples.event("submit/retry-via-sqs"))

    assert incoming.delivery.sent_at == datetime(2026, 11, 19, 7, 6, 59, 201_000, UTC)


def test_a_time_that_no_calendar_has_makes_no_envelope() -> None:
    record = samples.sqs_record("{}")
    record["attributes"]["SentTimestamp"] = "9" * 15

    incoming = only({"Records": [record]})

    assert incoming.problem is not None


def test_an_upload_carries_its_size_version_and_etag() -> None:
    uploaded = samples.upload("inputs/a.csv", size=99, versionId="v7", sequencer="00F", eTag="e7")

    (request,) = only(samples.sqs_event(uploaded)).contents

    assert (request.size, request.version_id, request.etag) == (99, "v7", "e7")
    assert request.id == request_id_of_upload(BUCKET, "inputs/a.csv", "v7", "00F")


def test_the_same_upload_has_the_same_id_on_every_way() -> None:
    uploaded = samples.upload("inputs/a b.csv", sequencer="00F")
    bridged = {
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": "inputs/a b.csv", "sequencer": "00F"},
        },
    }

    ids = {
        request.id
        for event in (
            uploaded,
            samples.sqs_event(uploaded),
            samples.sns_event(uploaded),
            samples.sqs_event(samples.sns_envelope(uploaded)),
            bridged,
        )
        for request in only(event).contents
    }

    assert len(ids) == 1


def test_another_upload_of_the_same_key_is_another_request() -> None:
    first = only(samples.upload("inputs/a.csv", sequencer="00F"))
    second = only(samples.upload("inputs/a.csv", sequencer="010"))

    assert first.contents[0].id != second.contents[0].id


def test_without_a_sequencer_uploads_differ_by_their_etag() -> None:
    event = samples.upload("inputs/a.csv")
    del event["Records"][0]["s3"]["object"]["sequencer"]

    (request,) = only(event).contents

    assert request.id == request_id_of_upload(BUCKET, "inputs/a.csv", "", "e1")


def test_with_neither_sequencer_nor_etag_uploads_are_alike() -> None:
    event = samples.upload("inputs/a.csv")
    del event["Records"][0]["s3"]["object"]["sequencer"]
    del event["Records"][0]["s3"]["object"]["eTag"]

    assert only(samples.sqs_event(event)).problem == "Records[0].s3.object.eTag is missing"


def test_event_bridge_keys_are_not_decoded() -> None:
    event = {
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": "inputs/1%2B1+1.csv", "etag": "e1", "version-id": "v2"},
        },
    }

    (request,) = only(event).contents

    assert request.location == S3Uri(BUCKET, "inputs/1%2B1+1.csv")
    assert request.version_id == "v2"


@pytest.mark.parametrize("name", ["test-event-via-sqs", "folder-marker-via-sqs"])
def test_what_is_no_input_is_ignored(name: str) -> None:
    incoming = only(samples.event(f"submit/{name}"))

    assert (incoming.contents, incoming.ignored, incoming.problem) == ((), 1, None)


def test_a_removed_object_is_ignored() -> None:
    event = samples.upload("inputs/a.csv")
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"

    assert only(samples.sqs_event(event)).ignored == 1


def test_event_names_with_the_prefix_of_the_configuration_are_understood() -> None:
    event = samples.upload("inputs/a.csv")
    event["Records"][0]["eventName"] = "s3:ObjectCreated:Put"

    assert len(only(samples.sqs_event(event)).contents) == 1


def test_a_higher_minor_version_is_read_and_a_higher_major_one_is_not() -> None:
    minor, major = samples.upload("inputs/a.csv"), samples.upload("inputs/a.csv")
    minor["Records"][0]["eventVersion"] = "2.9"
    major["Records"][0]["eventVersion"] = "3.0"

    assert only(samples.sqs_event(minor)).problem is None
    assert only(samples.sqs_event(major)).problem == (
        "Records[0].eventVersion is not supported; the relay reads versions 2.x"
    )


def test_a_message_keeps_what_acknowledging_it_needs() -> None:
    record = samples.sqs_record("{}", message_id="m-9", receive_count=4)

    delivery = only({"Records": [record]}).delivery

    assert delivery.message_id == "m-9"
    assert delivery.receipt_handle == "receipt of m-9"
    assert delivery.receive_count == 4
    assert delivery.body == "{}"
    assert delivery.queued


def test_a_direct_invocation_is_known_by_its_own_id_and_not_queued() -> None:
    delivery = only(samples.event("submit/direct-one")).delivery

    assert delivery.message_id == "invocation-1"
    assert not delivery.queued


def test_a_call_without_request_id_has_the_same_id_at_every_delivery() -> None:
    call = {"requests": [{"body": "1"}, {"body": "2"}]}

    first = only(samples.sqs_event(call)).contents
    again = only(samples.sqs_event(call)).contents
    other = only(
        {"Records": [samples.sqs_record(json.dumps(call), message_id="another message")]}
    ).contents

    assert [request.id for request in first] == [request.id for request in again]
    assert len({request.id for request in first + other}) == 4


@pytest.mark.parametrize("direct", [True, False])
def test_a_call_through_a_topic_is_known_by_the_topics_message(direct: bool) -> None:
    def deliver(message_id: str, delivered_by: str) -> str:
        if direct:
            event = samples.sns_event({"body": "1"}, message_id=message_id)
            (incoming,) = read_submissions(event, delivered_by)
        else:
            body = json.dumps(samples.sns_envelope({"body": "1"}, message_id=message_id))
            event = {"Records": [samples.sqs_record(body, message_id=delivered_by)]}
            (incoming,) = read_submissions(event, "invocation-1")
        return incoming.contents[0].id

    once, twice, other = deliver("n-1", "d-1"), deliver("n-1", "d-2"), deliver("n-2", "d-3")

    assert once == twice
    assert other != once


def test_a_callers_own_id_is_the_same_wherever_the_call_comes_from() -> None:
    call = {"body": "1", "request_id": "order-17"}

    direct, queued = only(call), only(samples.sqs_event(call))

    assert direct.contents[0].id == queued.contents[0].id == request_id_of_caller("order-17")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("order-33.csv is ready", "not JSON"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("17", "neither an S3 notification"),
        ("[]", "neither an S3 notification"),
        ("null", "neither an S3 notification"),
        ('{"Records": []}', "Records is empty"),
        ('{"Records": [1]}', "Records[0] must be a JSON object, not a number"),
        (
            '{"Records": [{"eventVersion": 2}]}',
            "Records[0].eventVersion must be a string, not a number",
        ),
        ('{"detail-type": "Object Created"}', "detail is missing"),
        ('{"requests": [{"body": 5}]}', "requests[0].body must be a string, not a number"),
        ('{"requests": []}', "requests is empty"),
        ('{"body": "a", "colour": "red"}', "colour"),
        ('{"Type": "Notification", "TopicArn": "t", "Message": "no JSON"}', "Message is not JSON"),
        ('{"Type": "Notification", "TopicArn": "t", "Message": "%s"}' % ("[" * 99_999), "not JSON"),
    ],
)
def test_an_unreadable_message_has_its_reason(body: str, problem: str) -> None:
    incoming = only(samples.sqs_event(body))

    assert incoming.contents == ()
    assert problem in (incoming.problem or "")
    assert incoming.delivery.body == body


def test_one_unreadable_message_leaves_the_others_alone() -> None:
    event = samples.sqs_event(
        samples.upload("inputs/a.csv"), "not JSON", samples.upload("inputs/b.csv")
    )

    incoming = read_submissions(event, "invocation-1")

    assert [len(item.contents) for item in incoming] == [1, 0, 1]


@pytest.mark.parametrize(
    "record",
    [
        None,
        {},
        {"eventSource": 5},
        {"eventSource": "aws:sqs"},
        {"eventSource": "aws:sqs", "messageId": "m", "receiptHandle": "r", "body": None},
        {**samples.sqs_record("{}"), "attributes": {"ApproximateReceiveCount": "often"}},
        {"EventSource": "aws:sns"},
        {"EventSource": "aws:sns", "Sns": {"MessageId": "n", "TopicArn": "t"}},
    ],
)
def test_a_record_that_lambda_would_never_send_is_unreadable_and_not_fatal(record: object) -> None:
    incoming = read_submissions({"Records": [record]}, "invocation-1")

    assert [item.problem is not None for item in incoming] == [True]


@given(st.text(min_size=1).filter(lambda key: not key.endswith("/")))
def test_any_key_survives_the_form_encoding_of_s3(key: str) -> None:
    (request,) = only(samples.sqs_event(samples.upload(key))).contents

    assert request.location == S3Uri(BUCKET, key)


def test_two_raw_messages_with_the_same_call_are_two_requests() -> None:
    """A topic with raw message delivery: nothing tells a repeat from a second call."""
    first, second = read_submissions(samples.sqs_event({"body": "1"}, {"body": "1"}), "i-1")

    assert first.contents[0].id != second.contents[0].id


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z"]
)
@pytest.mark.parametrize("name", ["eventTime", "time", "requested_at"])
def test_a_time_that_no_calendar_has_is_a_problem_of_its_message(name: str, time: str) -> None:
    upload = samples.upload("inputs/a.csv")
    upload["Records"][0]["eventTime"] = time
    bridged = {**samples.event("submit/eventbridge-object-created"), "time": time}
    call = {"body": "1", "requested_at": time}
    message = {"eventTime": upload, "time": bridged, "requested_at": call}[name]

    bad, good = read_submissions(samples.sqs_event(message, {"body": "1"}), "i-1")

    assert f"{name} must be a time in ISO 8601" in str(bad.problem)
    assert good.problem is None
