"""SQS: sending in batches, and setting when messages come back."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.errors import classify, classify_code, translated
from relay.errors import RelayError, TransientError
from relay.model import Delivery, OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# Limits of SendMessageBatch and ChangeMessageVisibilityBatch.
_ENTRIES = 10
_BYTES = 1_048_576


class SqsOutbox:
    """Fills in `relay.ports.Outbox` with SendMessageBatch: ten messages or 1 MiB a call."""

    def __init__(self, sqs: "SQSClient") -> None:
        self._sqs = sqs

    def send(self, messages: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        failures: dict[str, RelayError] = {}
        by_queue = attrgetter("address")
        for queue_url, group in groupby(sorted(messages, key=by_queue), by_queue):
            for batch in _batches(list(group)):
                failures |= self._send(queue_url, batch)
        return failures

    def _send(self, queue_url: str, batch: Sequence[OutgoingMessage]) -> Mapping[str, RelayError]:
        doing = f"send to {queue_url}"
        try:
            answer = self._sqs.send_message_batch(
                QueueUrl=queue_url,
                Entries=[_entry(str(index), message) for index, message in enumerate(batch)],
            )
        except (ClientError, BotoCoreError) as error:
            return {message.key: _caused(classify(error, doing), error) for message in batch}
        # A batch that SQS answers with 200 may still hold entries that it did not take. One that is
        # in neither list was not confirmed, so it counts as not sent.
        failures: dict[str, RelayError] = {
            message.key: TransientError(f"{doing}: not confirmed") for message in batch
        }
        for sent in answer.get("Successful", []):
            failures.pop(batch[int(sent["Id"])].key, None)
        for failed in answer.get("Failed", []):
            failures[batch[int(failed["Id"])].key] = classify_code(
                failed["Code"], failed.get("Message", ""), doing
            )
        return failures


class SqsInbox:
    """Fills in `relay.ports.Inbox` with ChangeMessageVisibilityBatch."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def come_back(self, deliveries: Sequence[tuple[Delivery, int]]) -> None:
        for start in range(0, len(deliveries), _ENTRIES):
            with translated(f"set the delay of messages of {self._queue_url}"):
                # An entry that fails (its receipt expired, say) comes back after the visibility
                # timeout, which is what it would have done anyway.
                self._sqs.change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {
                            "Id": str(index),
                            "ReceiptHandle": delivery.receipt_handle or "",
                            "VisibilityTimeout": seconds,
                        }
                        for index, (delivery, seconds) in enumerate(
                            deliveries[start : start + _ENTRIES]
                        )
                    ],
                )


def _batches(messages: Sequence[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
    batch: list[OutgoingMessage] = []
    size = 0
    for message in messages:
        length = _length(message)
        if batch and (len(batch) == _ENTRIES or size + length > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _length(message: OutgoingMessage) -> int:
    """Bytes that count towards the limit: the body, and names, types and values of attributes."""
    attributes = sum(
        len(name) + len("String") + len(value.encode()) for name, value in message.attributes
    )
    return len(message.body.encode()) + attributes


def _entry(entry_id: str, message: OutgoingMessage) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": entry_id,
        "MessageBody": message.body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes
        },
    }
    if message.group_id is not None:
        entry["MessageGroupId"] = message.group_id
    if message.deduplication_id is not None:
        entry["MessageDeduplicationId"] = message.deduplication_id
    if message.delay_seconds:
        entry["DelaySeconds"] = message.delay_seconds
    return entry


def _caused(error: RelayError, cause: Exception) -> RelayError:
    error.__cause__ = cause
    return error
