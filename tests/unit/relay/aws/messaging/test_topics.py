"""SNS: what goes into one call, and which message each answer is about."""

from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.topics import Topics
from relay.errors import PermanentError, TransientError
from relay.model import OutgoingMessage

from tests.support.fakes.budgets import ample

SERVICE = "sns"

TOPIC = "arn:aws:sns:us-east-1:000000000000:orders.fifo"


@pytest.fixture
def outbox(client: Any, stubber: Stubber) -> AwsOutbox:
    return AwsOutbox(lambda _: Topics(client), ample())


def test_a_message_is_published_with_all_that_it_has(outbox: AwsOutbox, stubber: Stubber) -> None:
    stubber.add_response(
        "publish_batch",
        {"Successful": [{"Id": "0", "MessageId": "m"}], "Failed": []},
        {
            "TopicArn": TOPIC,
            "PublishBatchRequestEntries": [
                {
                    "Id": "0",
                    "Message": "{}",
                    "MessageAttributes": {
                        "outcome": {"DataType": "String", "StringValue": "completed"}
                    },
                    "MessageGroupId": "g",
                    "MessageDeduplicationId": "d",
                }
            ],
        },
    )
    attributes = (("outcome", "completed"),)

    sent = OutgoingMessage("k", TOPIC, "{}", attributes, group_id="g", deduplication_id="d")

    assert outbox.send([sent]) == {}


def test_refused_entries_are_returned_by_key(outbox: AwsOutbox, stubber: Stubber) -> None:
    stubber.add_response(
        "publish_batch",
        {
            "Successful": [{"Id": "1", "MessageId": "m"}],
            "Failed": [
                {"Id": "0", "Code": "InternalError", "SenderFault": False},
                {"Id": "2", "Code": "InvalidParameter", "Message": "no", "SenderFault": True},
            ],
        },
        {"TopicArn": TOPIC, "PublishBatchRequestEntries": [ANY] * 4},
    )

    failures = outbox.send([OutgoingMessage(key, TOPIC, "{}") for key in "abcd"])

    assert {key: type(error) for key, error in failures.items()} == {
        "a": TransientError,
        "c": PermanentError,
        "d": TransientError,
    }
    assert str(failures["d"]) == f"send to {TOPIC}: not confirmed"


def test_a_message_that_fits_no_call_is_not_sent_and_says_how_large_it_is(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    failures = outbox.send([OutgoingMessage("a", TOPIC, "x" * 262_145)])

    assert isinstance(failures["a"], PermanentError)
    assert str(failures["a"]) == (
        f"send to {TOPIC}: the message has 262,145 bytes, and SNS takes at most 262,144"
    )
