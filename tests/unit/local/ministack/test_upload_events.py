"""Uploads through EventBridge on MiniStack: events and deliveries as on AWS."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack import app
from ministack.services import eventbridge, s3, sqs
from relay.events.s3 import read_s3_event

from local.ministack.upload_events import dispatch_event, fire_s3_event, invoke_target

RULE = {"Arn": "arn:aws:events:us-east-1:000000000000:rule/uploads"}
QUEUES = ("uploads", "dead-letters")
EVENT = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": "{}", "Time": 0}


def arn(queue: str) -> str:
    return f"arn:aws:sqs:us-east-1:000000000000:{queue}"


def admit(queue: str, source: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn(queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs._queue_by_arn(arn(queue))["attributes"]["Policy"] = policy


@pytest.fixture(autouse=True)
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(app, "AUTH", True)
    urls = [sqs._act_create_queue({"QueueName": each}, "")["QueueUrl"] for each in QUEUES]
    yield
    for url in urls:
        sqs._act_delete_queue({}, url)


def received(admitting: dict[str, str]) -> list[str]:
    """The queues that get an event, with the rules that their policies admit."""
    for queue, source in admitting.items():
        admit(queue, source)
    target = {"Arn": arn("uploads"), "DeadLetterConfig": {"Arn": arn("dead-letters")}}
    invoke_target(target, EVENT, RULE)
    return [each for each in QUEUES if sqs._queue_by_arn(arn(each))["messages"]]


def test_a_queue_gets_the_event_of_a_rule_that_its_policy_admits() -> None:
    assert received({"uploads": RULE["Arn"], "dead-letters": RULE["Arn"]}) == ["uploads"]


@pytest.mark.parametrize("other", [{}, {"uploads": f"{RULE['Arn']}-2"}])
def test_the_dead_letter_queue_gets_what_the_queue_does_not_admit(other: dict[str, str]) -> None:
    assert received({**other, "dead-letters": RULE["Arn"]}) == ["dead-letters"]


def test_an_event_that_no_queue_admits_is_lost() -> None:
    assert received({}) == []


def test_the_event_of_an_upload_is_the_same_request_as_its_notification(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a bucket with versions, whose upload S3 announces on both ways."""
    bucket, bodies = "lake", list[Any]()
    configured = (
        f"<NotificationConfiguration><QueueConfiguration><Id>1</Id><Queue>{arn('uploads')}</Queue>"
        "<Event>s3:ObjectCreated:*</Event></QueueConfiguration><EventBridgeConfiguration/>"
        "</NotificationConfiguration>"
    )
    monkeypatch.setitem(s3._bucket_notifications, bucket, configured)
    monkeypatch.setattr(
        s3, "_deliver_event_to_sqs", lambda arn, body, *_, **__: bodies.append(body)
    )
    monkeypatch.setattr(eventbridge, "_dispatch_event", dispatch_event)
    monkeypatch.setattr(
        "local.ministack.upload_events._dispatch",
        lambda event, *_: bodies.append(
            {
                "detail-type": event["DetailType"],
                "source": event["Source"],
                "time": event["Time"],
                "detail": json.loads(event["Detail"]),
            }
        ),
    )

    fire_s3_event(
        bucket,
        "fraud/in/größe +1.csv",
        "s3:ObjectCreated:Put",
        3,
        '"e1"',
        version_id="v1",
        sequencer="0055AED6DCD90281E5",
    )

    (notified,), (announced,) = (read_s3_event(each).objects for each in bodies)
    assert notified.version_id == announced.version_id == "v1"
    assert notified.sequencer == announced.sequencer
    assert notified.location == announced.location
