"""The far ends of the pipeline as a test sees them, always awaited with a deadline."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


@dataclass(frozen=True, slots=True)
class Message:
    """A result on a queue. `event` is the CloudEvents document."""

    queue: str
    event: dict[str, Any]
    attributes: dict[str, str]


class Downstream:
    """CompletedQueue and FailedQueue. Keeps what it receives until a test asks for it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sqs: SQSClient = target.client("sqs")
        self._received: list[Message] = []

    def result(self, subject: str, seconds: float = 10) -> Message:
        """The first result about that subject."""
        return self._target.eventually(
            lambda: next(iter(self.so_far(subject)), None), seconds, f"a result for {subject}"
        )

    def all_results(self, subject: str) -> list[Message]:
        """Every result about that subject, once nothing is on its way any more."""
        self._await_quiet()
        return self.so_far(subject)

    def everything(self) -> list[Message]:
        """Every result so far, once nothing is on its way any more."""
        self._await_quiet()
        self._receive()
        return list(self._received)

    def so_far(self, subject: str) -> list[Message]:
        """The results about that subject that have come by now."""
        self._receive()
        return [message for message in self._received if message.event["subject"] == subject]

    def received(self) -> list[Message]:
        """Every result that has come by now."""
        self._receive()
        return list(self._received)

    def _await_quiet(self) -> None:
        self._target.eventually(self._quiet, 60, "an empty pipeline")
        if self._target.pace.lag:  # the counts were of a while ago
            self._receive()
            time.sleep(self._target.pace.lag)
            self._target.eventually(self._quiet, 60, "an empty pipeline")

    def _quiet(self) -> bool:
        return not any(
            depth(self._sqs, self._target.outputs[name])
            for name in ("SubmitQueueUrl", "NotificationQueueUrl")
        )

    def _receive(self) -> None:
        for name in ("CompletedQueue", "FailedQueue"):
            for message in _take(self._sqs, self._target.outputs[f"{name}Url"]):
                event = json.loads(message["Body"])
                self._received.append(Message(name, event, _attributes(message)))


class DeadLetters:
    """SubmitDeadLetterQueue and NotificationDeadLetterQueue."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sqs: SQSClient = target.client("sqs")
        self._urls = [
            target.outputs["SubmitDeadLetterQueueUrl"],
            target.outputs["NotificationDeadLetterQueueUrl"],
        ]
        self._received: list[tuple[str, dict[str, str]]] = []

    def reason(self, marker: str, seconds: float = 15) -> str:
        """Why the message was parked that has `marker` in its body or as its original id."""
        return self._target.eventually(lambda: self._find(marker), seconds, f"the parked {marker}")

    def count(self) -> int:
        """How many messages were parked so far."""
        self._receive()
        return len(self._received)

    def _find(self, marker: str) -> str | None:
        self._receive()
        for body, attributes in self._received:
            if marker in body or marker == attributes.get("message_id"):
                return attributes["reason"]
        return None

    def _receive(self) -> None:
        for url in self._urls:
            self._received += [
                (message["Body"], _attributes(message)) for message in _take(self._sqs, url)
            ]


def results_on(sqs: "SQSClient", url: str) -> list[dict[str, Any]]:
    """Takes the results that are on a queue."""
    return [json.loads(message["Body"]) for message in _take(sqs, url)]


def depth(sqs: "SQSClient", url: str) -> int:
    """Messages on a queue: visible, in flight and delayed."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(
        int(number)
        for name, number in attributes.items()
        if name.startswith("ApproximateNumberOfMessages")
    )


def _take(sqs: "SQSClient", url: str) -> list["MessageTypeDef"]:
    found = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _attributes(message: "MessageTypeDef") -> dict[str, str]:
    return {
        name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()
    }
