"""Where a redrive sends a parked message, and with what."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from relay.events.direct_calls import is_call
from relay.message_sizes import MOST_QUEUE_BYTES

from relayctl.parked.messages import PARKING_ATTRIBUTES, ParkedMessage, failure_record, parsed
from relayctl.parked.queues import does_not_exist

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SOURCE_ARN: Final = "DeadLetterQueueSourceArn"


class NoRedriveError(Exception):
    """A message cannot be sent anywhere. The text says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One call of SendMessage: its queue, and its further members."""

    queue_url: str
    members: dict[str, Any]


@dataclass(slots=True)
class Destinations:
    """Finds the queue of each message. Queues that SQS names are looked up once."""

    sqs: "SQSClient"
    _urls: dict[str, str] = field(default_factory=dict)

    def of(self, message: ParkedMessage) -> Sending:
        """Return what to send where.

        Raises:
            NoRedriveError: there is no redrive of this message.
            ClientError: SQS refused to look a queue up.
        """
        if message.queue.no_redrive:
            raise NoRedriveError(message.queue.no_redrive)
        if message.cut:
            raise NoRedriveError(
                f"its body is cut ({message.cut}): submit the request again, then drop the message"
            )
        if message.queue.source_url:
            # The functions read no attributes.
            body = _with_ids(message) if message.queue.name == "submit" else message.body
            return Sending(message.queue.source_url, {"MessageBody": body})
        return self._back(message)

    def without(self, messages: Iterable[ParkedMessage]) -> dict[str, str]:
        """Return why messages have no redrive, by the ids of these messages.

        Raises:
            ClientError: SQS refused to look a queue up.
        """
        found: dict[str, str] = {}
        for each in messages:
            try:
                self.of(each)
            except NoRedriveError as error:
                found[each.id] = str(error)
        return found

    def _back(self, message: ParkedMessage) -> Sending:
        """Return a message that SQS moved to the queue that it came from, as it was."""
        arn = message.system_attributes.get(_SOURCE_ARN)
        if arn is None:
            raise NoRedriveError(
                "SQS does not say from which queue it came: send it to a queue yourself, then drop "
                "the message"
            )
        attributes = {
            name: _sendable(each)
            for name, each in message.attributes.items()
            if name not in PARKING_ATTRIBUTES
        }
        members: dict[str, Any] = {"MessageBody": message.body}
        if attributes:
            members["MessageAttributes"] = attributes
        group = message.system_attributes.get("MessageGroupId")
        if group is not None:
            members["MessageGroupId"] = group
        if arn.endswith(".fifo"):
            # Not the id that the message had: within five minutes of its first sending, SQS would
            # drop it. A second redrive of this same message is dropped, as it has to be.
            members["MessageDeduplicationId"] = f"redrive-{message.id}"
        return Sending(self._url(arn), members)

    def _url(self, arn: str) -> str:
        if arn not in self._urls:
            account, name = arn.split(":")[4:]
            try:
                answer = self.sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            except ClientError as error:
                if does_not_exist(error):
                    raise NoRedriveError(f"the queue {name} does not exist any more") from error
                raise
            self._urls[arn] = answer["QueueUrl"]
        return self._urls[arn]


def _with_ids(message: ParkedMessage) -> str:
    """Return a call with an id of its own: the body as Lambda would have it in a failure record.

    A request without an id has one of its message, and SQS gives each message that is sent another
    one: sent twice, the request would be two. In such a record, the id stays.
    """
    value = parsed(message.body)
    if not is_call(value) or failure_record(message.body) is not None:
        return message.body
    if isinstance(value, dict) and "eventSource" in value:
        return message.body  # a message of the relay, with ids
    requests = value.get("requests", [value]) if isinstance(value, dict) else value
    if isinstance(requests, list) and all(
        isinstance(each, dict) and "request_id" in each for each in requests
    ):
        return message.body
    context = json.dumps({"requestId": message.id})
    body = f'{{"requestContext": {context}, "requestPayload": {message.body}}}'
    return body if len(body.encode("utf-8", "surrogatepass")) <= MOST_QUEUE_BYTES else message.body


def _sendable(attribute: Any) -> dict[str, Any]:  # noqa: ANN401 - as ReceiveMessage has it
    """Return an attribute as SendMessage takes it."""
    members = ("DataType", "StringValue", "BinaryValue")
    return {name: attribute[name] for name in members if name in attribute}
