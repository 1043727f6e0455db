"""SQS in a region, or a queue, that takes less than the newest limit, with the words of AWS."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

Entry = dict[str, Any]


class LimitedSqs:
    """The calls of `relay.aws.messaging.queues.Queues`. `taken` are the bodies of each call that
    was answered.

    A batch of more than `batch_bytes` is refused as a whole, as recorded on AWS; a message of more
    than `message_bytes` fails alone, as SQS says of one. `calls` counts the refused ones too.
    `words` are those of a refused batch.
    """

    def __init__(
        self, batch_bytes: int, message_bytes: int | None = None, words: str | None = None
    ) -> None:
        self.calls = 0
        self.taken: list[list[str]] = []
        self._batch_bytes = batch_bytes
        self._message_bytes = batch_bytes if message_bytes is None else message_bytes
        self._words = words

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Entry]) -> Entry:  # noqa: N803
        self.calls += 1
        sizes = [_size(entry) for entry in Entries]
        if sum(sizes) > self._batch_bytes:
            raise ClientError(
                {
                    "Error": {
                        "Code": "AWS.SimpleQueueService.BatchRequestTooLong",
                        "Message": self._words
                        if self._words is not None
                        else f"Batch requests cannot be longer than {self._batch_bytes} bytes. "
                        f"You have sent {sum(sizes)} bytes.",
                    },
                    "ResponseMetadata": {"HTTPStatusCode": 400},  # type: ignore[typeddict-item]
                },
                "SendMessageBatch",
            )
        fits = [size <= self._message_bytes for size in sizes]
        self.taken.append(
            [entry["MessageBody"] for entry, good in zip(Entries, fits, strict=True) if good]
        )
        return {
            "Successful": [
                {"Id": entry["Id"]} for entry, good in zip(Entries, fits, strict=True) if good
            ],
            "Failed": [
                {
                    "Id": entry["Id"],
                    "SenderFault": True,
                    "Code": "InvalidParameterValue",
                    "Message": "One or more parameters are invalid. Reason: Message must be "
                    f"shorter than {self._message_bytes} bytes.",
                }
                for entry, good in zip(Entries, fits, strict=True)
                if not good
            ],
        }


def _size(entry: Entry) -> int:
    attributes = sum(
        len(name) + len(value["DataType"]) + len(value["StringValue"].encode())
        for name, value in entry["MessageAttributes"].items()
    )
    return len(entry["MessageBody"].encode()) + attributes
