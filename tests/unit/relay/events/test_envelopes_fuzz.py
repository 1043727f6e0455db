"""Any event is read: every delivery of it has contents, is ignored, or has a problem."""

import json

from hypothesis import example, given
from hypothesis import strategies as st
from relay.events.envelopes import read_notifications, read_submissions
from relay.model import Content, Incoming

from tests.support import samples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)

# Real messages in which anything may stand anywhere: what random JSON alone would never reach.
REAL = [
    samples.upload("inputs/a.csv"),
    {"requests": [{"body": "1", "ttl_seconds": 60, "attempt": 2, "request_id": "r"}]},
    {"input_location": "s3://data/k", "size": 3, "body_base64": "MQ=="},
    samples.event("submit/eventbridge-object-created"),
    samples.sns_envelope(samples.upload("inputs/a.csv")),
    samples.completed("c" * 32, responseBody={"content": "MQ==", "encoding": "BASE64"}),
    samples.failed("f" * 32),
    samples.sns_envelope(samples.completed("d" * 32)),
    json.loads(samples.event("route/rejected-by-relay-via-sqs")["Records"][0]["body"]),
]


@st.composite
def mutilated(draw: st.DrawFn, value: object) -> object:
    """The value with one member, at any depth, replaced or removed."""
    if isinstance(value, (dict, list)) and value and draw(st.booleans(), "deeper"):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw(st.sampled_from(keys))
        copy = dict(value) if isinstance(value, dict) else list(value)
        if draw(st.booleans(), "remove"):
            del copy[key]
        else:
            copy[key] = draw(mutilated(value[key]))
        return copy
    return draw(JSON)


BODIES = (JSON | st.sampled_from(REAL).flatmap(mutilated)).map(json.dumps) | st.text()
SQS_EVENTS = st.lists(BODIES, min_size=1, max_size=4).map(lambda bodies: samples.sqs_event(*bodies))
EVENTS = st.one_of(
    SQS_EVENTS,
    JSON,
    st.sampled_from(REAL).flatmap(mutilated),
    st.sampled_from([samples.sns_event("{}"), samples.sqs_event("{}")]).flatmap(mutilated),
    st.lists(JSON, max_size=3).map(lambda records: {"Records": records}),
)


@given(EVENTS)
@example({"Records": [{"eventSource": "aws:s3"}, 5]})
@example({"requests": [{"body": "1", "ttl_seconds": -(10**40)}]})
@example({"input_location": "s3://data/\ud800"})
def test_whatever_comes_in_every_delivery_is_accounted_for(event: object) -> None:
    submissions = read_submissions(event, "invocation-1")
    notifications = read_notifications(event, "invocation-1")

    assert len(submissions) == len(notifications) >= 1
    assert all(map(_accounted_for, submissions))
    assert all(map(_accounted_for, notifications))
    assert not any(each.problem and (each.contents or each.ignored) for each in notifications)


def _accounted_for(incoming: Incoming[Content]) -> bool:
    """Unreadable, or something to do or to ignore, or some records of S3 of each."""
    return bool(incoming.problem or incoming.contents or incoming.ignored)


@given(st.lists(BODIES, min_size=1, max_size=4))
def test_every_message_of_a_batch_is_read_once_and_in_its_order(bodies: list[str]) -> None:
    event = samples.sqs_event(*bodies)
    expected = [record["messageId"] for record in event["Records"]]

    for read in (read_submissions, read_notifications):
        assert [item.delivery.message_id for item in read(event, "invocation-1")] == expected
        assert [item.delivery.body for item in read(event, "invocation-1")] == bodies
