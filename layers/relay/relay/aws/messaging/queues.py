"""SQS: sending in batches, changing the visibility timeout, and counting messages."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from relay.aws.errors import translated
from relay.aws.messaging.messages import by_index, message_bytes, with_attributes
from relay.errors import RelayError
from relay.message_sizes import MOST_QUEUE_BYTES
from relay.model import Delivery, OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

    from relay.routes.target import Target

# The limit of ChangeMessageVisibilityBatch.
_ENTRIES = 10
# Six times the functions' timeout; the queue's own has the batching window too, which is over here.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
VISIBILITY_SECONDS: Final = 270


class Queues:
    """Implements `outbox.Service` with SendMessageBatch, for standard and FIFO queues."""

    name = "SQS"
    most_bytes = MOST_QUEUE_BYTES

    def __init__(self, sqs: "SQSClient") -> None:
        self._sqs = sqs

    def length(self, message: OutgoingMessage) -> int:
        return message_bytes(message)

    def send(
        self, address: "str | Target", batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        answer = self._sqs.send_message_batch(
            QueueUrl=self._url(address),
            Entries=[_entry(index, message) for index, message in enumerate(batch)],
        )
        taken = (entry["Id"] for entry in answer.get("Successful", []))
        return by_index(taken, answer.get("Failed", []), str(address))

    def _url(self, address: "str | Target") -> str:
        """A queue's URL is the endpoint, its account and its name: no call is needed."""
        if isinstance(address, str):
            return address
        return f"{self._sqs.meta.endpoint_url}/{address.account}/{address.name}"


class SqsInbox:
    """Implements `relay.ports.Inbox` with ChangeMessageVisibilityBatch."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def come_back(self, deliveries: Sequence[tuple[Delivery, int]]) -> None:
        # An entry that fails (its receipt has expired, say) keeps its visibility timeout.
        self._set_delays(deliveries)

    def in_flight(self, deliveries: Sequence[Delivery]) -> frozenset[str]:
        # SQS refuses the receipt of a message that is not in flight, and any other text.
        return self._set_delays([(each, VISIBILITY_SECONDS) for each in deliveries])

    def _set_delays(self, deliveries: Sequence[tuple[Delivery, int]]) -> frozenset[str]:
        """Return the receipt handles that SQS has taken."""
        taken: set[str] = set()
        for start in range(0, len(deliveries), _ENTRIES):
            part = deliveries[start : start + _ENTRIES]
            receipts = [delivery.receipt_handle or "" for delivery, _ in part]
            with translated(f"set the delay of messages of {self._queue_url}"):
                answer = self._sqs.change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                        for index, (receipt, (_, seconds)) in enumerate(
                            zip(receipts, part, strict=True)
                        )
                    ],
                )
            taken |= {receipts[int(entry["Id"])] for entry in answer.get("Successful", [])}
        return frozenset(taken)


class SqsBacklog:
    """Implements `relay.backfill.ports.SubmitBacklog` with GetQueueAttributes."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def messages(self) -> int:
        with translated(f"count the messages of {self._queue_url}"):
            answer = self._sqs.get_queue_attributes(
                QueueUrl=self._queue_url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        return sum(map(int, answer["Attributes"].values()))


def _entry(index: int, message: OutgoingMessage) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(index), "MessageBody": message.body}
    if message.delay_seconds:  # which a FIFO queue refuses, even if it is 0
        entry["DelaySeconds"] = message.delay_seconds
    return with_attributes(entry, message)
