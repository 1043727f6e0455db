"""Direct calls, which are also how the relay hands requests to itself."""

import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.errors import UnreadableMessage
from relay.events.direct_calls import is_call, read_call, write_call
from relay.events.envelopes import read_submissions
from relay.ids import request_id_of_caller, request_id_of_resubmission
from relay.model import InferenceRequest
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.samples import NOON, Json

ONE = {"input_location": "s3://data/inputs/a.csv"}
OURS = {"eventSource": "async-inference-relay"}
LATER = {**OURS, "requests": [{**ONE, "request_id": "a" * 32, "attempt": 5}]}


@pytest.mark.parametrize("call", [ONE, [ONE], {"requests": [ONE]}])
def test_one_request_may_stand_alone_or_in_a_list(call: object) -> None:
    assert is_call(call)

    (request,) = read_call(call, "call-1").requests

    assert request.location == S3Uri("data", "inputs/a.csv")


def test_every_member_of_a_request_is_read() -> None:
    call = {
        "request_id": "a" * 32,
        "attempt": 2,
        "input_location": "s3://data/inputs/a.csv",
        "version_id": "v1",
        "etag": "e1",
        "size": 12,
        "content_type": "text/csv",
        "accept": "application/json",
        "custom_attributes": "a=b",
        "ttl_seconds": 600,
        "timeout_seconds": 60,
        "requested_at": "2026-11-20T12:00:00.5Z",
    }

    (request,) = read_call({**OURS, "requests": [call]}, "call-1", by_relay=True).requests

    assert request == InferenceRequest(
        id="a" * 32,
        location=S3Uri("data", "inputs/a.csv"),
        version_id="v1",
        etag="e1",
        size=12,
        content_type="text/csv",
        accept="application/json",
        custom_attributes="a=b",
        ttl_seconds=600,
        timeout_seconds=60,
        requested_at=NOON + timedelta(milliseconds=500),
        attempt=2,
        from_relay=True,
    )


def test_a_resubmission_has_the_same_id_in_every_call() -> None:
    (one,) = read_call({"resubmission_of": "c" * 32}, "call-1").requests
    _, other = read_call([ONE, {"resubmission_of": "c" * 32, "accept": "*/*"}], "call-2").requests

    assert one == InferenceRequest(
        request_id_of_resubmission("c" * 32), resubmission_of="c" * 32, number=0
    )
    assert other.id == one.id != request_id_of_caller("c" * 32)


def test_a_body_may_be_text_or_base64() -> None:
    call = read_call([{"body": "ü"}, {"body_base64": "/wA="}, {"body": ""}], "c")
    text, encoded, empty = call.requests

    assert (text.body, encoded.body, empty.body) == ("ü".encode(), b"\xff\x00", b"")


def test_requests_of_one_call_have_different_ids_that_a_repeat_of_the_call_has_too() -> None:
    first = read_call([ONE, ONE, ONE], "call-1").requests
    again = read_call([ONE, ONE, ONE], "call-1").requests
    other = read_call([ONE, ONE, ONE], "call-2").requests

    assert [request.id for request in first] == [request.id for request in again]
    assert len({request.id for request in first + other}) == 6


@pytest.mark.parametrize("value", [None, 5, "body", [], {}, [1], [[ONE]], [{}], {"Records": []}])
def test_other_json_is_no_call(value: object) -> None:
    assert not is_call(value)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ({"requests": []}, "requests is empty"),
        ({**OURS, "requests": ONE}, "requests must be a list, not an object"),
        ({"requests": [5]}, r"requests\[0\] must be a JSON object, not a number"),
        (
            {"requests": [ONE], "content_type": "text/csv"},
            "content_type is not known; move it into each request",
        ),
        ({**ONE, "colour": "red"}, "colour is not known; a request has accept, body,"),
        ({"body": "a", "body_base64": "YQ=="}, "body_base64 cannot be given together with body"),
        ({"body_base64": "no base64!"}, "body_base64 is not base64"),
        ({"body_base64": "ü"}, "body_base64 is not base64"),
        ({"body": 5}, "body must be a string, not a number"),
        ({**ONE, "size": "12"}, "size must be a whole number of at most 2\\^53, not a string"),
        ({"resubmission_of": "order-17"}, "resubmission_of is not an id of the relay; the status"),
        ({"resubmission_of": ""}, "resubmission_of is not an id of the relay"),
        (
            {"resubmission_of": "c" * 32, **ONE},
            "input_location cannot be given together with resubmission_of",
        ),
        (
            {"resubmission_of": "c" * 32, "body": "1", "request_id": "a"},
            "body cannot be given .*; request_id cannot be given together",
        ),
        ({"input_location": "inputs/a.csv"}, "input_location is not an S3 location"),
        ({**OURS, "requests": [{**ONE, "attempt": 0}]}, "attempt is 0; attempts are counted from"),
        ({**OURS, "requests": [{**ONE, "attempt": -1}]}, "attempt is -1; attempts are counted"),
        ({**OURS, "requests": [{**ONE, "attempt": 999_999}]}, "counted from 1 to 10"),
        ({**OURS, "requests": [ONE]}, r"requests\[0\].request_id is missing"),
        (
            {**OURS, "requests": [{**ONE, "request_id": "order-17"}]},
            r"requests\[0\].request_id is not an id of the relay",
        ),
    ],
)
def test_what_is_wrong_with_a_call_is_reported(call: object, complaint: str) -> None:
    with pytest.raises(UnreadableMessage, match=complaint):
        read_call(call, "call-1", by_relay=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempt", 5),
        ("attempt", None),
        ("etag", "e1"),
        ("requested_at", "2026-11-20T12:00:00Z"),
        ("size", 12),
        ("version_id", "v1"),
    ],
)
def test_what_the_relay_sets_is_refused_from_others(name: str, value: object) -> None:
    with pytest.raises(UnreadableMessage, match=f"{name} is not known; the relay sets it"):
        read_call({**ONE, name: value}, "call-1")
    with pytest.raises(UnreadableMessage, match=f"{name} is not known; the relay sets it"):
        read_call({**ONE, name: value}, "call-1", by_relay=True)


def test_an_id_of_the_relay_is_not_taken_over_from_a_caller() -> None:
    """Not even on the submit queue, where others may put calls too."""
    theirs = request_id_of_caller("order-17")

    for by_relay in (False, True):
        call = read_call({**ONE, "request_id": theirs}, "call-1", by_relay=by_relay)

        (request,) = call.requests
        assert request.id == request_id_of_caller(theirs) != theirs


@pytest.mark.parametrize(
    "event",
    [
        LATER,
        samples.sns_event(LATER),
        samples.sqs_event(samples.sns_envelope(LATER)),
        samples.sqs_event({"requestContext": {"requestId": "i-1"}, "requestPayload": LATER}),
    ],
    ids=["direct", "SNS", "SNS in SQS", "failed invocation"],
)
def test_only_the_submit_queue_brings_a_further_attempt(event: Json) -> None:
    (outside,) = read_submissions(event, "invocation-1")
    (queued,) = read_submissions(samples.sqs_event(LATER), "invocation-1")

    assert (outside.contents, [each.attempt for each in queued.contents]) == ((), [5])
    assert outside.problem is not None
    assert "eventSource is not known" in outside.problem
    assert "attempt is not known; the relay sets it" in outside.problem


@pytest.mark.parametrize("in_list", [False, True])
def test_a_request_that_cannot_be_read_affects_no_other_and_no_id(in_list: bool) -> None:
    """An id has the place of its request, so a repeat of the corrected call has the same ids."""
    bad: list[object] = [{**ONE, "colour": "red", "body": 5}, "not an object"]
    members = [ONE, *bad, ONE]

    call = read_call(members if in_list else {"requests": members}, "call-1")

    corrected = read_call([ONE, ONE, ONE, ONE], "call-1").requests
    assert call.requests == (corrected[0], corrected[3])
    assert [request.number for request in call.requests] == [0, 3]
    assert [(each.number, json.loads(each.text)) for each in call.invalid] == [
        (1, bad[0]),
        (2, bad[1]),
    ]
    first, second = (each.problem for each in call.invalid)
    assert first.startswith("requests[1].colour is not known")
    assert first.endswith("requests[1].body must be a string, not a number")
    assert second == "requests[2] must be a JSON object, not a string"


def test_a_call_without_a_readable_request_is_unreadable() -> None:
    with pytest.raises(UnreadableMessage) as raised:
        read_call([{**ONE, "ttl_seconds": "1"}, {"body": 5}], "call-1")

    assert "requests[0].ttl_seconds must be" in str(raised.value)
    assert "requests[1].body must be" in str(raised.value)


def test_a_call_of_the_relay_is_read_as_a_whole() -> None:
    """A part of its own message that it cannot read is a bug or a forgery."""
    call = {**OURS, "requests": [{**ONE, "request_id": "a" * 32}, {**ONE, "request_id": 5}]}

    with pytest.raises(UnreadableMessage, match=r"requests\[1\].request_id must be a string"):
        read_call(call, "call-1", by_relay=True)


@pytest.mark.parametrize(
    ("event", "problem", "invalid"),
    [
        ({"requests": [ONE, 5]}, None, 1),
        (samples.sqs_event({"requests": [ONE, 5]}), None, 1),
        (samples.sqs_event(samples.sns_envelope([ONE, 5])), None, 1),
        (samples.sns_event([ONE, 5]), "requests[1] must be a JSON object, not a number", 0),
    ],
    ids=["direct", "SQS", "SNS in SQS", "SNS"],
)
def test_an_invalid_request_stands_beside_the_others_where_it_is_answered_or_parked(
    event: Json, problem: str | None, invalid: int
) -> None:
    (read,) = read_submissions(event, "invocation-1")

    assert len(read.contents) == 1
    assert (read.problem, len(read.invalid)) == (problem, invalid)


def test_every_problem_of_a_call_is_in_one_error() -> None:
    own = {"request_id": "a" * 32}
    wrong = [{**own, "body": 5}, 7, {**own, "attempt": 0, "input_location": "a"}]

    with pytest.raises(UnreadableMessage) as raised:
        read_call({**OURS, "requests": [{**ONE, **own}, *wrong]}, "call-1", by_relay=True)

    said = str(raised.value).split("; ")
    assert [each.partition(" ")[0] for each in said if each.startswith("requests")] == [
        "requests[1].body",
        "requests[2]",
        "requests[3].input_location",
        "requests[3].attempt",
    ]


def test_a_member_that_later_code_added_to_a_call_of_the_relay_is_left_out() -> None:
    known = {**ONE, "request_id": "a" * 32}
    later = {**OURS, "colour": "red", "requests": [{**known, "colour": "red"}]}

    expected = read_call({**OURS, "requests": [known]}, "call-1", by_relay=True)
    assert read_call(later, "call-1", by_relay=True) == expected


@pytest.mark.parametrize("version", ["", "1", "0.0", "x.1"])
def test_a_call_of_the_relay_without_a_usable_version_is_unreadable(version: str) -> None:
    call = {**OURS, "eventVersion": version, "requests": [{**ONE, "request_id": "a" * 32}]}

    with pytest.raises(UnreadableMessage, match="eventVersion is"):
        read_call(call, "call-1", by_relay=True)


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NUMBERS = st.none() | st.integers(-(2**53), 2**53)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.builds(
        InferenceRequest,
        id=st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
        location=st.none() | st.builds(S3Uri, st.just("bucket"), KEYS),
        body=st.none() | st.binary(max_size=50),
        version_id=TEXTS,
        etag=TEXTS,
        size=NUMBERS,
        content_type=TEXTS,
        accept=TEXTS,
        custom_attributes=TEXTS,
        ttl_seconds=NUMBERS,
        timeout_seconds=NUMBERS,
        requested_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        attempt=st.integers(1, 10),
        resubmission_of=st.none() | st.just("c" * 32),
        from_relay=st.just(True),
    )
)
def test_a_request_that_is_handed_over_arrives_as_it_was(request: InferenceRequest) -> None:
    call: Any = json.loads(write_call(request))

    assert is_call(call)
    assert read_call(call, "whatever", by_relay=True).requests == (request,)
