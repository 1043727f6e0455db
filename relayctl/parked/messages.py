"""What lies on a dead-letter queue: who put it there, why, and what it is about.

Five senders have envelopes of their own:

- the relay: attributes, which docs/reference/parked-messages.md lists;
- Lambda, of an asynchronous invocation that failed: a record with `requestPayload`
  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
- EventBridge: the event, with attributes such as `ERROR_CODE`
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
- SNS: what it would have delivered
  https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
- SQS: the message as it was, with the system attribute `DeadLetterQueueSourceArn`
  https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from relayctl.parked.queues import DeadLetterQueue

# What the relay writes, and what a redrive leaves out.
PARKING_ATTRIBUTES: Final = ("reason", "parked_by", "parked_at", "message_id", "cut")
_NO_REASON: Final = "no reason is stored: see the log of the function"


class Sender(StrEnum):
    """Who put a message on a dead-letter queue."""

    RELAY = "relay"
    LAMBDA = "Lambda"
    EVENTBRIDGE = "EventBridge"
    SNS = "SNS"
    SQS = "SQS"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """A message of a dead-letter queue, as it was received.

    `at` is when it was parked; of a message that SQS moved, when it was sent. `attributes` and
    `system_attributes` have the forms of ReceiveMessage.
    """

    queue: DeadLetterQueue
    id: str
    receipt: str
    body: str
    sender: Sender
    reason: str
    at: datetime | None
    attributes: Mapping[str, Mapping[str, Any]]
    system_attributes: Mapping[str, str]

    @classmethod
    def from_sqs(cls, queue: DeadLetterQueue, message: Mapping[str, Any]) -> "ParkedMessage":
        """Read a message of ReceiveMessage. Any body and any attributes can be read."""
        attributes = message.get("MessageAttributes", {})
        system = message.get("Attributes", {})
        text = {name: str(each.get("StringValue", "")) for name, each in attributes.items()}
        record = failure_record(message["Body"])
        if "parked_by" in text:
            sender, reason = Sender.RELAY, text.get("reason") or _NO_REASON
        elif record is not None:
            sender, reason = Sender.LAMBDA, _cause(record)
        elif "ERROR_CODE" in text:
            words = (text["ERROR_CODE"], text.get("ERROR_MESSAGE", ""))
            sender, reason = Sender.EVENTBRIDGE, ": ".join(filter(None, words))
        elif source := system.get("DeadLetterQueueSourceArn"):
            name = source.rpartition(":")[2]
            sender, reason = Sender.SQS, f"received too often from {name} without being deleted"
        elif _is_notification(message["Body"]):
            sender, reason = Sender.SNS, "SNS could not deliver it"
        else:
            sender, reason = Sender.UNKNOWN, _NO_REASON
        at = _time(text.get("parked_at")) or _time(record and record.get("timestamp"))
        return cls(
            queue,
            message["MessageId"],
            message["ReceiptHandle"],
            message["Body"],
            sender,
            reason,
            at or _sent(system),
            attributes,
            system,
        )

    @property
    def cut(self) -> str:
        """How much of the body is left, if the dead-letter queue did not take all of it."""
        return str(self.attributes.get("cut", {}).get("StringValue", ""))

    @property
    def receives(self) -> int:
        return int(self.system_attributes.get("ApproximateReceiveCount", 1))


def failure_record(body: str) -> Mapping[str, Any] | None:
    """Return Lambda's record of a failed invocation, if a body is one."""
    value = parsed(body)
    if isinstance(value, dict) and {"requestContext", "requestPayload"} <= value.keys():
        return value
    return None


def parsed(text: str) -> object:
    """Return the value of a JSON text; None of any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def content(body: str) -> object:
    """Return what a body is about, without the envelopes of Lambda and SNS; a text if no JSON."""
    record = failure_record(body)
    value = record["requestPayload"] if record is not None else parsed(body)
    match value:
        case {"Records": [{"Sns": {"Message": str(text)}}]}:
            pass
        case {"Type": "Notification", "Message": str(text)}:
            pass
        case None:
            return body
        case _:
            return value
    found = parsed(text)
    return text if found is None else found


def _is_notification(body: str) -> bool:
    value = parsed(body)
    return isinstance(value, dict) and value.get("Type") == "Notification" and "TopicArn" in value


def _cause(record: Mapping[str, Any]) -> str:
    """Return the error of the last invocation; without one, why Lambda gave up."""
    response = record.get("responsePayload")
    if isinstance(response, dict) and (message := response.get("errorMessage")):
        kind = response.get("errorType")
        return f"{kind}: {message}" if kind else str(message)
    context = record["requestContext"]
    condition = context.get("condition") if isinstance(context, dict) else None
    return f"Lambda gave up: {condition or 'no reason is stored'}"


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def _sent(system: Mapping[str, str]) -> datetime | None:
    milliseconds = system.get("SentTimestamp", "")
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds.isdigit() else None
