"""The benchmark's events are ones that the relay itself reads, and that the stub knows."""

import json

from relay.aws.dynamodb.attempt_items import to_attempt, to_item
from relay.events.envelopes import read_notifications, read_submissions
from relay.model import AttemptState, Notification, Outcome
from relay.routes.compiled import Routes

from benchmarks.messages import (
    idle_event,
    item,
    large_event,
    request_id,
    route_event,
    submit_event,
)
from benchmarks.stub import answer


def test_every_upload_of_a_batch_is_a_request_of_its_own() -> None:
    incoming = read_submissions(submit_event(30), "invocation")

    contents = [content for each in incoming for content in each.contents]
    assert len({content.id for content in contents}) == 30
    assert len({each.delivery.message_id for each in incoming}) == 30


def test_every_notification_of_a_batch_is_about_an_open_attempt_of_the_ledger() -> None:
    incoming = read_notifications(route_event(30), "invocation")

    for number, each in enumerate(incoming):
        (notification,) = each.contents
        assert isinstance(notification, Notification)
        attempt = to_attempt(item(notification.inference_id))
        assert notification.inference_id == attempt.id == request_id(number)
        assert notification.outcome is Outcome.COMPLETED
        assert attempt.state is AttemptState.OPEN
        assert notification.location == attempt.location
        assert notification.endpoint == attempt.endpoint


def test_the_ledgers_items_are_ones_that_the_relay_writes() -> None:
    written = item(request_id(17))

    assert to_item(to_attempt(written)) == written


def test_an_idle_event_asks_for_nothing() -> None:
    submissions = read_submissions(idle_event("submit"), "invocation")
    notifications = read_notifications(idle_event("route"), "invocation")

    assert submissions
    assert all(each.ignored and not each.contents for each in submissions)
    assert notifications
    assert all(each.ignored and not each.contents for each in notifications)


def test_large_events_fit_into_an_invocation_and_their_messages_into_a_queue() -> None:
    for function in ("submit", "route"):
        event = large_event(function, 5)

        assert 5_000_000 < len(json.dumps(event)) < 6_291_456
        assert all(900_000 < len(record["body"]) <= 1_048_576 for record in event["Records"])


def test_the_stub_confirms_every_entry_and_finds_every_item() -> None:
    entries = [{"Id": str(number), "MessageBody": "{}"} for number in range(10)]
    keys = [{"id": {"S": request_id(number)}} for number in range(100)]

    sent = answer("SendMessageBatch", {"QueueUrl": "…", "Entries": entries})
    found = answer("BatchGetItem", {"RequestItems": {"ledger": {"Keys": keys}}})

    assert [each["Id"] for each in sent["Successful"]] == [each["Id"] for each in entries]
    assert [each["id"] for each in found["Responses"]["ledger"]] == [each["id"] for each in keys]
    assert set(found["Responses"]["ledger"][0]) == set(item(request_id(0)))
    assert len(answer("BatchExecuteStatement", {"Statements": [{}] * 25})["Responses"]) == 25


def test_the_stub_answers_with_the_members_that_are_asked_for() -> None:
    wanted = {
        "Keys": [{"id": {"S": request_id(0)}}],
        "ProjectionExpression": "id, #state, held",
        "ExpressionAttributeNames": {"#state": "state"},
    }

    found = answer("BatchGetItem", {"RequestItems": {"ledger": wanted}})

    assert found["Responses"]["ledger"] == [{"id": {"S": request_id(0)}, "state": {"S": "OPEN"}}]


def test_the_stub_has_the_routes_that_the_template_deploys() -> None:
    text = answer("GetParameter", {"Name": "routes"})["Parameter"]["Value"]

    assert Routes.read(text)
    assert "relay-completed.fifo" in text
