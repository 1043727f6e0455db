"""Sending parked messages to where they belong."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from relay.message_sizes import MOST_TOPIC_BYTES

from relayctl.parked.destinations import Destinations, Sending
from relayctl.parked.messages import ParkedMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_Prepared = tuple[ParkedMessage, Sending]


@dataclass(slots=True)
class Sender:
    """Sends messages in calls of several, and those of FIFO queues one after the other.

    Once a message of a group was not sent, no later message of the group is: it would overtake.
    """

    sqs: "SQSClient"
    destinations: Destinations
    _broken: set[tuple[str, str]] = field(default_factory=set)

    def send(
        self, messages: Sequence[ParkedMessage]
    ) -> tuple[Sequence[ParkedMessage], Mapping[str, str]]:
        """Return the messages that were sent, and why others were not, by their ids.

        Raises:
            NoRedriveError: a message has no destination.
        """
        sent: list[ParkedMessage] = []
        errors: dict[str, str] = {}
        together: dict[str, list[_Prepared]] = {}
        for message in messages:
            sending = self.destinations.of(message)
            if "MessageGroupId" in sending.members:
                if error := self._send_in_order(sending):
                    errors[message.id] = error
                else:
                    sent.append(message)
            else:
                together.setdefault(sending.queue_url, []).append((message, sending))
        for url, prepared in together.items():
            for batch in _batches(prepared):
                failed = self._send_together(url, batch)
                errors.update(failed)
                sent += [each for each, _ in batch if each.id not in failed]
        return sent, errors

    def _send_in_order(self, sending: Sending) -> str:
        group = sending.queue_url, sending.members["MessageGroupId"]
        if group in self._broken:
            return "a message before it in its message group was not sent"
        try:
            self.sqs.send_message(QueueUrl=sending.queue_url, **sending.members)
        except ClientError as error:
            self._broken.add(group)
            return str(error)
        return ""

    def _send_together(self, url: str, batch: Sequence[_Prepared]) -> Mapping[str, str]:
        entries: list[Any] = [
            {"Id": str(number), **sending.members} for number, (_, sending) in enumerate(batch)
        ]
        try:
            answer = self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        except ClientError as error:
            return {message.id: str(error) for message, _ in batch}
        return {
            batch[int(each["Id"])][0].id: each.get("Message") or each["Code"]
            for each in answer.get("Failed", [])
        }


def _batches(prepared: Sequence[_Prepared]) -> list[list[_Prepared]]:
    """Divide messages so that each call is of a size that every region takes."""
    batches: list[list[_Prepared]] = []
    size = 0
    for each in prepared:
        more = len(each[1].members["MessageBody"].encode("utf-8", "surrogatepass"))
        if not batches or size + more > MOST_TOPIC_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(each)
        size += more
    return batches


def sent_twice(undeleted: Collection[ParkedMessage]) -> str:
    """Say that messages were sent and not deleted, and what follows from a repetition."""
    queues = {each.queue.name for each in undeleted}
    sent = f"{len(undeleted)} message{'s' * (len(undeleted) != 1)} sent, but not deleted"
    text = f"{sent}: repeating sends what is still parked once more"
    if queues - {"results"}:
        text += ", which the relay recognises"
    if "results" in queues:
        text += "; a result reaches its consumer again, unless SQS drops it within five minutes"
    return text
