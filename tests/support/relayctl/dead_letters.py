"""The queues of a stack in memory, as SQS answers about them, for `relayctl parked`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

URL = "https://sqs.us-east-1.amazonaws.com/000000000000/"
ARN = "arn:aws:sqs:us-east-1:000000000000:"
QUEUES = {
    "SubmitQueue": "submit",
    "SubmitDeadLetterQueue": "submit-dlq",
    "NotificationQueue": "notifications",
    "NotificationDeadLetterQueue": "notifications-dlq",
    "CompletedQueue": "relay-completed.fifo",
    "ResultDeadLetterQueue": "results-dlq.fifo",
    "ReconcileDeadLetterQueue": "reconcile-dlq",
    "ProvisionDeadLetterQueue": "provision-dlq",
}


@dataclass
class Message:
    """A message of a queue. `receipt` is that of the last receive, which alone can be used."""

    id: str
    body: str
    attributes: dict[str, dict[str, Any]]
    system: dict[str, str]
    visible: bool = True
    receives: int = 0
    receipt: str = ""


@dataclass
class FakeQueues:
    """The calls of SQS that `relayctl parked` makes.

    `before` is called with the name of each operation and its queue, and can raise. `refused` are
    the bodies that a queue does not take. `sent` are the members of each message that was sent.
    """

    before: Callable[[str, str], None] = lambda *_: None
    refused: set[str] = field(default_factory=set)
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    messages: dict[str, list[Message]] = field(
        default_factory=lambda: {URL + name: [] for name in QUEUES.values()}
    )
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def put(
        self,
        queue: str,
        body: str,
        *,
        attributes: Mapping[str, str] | None = None,
        group: str | None = None,
        moved_from: str | None = None,
    ) -> Message:
        """Put a message on the queue of a logical id."""
        number = next(self._numbers)
        system = {"SentTimestamp": str(1_795_000_000_000 + number)}
        if group is not None:
            system["MessageGroupId"] = group
        if moved_from is not None:
            system["DeadLetterQueueSourceArn"] = ARN + QUEUES[moved_from]
        text = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (attributes or {}).items()
        }
        message = Message(f"id-{number}", body, text, system)
        self.messages[URL + QUEUES[queue]].append(message)
        return message

    def delete(self, queue: str) -> None:
        """Delete the queue of a logical id, as a person does by hand."""
        del self.messages[URL + QUEUES[queue]]

    def _existing(self, url: str, operation: str) -> list[Message]:
        if url not in self.messages:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue", operation)
        return self.messages[url]

    def on(self, queue: str) -> list[Message]:
        """Return the messages of the queue of a logical id."""
        return self.messages[URL + QUEUES[queue]]

    def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int, **options: Any
    ) -> dict[str, Any]:
        self.before("receive_message", QueueUrl)
        assert options["WaitTimeSeconds"] >= 1, "a short poll can miss messages"
        assert options["VisibilityTimeout"] >= 60
        fifo = QueueUrl.endswith(".fifo")
        queue = self._existing(QueueUrl, "ReceiveMessage")
        hidden = {each.system["MessageGroupId"] for each in queue if fifo and not each.visible}
        found = [
            each
            for each in queue
            if each.visible and not (fifo and each.system["MessageGroupId"] in hidden)
        ][:MaxNumberOfMessages]
        for each in found:
            each.visible = False
            each.receives += 1
            each.receipt = f"{each.id}/{each.receives}"
        if not found:
            return {}
        return {
            "Messages": [
                {
                    "MessageId": each.id,
                    "ReceiptHandle": each.receipt,
                    "Body": each.body,
                    "Attributes": each.system | {"ApproximateReceiveCount": str(each.receives)},
                    "MessageAttributes": each.attributes,
                }
                for each in found
            ]
        }

    def change_message_visibility_batch(
        self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self.before("change_message_visibility_batch", QueueUrl)
        assert 1 <= len(Entries) <= 10
        for entry in Entries:
            assert entry["VisibilityTimeout"] == 0
            for each in self.messages[QueueUrl]:
                if each.receipt == entry["ReceiptHandle"]:
                    each.visible = True
        return {}

    def delete_message_batch(
        self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self.before("delete_message_batch", QueueUrl)
        assert 1 <= len(Entries) <= 10
        receipts = {entry["ReceiptHandle"] for entry in Entries}
        left = [each for each in self.messages[QueueUrl] if each.receipt not in receipts]
        self.messages[QueueUrl] = left
        return {}

    def send_message(self, *, QueueUrl: str, **members: Any) -> dict[str, Any]:
        self.before("send_message", QueueUrl)
        if members["MessageBody"] in self.refused:
            raise refusal("InvalidMessageContents", "SendMessage")
        self.sent.append((QueueUrl, members))
        return {}

    def send_message_batch(
        self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self.before("send_message_batch", QueueUrl)
        assert 1 <= len(Entries) <= 10
        failed = []
        for entry in Entries:
            if entry["MessageBody"] in self.refused:
                failed.append({"Id": entry["Id"], "Code": "InvalidMessageContents"})
            else:
                members = {name: value for name, value in entry.items() if name != "Id"}
                self.sent.append((QueueUrl, members))
        return {"Failed": failed} if failed else {}

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:
        queue = self._existing(QueueUrl, "GetQueueAttributes")
        visible = sum(each.visible for each in queue)
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(visible),
                "ApproximateNumberOfMessagesNotVisible": str(len(queue) - visible),
            }
        }

    def get_queue_url(self, *, QueueName: str, **_: Any) -> dict[str, Any]:
        if URL + QueueName not in self.messages:
            raise refusal("AWS.SimpleQueueService.NonExistentQueue", "GetQueueUrl")
        return {"QueueUrl": URL + QueueName}


class FakeStackResources:
    """CloudFormation, about the queues of the stack."""

    queues: Mapping[str, str] = QUEUES

    def get_paginator(self, _: str) -> "FakeStackResources":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        for logical_id, name in sorted(self.queues.items()):
            yield {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": logical_id,
                        "PhysicalResourceId": URL + name,
                        "ResourceType": "AWS::SQS::Queue",
                        "ResourceStatus": "CREATE_COMPLETE",
                    }
                ]
            }


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} in this test"}}, operation)


def parked_attributes(reason: str, **others: str) -> dict[str, str]:
    """The attributes of a message that submit has parked."""
    return {
        "reason": reason,
        "parked_by": "submit",
        "parked_at": "2026-11-20T12:00:00+00:00",
        "message_id": "m-1",
        **others,
    }
