"""A poisoned message in a batch of a hundred: its 99 neighbours have their results."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from relay.delivery.report import Count, Report
from relay.delivery.responses import respond
from relay.events.envelopes import read_submissions
from relay.ids import request_id_of_caller

from tests.support import samples
from tests.support.attempt_items import unreadable_item
from tests.support.pipeline.notifying import notify
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.poison import (
    DEEP,
    MALFORMED_NOTIFICATIONS,
    MALFORMED_SUBMISSIONS,
    ODD_NOTIFICATIONS,
    ODD_SUBMISSIONS,
    SUSPECT,
    notification,
)
from tests.support.samples import (
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_DEAD_LETTERS,
    Json,
)

NEIGHBOURS = 99
POISON = "poison"
SUBMISSIONS = MALFORMED_SUBMISSIONS | ODD_SUBMISSIONS
NOTIFICATIONS = MALFORMED_NOTIFICATIONS | ODD_NOTIFICATIONS


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


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_a_poisoned_notification_harms_no_neighbour(pipeline: FakePipeline, name: str) -> None:
    body = NOTIFICATIONS[name]
    ids = [request_id_of_caller(str(number)) for number in range(NEIGHBOURS)]
    for inference_id in [*ids, SUSPECT]:
        pipeline.ledger.items[inference_id] = samples.attempt(inference_id)
    neighbours = [json.dumps(samples.sns_envelope(samples.completed(each))) for each in ids]
    poison = samples.sqs_record(body, message_id=POISON)

    deliver_until_done(pipeline.call_route, poison, neighbours)

    results, parked = results_of(pipeline), pipeline.queues.delivered(NOTIFICATION_DEAD_LETTERS)
    if name in ODD_NOTIFICATIONS and name != "an input that is another's":
        assert (sorted(results), parked) == (sorted([*ids, SUSPECT]), [])
    else:
        assert (sorted(results), [each.body for each in parked]) == (sorted(ids), [body])


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
