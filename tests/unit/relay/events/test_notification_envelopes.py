"""Every envelope in which route's work arrives."""

import pytest
from relay.events.envelopes import read_notifications
from relay.model import Notification, Outcome

from tests.support import samples


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("completed-via-sqs", Outcome.COMPLETED),
        ("completed-via-sqs-raw", Outcome.COMPLETED),
        ("completed-direct", Outcome.COMPLETED),
        ("failed-via-sqs", Outcome.FAILED),
        ("rejected-by-relay-via-sqs", Outcome.REJECTED),
    ],
)
def test_every_envelope_gives_its_notification(name: str, outcome: Outcome) -> None:
    (incoming,) = read_notifications(samples.event(f"route/{name}"), "invocation-1")

    (notification,) = incoming.contents
    assert isinstance(notification, Notification)
    assert notification.outcome is outcome


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("completed-via-sqs", samples.SUCCESS_TOPIC),
        ("completed-direct", samples.SUCCESS_TOPIC),
        ("failed-via-sqs", samples.ERROR_TOPIC),
        ("completed-via-sqs-raw", None),
    ],
)
def test_a_notification_knows_its_topic_unless_raw_delivery_dropped_it(
    name: str, topic: str | None
) -> None:
    (incoming,) = read_notifications(samples.event(f"route/{name}"), "invocation-1")

    assert incoming.contents[0].topic_arn == topic


def test_an_event_of_s3_is_no_notification() -> None:
    event = samples.sqs_event(samples.upload("outputs/a.out"))

    (incoming,) = read_notifications(event, "invocation-1")

    assert (incoming.contents, incoming.ignored) == ((), 0)
    assert incoming.problem == "eventSource is None, not 'aws:sagemaker'"


@pytest.mark.parametrize("name", ["test-notification-via-sqs", "test-notification-direct"])
def test_sagemakers_test_notification_is_ignored(name: str) -> None:
    incoming = read_notifications(samples.event(f"route/{name}"), "invocation-1")

    assert {(item.contents, item.ignored, item.problem) for item in incoming} == {((), 1, None)}


@pytest.mark.parametrize("failed", [False, True])
def test_an_envelope_that_a_publisher_writes_does_not_replace_the_topic(failed: bool) -> None:
    """For a subscription of the function itself, and in Lambda's record of its invocation."""
    forged = samples.sns_envelope(samples.completed("a" * 32), samples.SUCCESS_TOPIC)
    event = samples.sns_event(forged, "arn:aws:sns:us-east-1:000000000000:other")
    if failed:
        record = {"requestContext": {"requestId": "i-1"}, "requestPayload": event}
        event = samples.sqs_event(record)

    (incoming,) = read_notifications(event, "invocation-1")

    assert incoming.contents == ()
    assert incoming.problem == "an SNS message in an SNS message"
