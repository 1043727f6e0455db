"""What Lambda sends to an on-failure destination holds the same work as the invocation."""

import pytest
from relay.events.envelopes import read_notifications, read_submissions

from tests.support import samples
from tests.support.samples import Json


def on_failure(payload: object) -> Json:
    """Return what Lambda sends to an on-failure destination after the last try of an invocation."""
    return {
        "version": "1.0",
        "timestamp": "2026-11-20T12:03:00.000Z",
        "requestContext": {
            "requestId": "invocation-1",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:relay-submit:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"errorType": "Incomplete", "errorMessage": "time ran out"},
    }


class TestWhatLambdaSendsAfterTheLastTry:
    @pytest.mark.parametrize(
        "payload",
        [
            {"body": "1"},
            {"requests": [{"body": "1"}, {"body": "2", "request_id": "order-2"}]},
            samples.upload("inputs/a.csv"),
            samples.sns_event(samples.upload("inputs/a.csv")),
            samples.sns_event({"body": "1"}),
            samples.event("submit/eventbridge-object-created"),
        ],
    )
    def test_is_the_same_requests_as_the_invocation(self, payload: Json) -> None:
        (invoked,) = read_submissions(payload, "invocation-1")

        (redriven,) = read_submissions(samples.sqs_event(on_failure(payload)), "invocation-1")

        assert redriven.problem is None
        assert redriven.contents == invoked.contents != ()

    def test_is_the_same_notification(self) -> None:
        event = samples.sns_event(samples.completed("c" * 32))

        (redriven,) = read_notifications(samples.sqs_event(on_failure(event)), "invocation-2")

        (notification,) = redriven.contents
        assert (notification.inference_id, notification.topic_arn) == (
            "c" * 32,
            samples.SUCCESS_TOPIC,
        )

    @pytest.mark.parametrize(
        ("payload", "problem"),
        [
            (None, "neither an S3 notification"),
            ({"colour": "red"}, "neither an S3 notification"),
            ({"Records": [{"EventSource": "aws:sns"}]}, "requestPayload.Records[0].Sns is missing"),
            (samples.sns_event("{"), "Message is not JSON"),
        ],
    )
    def test_that_cannot_be_read_says_why(self, payload: object, problem: str) -> None:
        (redriven,) = read_submissions(samples.sqs_event(on_failure(payload)), "invocation-1")

        assert problem in str(redriven.problem)
