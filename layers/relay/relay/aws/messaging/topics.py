"""SNS: results to topics that routes name."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from relay.aws.messaging.messages import by_index, message_bytes, with_attributes
from relay.errors import RelayError
from relay.message_sizes import MOST_TOPIC_BYTES
from relay.model import OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef

    from relay.routes.target import Target


class Topics:
    """Implements `outbox.Service` with PublishBatch, for standard and FIFO topics.

    A topic takes 256 KiB unless its owner has raised the limit, which the sender cannot read.
    """

    name = "SNS"
    most_bytes = MOST_TOPIC_BYTES

    def __init__(self, sns: "SNSClient") -> None:
        self._sns = sns

    def length(self, message: OutgoingMessage) -> int:
        return message_bytes(message)

    def send(
        self, address: "str | Target", batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        answer = self._sns.publish_batch(
            TopicArn=str(address),
            PublishBatchRequestEntries=[
                _entry(index, message) for index, message in enumerate(batch)
            ],
        )
        taken = (entry["Id"] for entry in answer.get("Successful", []))
        return by_index(taken, answer.get("Failed", []), str(address))


def _entry(index: int, message: OutgoingMessage) -> "PublishBatchRequestEntryTypeDef":
    entry: PublishBatchRequestEntryTypeDef = {"Id": str(index), "Message": message.body}
    return with_attributes(entry, message)
