"""SQS: what goes into one call, and which message each answer is about."""

from typing import Any
from unittest.mock import MagicMock

import pytest
from botocore.stub import ANY, Stubber
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.queues import VISIBILITY_SECONDS, Queues, SqsInbox
from relay.errors import AccessDenied, PermanentError, TransientError
from relay.model import OutgoingMessage
from relay.routes.target import Target

from tests.support import samples
from tests.support.fakes.budgets import ample
from tests.support.samples import SUBMIT_QUEUE

SERVICE = "sqs"

RESULTS = "https://sqs.us-east-1.amazonaws.com/000000000000/results.fifo"


@pytest.fixture
def outbox(client: Any, stubber: Stubber) -> AwsOutbox:
    return AwsOutbox(lambda _: Queues(client), ample())


def message(key: str, **members: Any) -> OutgoingMessage:
    return OutgoingMessage(**{"key": key, "address": SUBMIT_QUEUE, "body": key, **members})


def expect(stubber: Stubber, count: int, *, failed: tuple[int, ...] = (), lost: int = 0) -> None:
    """One call with so many entries, of which some fail and the last ones are not answered."""
    answered = range(count - lost)
    stubber.add_response(
        "send_message_batch",
        {
            "Successful": [
                {"Id": str(entry), "MessageId": "m", "MD5OfMessageBody": "0"}
                for entry in answered
                if entry not in failed
            ],
            "Failed": [
                {"Id": str(entry), "SenderFault": False, "Code": "InternalError", "Message": "no"}
                for entry in failed
            ],
        },
        {"QueueUrl": ANY, "Entries": [ANY] * count},
    )


def test_a_message_is_sent_with_all_that_it_has(outbox: AwsOutbox, stubber: Stubber) -> None:
    stubber.add_response(
        "send_message_batch",
        {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []},
        {
            "QueueUrl": RESULTS,
            "Entries": [
                {
                    "Id": "0",
                    "MessageBody": "{}",
                    "MessageAttributes": {
                        "outcome": {"DataType": "String", "StringValue": "completed"}
                    },
                    "MessageGroupId": "g",
                    "MessageDeduplicationId": "d",
                }
            ],
        },
    )

    failures = outbox.send(
        [
            OutgoingMessage(
                "k",
                RESULTS,
                "{}",
                attributes=(("outcome", "completed"),),
                group_id="g",
                deduplication_id="d",
            )
        ]
    )

    assert failures == {}


def test_a_delay_is_passed_on(outbox: AwsOutbox, stubber: Stubber) -> None:
    stubber.add_response(
        "send_message_batch",
        {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []},
        {
            "QueueUrl": SUBMIT_QUEUE,
            "Entries": [
                {"Id": "0", "MessageBody": "k", "MessageAttributes": {}, "DelaySeconds": 30}
            ],
        },
    )

    assert outbox.send([message("k", delay_seconds=30)]) == {}


def test_nothing_to_send_is_no_call(outbox: AwsOutbox) -> None:
    assert outbox.send([]) == {}


def test_ten_messages_go_in_one_call_and_eleven_in_two(outbox: AwsOutbox, stubber: Stubber) -> None:
    expect(stubber, 10)
    expect(stubber, 1)

    assert outbox.send([message(str(number)) for number in range(11)]) == {}


def test_a_call_stays_below_one_mebibyte(outbox: AwsOutbox, stubber: Stubber) -> None:
    expect(stubber, 2)
    expect(stubber, 1)

    large = [message(key, body="x" * 500_000) for key in ("a", "b", "c")]

    assert outbox.send(large) == {}


def test_bytes_and_attributes_count_not_characters(outbox: AwsOutbox, stubber: Stubber) -> None:
    expect(stubber, 1)
    expect(stubber, 1)
    half = 1_048_576 // 2

    multibyte = message("a", body="ü" * (half // 2))
    with_attribute = message("b", body="x" * (half - 8), attributes=(("n", "v\N{SNOWMAN}"),))

    assert outbox.send([multibyte, with_attribute]) == {}


def test_exactly_one_mebibyte_is_one_call(outbox: AwsOutbox, stubber: Stubber) -> None:
    expect(stubber, 2)

    halves = [message(key, body="x" * 524_288) for key in ("a", "b")]

    assert outbox.send(halves) == {}


def test_each_queue_has_its_own_call(outbox: AwsOutbox, stubber: Stubber) -> None:
    expect(stubber, 2)
    expect(stubber, 1)

    fifo = {"address": RESULTS, "group_id": "g", "deduplication_id": "d"}

    assert outbox.send([message("a"), message("b", **fifo), message("c")]) == {}


def test_failed_entries_of_a_successful_call_are_returned_by_key(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    expect(stubber, 3, failed=(1,))

    failures = outbox.send([message(key) for key in ("a", "b", "c")])

    assert {key: type(error) for key, error in failures.items()} == {"b": TransientError}
    assert str(failures["b"]) == f"send to {SUBMIT_QUEUE}: InternalError: no"


def test_an_entry_that_is_in_neither_list_counts_as_not_sent(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    expect(stubber, 3, lost=1)

    failures = outbox.send([message(key) for key in ("a", "b", "c")])

    assert str(failures["c"]) == f"send to {SUBMIT_QUEUE}: not confirmed"
    assert list(failures) == ["c"]


def test_the_same_message_twice_is_sent_twice(outbox: AwsOutbox, stubber: Stubber) -> None:
    """A standard queue may deliver a message twice in one batch, so that it is parked twice."""
    expect(stubber, 2)

    assert outbox.send([message("a"), message("a")]) == {}


def test_a_queue_that_takes_no_call_now_is_not_called_again(client: Any, stubber: Stubber) -> None:
    """Each call may take many seconds to fail. Another queue, with a client of its own here because
    the two are served side by side, gets its message."""
    stubber.add_client_error("send_message_batch", "ThrottlingException")
    another, other_queue = MagicMock(), f"{SUBMIT_QUEUE}-other"
    another.send_message_batch.return_value = {"Successful": [{"Id": "0"}]}
    outbox = AwsOutbox(lambda at: Queues(another if at == other_queue else client), ample())

    messages = [message(str(number)) for number in range(11)]
    failures = outbox.send([*messages, message("other", address=other_queue)])

    another.send_message_batch.assert_called_once()
    assert list(failures) == [str(number) for number in range(11)]
    assert {type(error) for error in failures.values()} == {TransientError}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, AccessDenied),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, PermanentError),
    ],
)
def test_a_call_that_fails_fails_its_messages_with_the_reason(
    outbox: AwsOutbox, stubber: Stubber, code: str, status: int, kind: type[Exception]
) -> None:
    stubber.add_client_error("send_message_batch", code, http_status_code=status)

    failures = outbox.send([message(str(number)) for number in range(10)])

    assert list(failures) == [str(number) for number in range(10)]
    assert {type(error) for error in failures.values()} == {kind}


def test_a_queue_that_does_not_exist_costs_one_call_for_each_ten(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    for _ in range(2):
        stubber.add_client_error("send_message_batch", "AWS.SimpleQueueService.NonExistentQueue")

    failures = outbox.send([message(str(number)) for number in range(11)])

    assert len(failures) == 11


def test_an_attribute_without_a_value_is_left_out(outbox: AwsOutbox, stubber: Stubber) -> None:
    attribute = {"DataType": "String", "StringValue": "b"}
    entry = {"Id": "0", "MessageBody": ANY, "MessageAttributes": {"route": attribute}}
    taken = {"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}
    answer: dict[str, Any] = {"Successful": [taken], "Failed": []}
    request = {"QueueUrl": SUBMIT_QUEUE, "Entries": [entry]}
    stubber.add_response("send_message_batch", answer, request)

    sent = message("a", attributes=(("request_id", ""), ("route", "b")))

    assert outbox.send([sent]) == {}


def test_a_queue_that_is_named_by_its_arn_is_found_without_asking(
    outbox: AwsOutbox, stubber: Stubber
) -> None:
    stubber.add_response(
        "send_message_batch",
        {"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "0"}], "Failed": []},
        {
            "QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/orders.fifo",
            "Entries": [ANY],
        },
    )

    sent = message("a", address=Target.parse("arn:aws:sqs:us-east-1:000000000000:orders.fifo"))

    assert outbox.send([sent]) == {}


def test_messages_come_back_after_their_own_time(client: Any, stubber: Stubber) -> None:
    stubber.add_response(
        "change_message_visibility_batch",
        {"Successful": [], "Failed": []},
        {
            "QueueUrl": SUBMIT_QUEUE,
            "Entries": [
                {"Id": "0", "ReceiptHandle": "receipt of m-1", "VisibilityTimeout": 5},
                {"Id": "1", "ReceiptHandle": "receipt of m-2", "VisibilityTimeout": 900},
            ],
        },
    )

    SqsInbox(client, SUBMIT_QUEUE).come_back(
        [(samples.delivery("m-1"), 5), (samples.delivery("m-2"), 900)]
    )


def test_eleven_messages_come_back_with_two_calls(client: Any, stubber: Stubber) -> None:
    for count in (10, 1):
        stubber.add_response(
            "change_message_visibility_batch",
            {"Successful": [], "Failed": []},
            {"QueueUrl": SUBMIT_QUEUE, "Entries": [ANY] * count},
        )

    SqsInbox(client, SUBMIT_QUEUE).come_back(
        [(samples.delivery(f"m-{number}"), 5) for number in range(11)]
    )


def test_the_receipts_that_sqs_takes_are_of_messages_in_flight(
    client: Any, stubber: Stubber
) -> None:
    deliveries = [samples.delivery(f"m-{number}") for number in range(11)]
    for taken, part in (("3", deliveries[:10]), ("0", deliveries[10:])):
        entries = [
            {
                "Id": str(index),
                "ReceiptHandle": each.receipt_handle,
                "VisibilityTimeout": VISIBILITY_SECONDS,
            }
            for index, each in enumerate(part)
        ]
        stubber.add_response(
            "change_message_visibility_batch",
            {"Successful": [{"Id": taken}], "Failed": []},
            {"QueueUrl": SUBMIT_QUEUE, "Entries": entries},
        )

    proved = SqsInbox(client, SUBMIT_QUEUE).in_flight(deliveries)

    assert proved == {"receipt of m-3", "receipt of m-10"}


def test_a_delay_that_cannot_be_set_is_an_error(client: Any, stubber: Stubber) -> None:
    stubber.add_client_error("change_message_visibility_batch", "ThrottlingException")

    with pytest.raises(TransientError, match="set the delay of messages of"):
        SqsInbox(client, SUBMIT_QUEUE).come_back([(samples.delivery("m-1"), 5)])
