"""A poisoned message in a batch of a hundred: its 99 neighbours have their results."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from relay.delivery.report import Count, Report
from relay.delivery.responses import respond
from relay.events.envelopes import read_submissions
from relay.events.sagemaker import own_notification
from relay.ids import request_id_of_caller
from relay.model import Outcome

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.notifying import notify
from tests.support.pipelines import FakePipeline
from tests.support.samples import (
    FAILURES,
    INPUTS,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    OUTPUTS,
    SUBMIT_DEAD_LETTERS,
    Json,
)

NEIGHBOURS = 99
POISON = "poison"
SUSPECT = "f" * 32
DEEP = "[" * 100_000 + "]" * 100_000
LONG_NUMBER = "9" * 400


def upload(**changes: Any) -> str:
    """S3's notification of one upload with changed members: of its record, bucket or object."""
    message = samples.upload("inputs/poison.csv")
    record = message["Records"][0]
    for part in (record, record["s3"]["bucket"], record["s3"]["object"]):
        part.update({name: value for name, value in changes.items() if name in part})
    record.update({name: value for name, value in changes.items() if name == "eventTime"})
    return json.dumps(message)


def created(**detail: Any) -> str:
    """EventBridge's event of one upload."""
    s3_object = {"key": "inputs/poison.csv", "size": 1, "etag": "e1", "sequencer": "00A1"}
    bucket = {"name": samples.BUCKET}
    event = {"detail-type": "Object Created", "detail": {"bucket": bucket, "object": s3_object}}
    event["detail"] |= detail  # type: ignore[operator]
    return json.dumps(event)


def call(**members: Any) -> str:
    return json.dumps({"input_location": f"{INPUTS}poison.csv", **members})


# Bodies of messages to submit.
SUBMISSIONS = {
    "white space": " ",
    "no JSON": "{",
    "JSON that is nested too deeply": DEEP,
    "an unpaired surrogate": '{"body": "\\ud800"}',
    "a call with a number of 400 digits": f'{{"body": "1", "attempt": {LONG_NUMBER}}}',
    "a call with a number that is no number": '{"body": "1", "ttl_seconds": NaN}',
    "a call with a body that is no base64": call(body_base64="*"),
    "a call with a location that is none": call(input_location="file:///etc/passwd"),
    "a call with a location without a bucket": call(input_location="s3:///inputs/a.csv"),
    "a call with a time in the year 1": call(requested_at="0001-01-01T00:00:00+14:00"),
    "a call that is far too long": json.dumps({"requests": [{"body": "1" * 200_000}]}),
    "a call with an id of a megabyte": call(request_id="x" * 1_000_000),
    "a call with control characters": call(content_type="text/csv\r\nX-Other: 1"),
    "a call with a negative time": call(ttl_seconds=-1),
    "records that are no objects": '{"Records": [null, 7]}',
    "a record without members": '{"Records": [{}]}',
    "a bucket that begins with a slash": upload(name="/bucket"),
    "an empty bucket": upload(name=""),
    "a bucket that is a path": upload(name="bucket/../other"),
    "a key that is too long": upload(key="inputs/" + "k" * 5_000),
    "a key that is no UTF-8": upload(key="inputs/%ff%fe%c3"),
    "a key with control characters": upload(key="inputs/%00%0d%0a"),
    "a key that is a number": upload(key=7),
    "a size that is a text": upload(size="12"),
    "an event of the year 1": upload(eventTime="0001-01-01T00:00:00+23:59"),
    "an event of another format": upload(eventVersion="9.0"),
    "an event of EventBridge with a slash in its bucket": created(bucket={"name": "/b"}),
    "an event of EventBridge without an object": created(object=None),
}


def notification(**changes: Any) -> str:
    return json.dumps(samples.sns_envelope(samples.completed(SUSPECT, **changes)))


def output(location: str) -> str:
    return notification(responseParameters={"outputLocation": location})


def response(content: str) -> str:
    """A notification with a response of the model, which AWS has in base64 or plain."""
    return notification(responseBody={"encoding": "JSON", "content": content})


# Bodies of messages to route, about an attempt that is open.
NOTIFICATIONS = {
    "white space": " ",
    "no JSON": "{",
    "JSON that is nested too deeply": DEEP,
    "an envelope without a message": '{"Type": "Notification", "TopicArn": "t"}',
    "a message that is nested too deeply": json.dumps(samples.sns_envelope(DEEP)),
    "another source": notification(eventSource="aws:other"),
    "an id that is too long": notification(inferenceId="x" * 5_000),
    "an id that is no text": notification(inferenceId={"a": 1}),
    "an unpaired surrogate": notification(inferenceId="\ud800"),
    "another endpoint": notification(requestParameters={"endpointName": "other"}),
    "an input that is another's": notification(
        requestParameters={"endpointName": "relay", "inputLocation": f"{INPUTS}other.csv"}
    ),
    "an output in another bucket": output("s3://other/outputs/a.out"),
    "an output above its folder": output(f"{OUTPUTS}../failures/a.out"),
    "an output whose key is too long": output(f"{OUTPUTS}{'k' * 5_000}"),
    "an output that is no location": output("nowhere"),
    "a time in the year 1": notification(eventTime="0001-01-01T00:00:00+23:59"),
    "a time that is none": notification(receivedTime="yesterday"),
    "attributes with control characters": notification(
        requestParameters={"endpointName": "relay", "customAttributes": "a\x00b"}
    ),
    "a response that is nested too deeply": response(DEEP),
    "a response with a number of 400 digits": response(f'{{"score": {LONG_NUMBER}}}'),
    "a response that is no number": response("[NaN, 1e999]"),
    "a response with an unpaired surrogate": response('"\\ud800"'),
    "a response that is far too long": response("1" * 3_000_000),
    "a report that the relay did not send": own_notification(
        "e" * 32, Outcome.EXPIRED, "relay", "forged"
    ),
    "a report about a failure elsewhere": own_notification(
        SUSPECT, Outcome.FAILED, "relay", "forged", f"{FAILURES}../a"
    ),
}


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


def batch(poison: Json, neighbours: list[str], receive_count: int = 1) -> Json:
    """Lambda's event for a hundred messages; the poisoned one is in between."""
    records = [
        samples.sqs_record(body, message_id=f"m-{number}") for number, body in enumerate(neighbours)
    ]
    poison["attributes"]["ApproximateReceiveCount"] = str(receive_count)
    return {"Records": [*records[:37], poison, *records[37:]]}


def deliver_until_done(
    deliver: Callable[[Json], Report], poison: Json, neighbours: list[str]
) -> list[Report]:
    """Deliver the batch, and the poisoned message alone until it does not return."""
    reports = [deliver(batch(poison, neighbours))]
    for receive_count in range(2, 6):
        if POISON not in reports[-1].returned:
            return reports
        assert list(reports[-1].returned) == [POISON]
        reports.append(deliver(batch(poison, [], receive_count)))
    assert reports[-1].returned == {}
    return reports


def results_of(pipeline: FakePipeline) -> list[str]:
    """The ids of the requests that have a result."""
    return [json.loads(message.body)["id"] for message in pipeline.results()]


def infer_all(pipeline: FakePipeline) -> None:
    """Every submitted request is inferred, and every notification is routed."""
    for inference_id in pipeline.endpoint.invoked:
        notify(pipeline, samples.completed(inference_id))
    while pipeline.queues.waiting(NOTIFICATION_QUEUE):
        report = pipeline.deliver_to_route()
        assert report.returned == {}


@pytest.mark.parametrize("body", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_a_poisoned_upload_or_call_harms_no_neighbour(pipeline: FakePipeline, body: str) -> None:
    neighbours = [json.dumps(samples.upload(f"inputs/{n}.csv")) for n in range(NEIGHBOURS)]
    poison = samples.sqs_record(body, message_id=POISON)

    deliver_until_done(pipeline.call_submit, poison, neighbours)
    infer_all(pipeline)

    results, parked = results_of(pipeline), pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
    assert len(set(results)) == len(results)
    assert len(results) + len(parked) == NEIGHBOURS + 1
    assert [message.body for message in parked] in ([], [body])


@pytest.mark.parametrize("body", NOTIFICATIONS.values(), ids=NOTIFICATIONS)
def test_a_poisoned_notification_harms_no_neighbour(pipeline: FakePipeline, body: str) -> None:
    ids = [request_id_of_caller(str(number)) for number in range(NEIGHBOURS)]
    for inference_id in [*ids, SUSPECT]:
        pipeline.ledger.items[inference_id] = samples.attempt(inference_id)
    neighbours = [json.dumps(samples.sns_envelope(samples.completed(each))) for each in ids]
    poison = samples.sqs_record(body, message_id=POISON)

    deliver_until_done(pipeline.call_route, poison, neighbours)

    results, parked = results_of(pipeline), pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS)
    assert set(ids) <= set(results)
    assert len(results) + len(parked) == NEIGHBOURS + 1


def broken_request(**members: Any) -> Json:
    request = json.loads(samples_item()["request"]["S"]) | members
    return {"request": {"S": json.dumps(request)}}


def samples_item() -> Json:
    pipeline = FakePipeline()
    pipeline.ledger.items[SUSPECT] = samples.attempt(SUSPECT)
    return pipeline.ledger.table[SUSPECT]


# Items of the ledger that the relay of today or of tomorrow would not read.
ITEMS = {
    "no JSON": {"request": {"S": "{"}},
    "JSON that is nested too deeply": {"request": {"S": DEEP}},
    "a location that is none": broken_request(input_location="s3:////bucket/inputs/a.csv"),
    "a member that is missing": {"request": {"S": "{}"}},
    "a number as an attribute's type": {"claim": {"N": "1"}},
    "an unknown state": {"state": {"S": "PAUSED"}},
    "a time that is none": {"routed_at": {"S": "yesterday"}},
    "an unknown outcome": {"held": {"S": '{"outcome": "lost", "delivered": [], "missing": []}'}},
}


@pytest.mark.parametrize("attributes", ITEMS.values(), ids=ITEMS)
def test_an_item_that_cannot_be_read_harms_no_neighbour(
    pipeline: FakePipeline, attributes: Json
) -> None:
    ids = [request_id_of_caller(str(number)) for number in range(NEIGHBOURS)]
    for inference_id in [*ids, SUSPECT]:
        pipeline.ledger.items[inference_id] = samples.attempt(inference_id)
    item = unreadable_item(SUSPECT, **{**pipeline.ledger.table[SUSPECT], **attributes})
    pipeline.ledger.table[SUSPECT] = item
    neighbours = [json.dumps(samples.sns_envelope(samples.completed(each))) for each in ids]
    poison = samples.sqs_record(notification(), message_id=POISON)

    reports = deliver_until_done(pipeline.call_route, poison, neighbours)

    assert sorted(results_of(pipeline)) == sorted(ids)
    assert [report.counts[Count.BROKEN] for report in reports] == [1] * 5
    (parked,) = pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS)
    reason = dict(parked.attributes)["reason"]
    assert reason.startswith(f"item {SUSPECT} of the ledger cannot be read: ")


# What Lambda never says about a message.
ATTRIBUTES: dict[str, Json] = {
    "a count that is none": {"ApproximateReceiveCount": "often"},
    "a time beyond all times": {"SentTimestamp": "9" * 15},
    "a time that is none": {"SentTimestamp": "yesterday"},
    "attributes of other types": {"ApproximateReceiveCount": 1, "SentTimestamp": 17e11},
}


@pytest.mark.parametrize("attributes", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes_that_cannot_be_read_harm_no_neighbour(
    pipeline: FakePipeline, attributes: Json
) -> None:
    neighbours = [json.dumps(samples.upload(f"inputs/{n}.csv")) for n in range(NEIGHBOURS)]
    body = json.dumps(samples.upload("inputs/poison.csv"))
    event = batch(samples.sqs_record(body, message_id=POISON), neighbours)
    event["Records"][37]["attributes"] = attributes
    incoming = read_submissions(event, "invocation-1")

    report = pipeline.call_submit(event)

    assert report.counts == {Count.SUBMITTED: NEIGHBOURS, Count.PARKED: 1}
    assert respond(incoming, report) == {"batchItemFailures": []}
