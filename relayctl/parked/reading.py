"""Reading a dead-letter queue to its end, and giving every message back.

A message that is received is invisible to others until it is given back, so a queue is at its end
when it has no more visible messages. Dead-letter queues have no redrive policy: a receive more has
no consequence.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from relayctl.parked.messages import ParkedMessage
from relayctl.parked.queues import DeadLetterQueue, does_not_exist
from relayctl.threads import in_threads

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS's maximum for one call.
BATCH: Final = 10
# After this time, SQS gives back what a reader that was killed has received.
HIDDEN_SECONDS: Final = 300
# With a wait, SQS asks all of its servers; without one, a sample, which can miss messages.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
_WAIT_SECONDS: Final = 1
_COUNTS: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True, slots=True)
class Peeked:
    """The messages of queues, and how many of each queue were not seen, approximately.

    Others have received these, or they wait behind messages of their group in a FIFO queue.
    `gone` are the queues that do not exist.
    """

    messages: tuple[ParkedMessage, ...]
    unseen: Mapping[str, int]
    gone: tuple[DeadLetterQueue, ...] = ()


@dataclass(slots=True)
class Reader:
    """Reads queues, each in a thread of its own, and gives back what it has received.

    Args:
        on_read: called with the number of messages that a call received, by any of the threads.
    """

    sqs: "SQSClient"
    on_read: Callable[[int], None] = lambda _: None
    _stopped: Event = field(default_factory=Event)

    def stop(self) -> None:
        """End the reads after the call in progress."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def peek(self, queues: Sequence[DeadLetterQueue]) -> Peeked:
        """Read queues to their ends. The messages are visible to others again when this returns.

        Of a group of a FIFO queue, these are at most the first ten: SQS returns no later message
        of a group of which a message is invisible.

        Raises:
            ClientError: SQS refused to return messages.
        """
        found = in_threads([partial(self._peek, queue) for queue in queues], self.stop)
        read = [(queue, each) for queue, each in zip(queues, found, strict=True) if each]
        return Peeked(
            tuple(message for _, (received, _) in read for message in received),
            {queue.name: more for queue, (_, more) in read if more},
            tuple(queue for queue, each in zip(queues, found, strict=True) if each is None),
        )

    def _peek(self, queue: DeadLetterQueue) -> tuple[list[ParkedMessage], int] | None:
        """Return the messages, and the number of those that were not seen; None without a queue."""
        received: list[ParkedMessage] = []
        try:
            for batch in self.batches(queue):
                received += batch
            return received, max(self._number(queue) - len(received), 0)
        except ClientError as error:
            if does_not_exist(error):
                return None
            raise
        finally:
            self.give_back(received)

    def _number(self, queue: DeadLetterQueue) -> int:
        """Return how many messages a queue has, visible or not, approximately."""
        answer = self.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=_COUNTS)
        return sum(int(answer["Attributes"].get(name, 0)) for name in _COUNTS)

    def batches(self, queue: DeadLetterQueue) -> Iterator[list[ParkedMessage]]:
        """Yield the messages of a queue as they are received, each once, until none is visible.

        Raises:
            ClientError: SQS refused to return messages.
        """
        seen: set[str] = set()
        while not self.stopped:
            answer = self.sqs.receive_message(
                QueueUrl=queue.url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
            batch = [ParkedMessage.from_sqs(queue, each) for each in answer.get("Messages", [])]
            new = [each for each in batch if each.id not in seen]
            # In a long read, the first ones become visible again.
            self.give_back(each for each in batch if each.id in seen)
            if not new:
                return
            seen.update(each.id for each in new)
            self.on_read(len(new))
            yield new

    def give_back(self, messages: Iterable[ParkedMessage]) -> None:
        """Make messages visible again at once. What fails is visible again after five minutes."""
        by_queue: dict[str, list[ParkedMessage]] = {}
        for each in messages:
            by_queue.setdefault(each.queue.url, []).append(each)
        for url, some in by_queue.items():
            for start in range(0, len(some), BATCH):
                batch = some[start : start + BATCH]
                entries: list[Any] = [
                    {"Id": str(number), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0}
                    for number, each in enumerate(batch)
                ]
                # A message that has been deleted, or is visible already, cannot be given back.
                with suppress(ClientError):
                    self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def delete(sqs: "SQSClient", messages: Sequence[ParkedMessage]) -> Mapping[str, str]:
    """Delete messages of one queue, at most ten; return why some were not deleted, by their ids.

    Raises:
        ClientError: SQS refused the call.
    """
    entries: list[Any] = [
        {"Id": str(number), "ReceiptHandle": each.receipt} for number, each in enumerate(messages)
    ]
    if not entries:
        return {}
    answer = sqs.delete_message_batch(QueueUrl=messages[0].queue.url, Entries=entries)
    return {
        messages[int(each["Id"])].id: each.get("Message") or each["Code"]
        for each in answer.get("Failed", [])
    }
