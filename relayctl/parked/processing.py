"""Acting on chosen messages of dead-letter queues, batch by batch.

An interruption ends the work after the batch in progress: what has been sent is deleted, and what
has been received and not deleted is given back at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from relayctl.parked.messages import ParkedMessage
from relayctl.parked.queues import DeadLetterQueue, does_not_exist
from relayctl.parked.reading import Reader, delete
from relayctl.threads import in_threads

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Returns the messages of a batch that can be deleted, and why others cannot, by their ids.
Act = Callable[[Sequence[ParkedMessage]], tuple[Sequence[ParkedMessage], Mapping[str, str]]]


@dataclass(slots=True)
class Processing:
    """Receives chosen messages again, acts on them, and deletes them.

    Args:
        on_batch: called with the number of messages of each batch that has been processed.

    `done` and `left` have ids: of what was deleted, and of what was not, with the cause.
    `undeleted` has the messages that were acted on and not deleted. They are complete up to the
    last batch also after an error or an interruption.
    """

    sqs: "SQSClient"
    act: Act
    on_batch: Callable[[int], None] = lambda _: None
    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    undeleted: dict[str, ParkedMessage] = field(default_factory=dict)

    def run(self, messages: Sequence[ParkedMessage]) -> None:
        """Process messages.

        Raises:
            ClientError: SQS refused to return or to delete messages.
        """
        reader = Reader(self.sqs)
        in_threads([lambda: self._process(reader, messages)], reader.stop)

    def _process(self, reader: Reader, messages: Sequence[ParkedMessage]) -> None:
        for queue in dict.fromkeys(each.queue for each in messages):
            self._queue(reader, queue, {each.id for each in messages if each.queue == queue})

    def _queue(self, reader: Reader, queue: DeadLetterQueue, missing: set[str]) -> None:
        received: dict[str, ParkedMessage] = {}
        why = "another reader has received or deleted it: try again"
        try:
            for batch in reader.batches(queue):
                received |= {each.id: each for each in batch}
                if chosen := [each for each in batch if each.id in missing]:
                    self._batch(chosen)
                    missing -= {each.id for each in chosen}
                if not missing:
                    return
        except ClientError as error:
            if not does_not_exist(error):
                raise
            why = "its dead-letter queue does not exist any more"
        finally:
            done = set(self.done)
            reader.give_back(each for id, each in received.items() if id not in done)
        for id in missing if not reader.stopped else ():
            self.left[id] = why

    def _batch(self, messages: Sequence[ParkedMessage]) -> None:
        acted, errors = self.act(messages)
        self.left.update(errors)
        self.undeleted.update({each.id: each for each in acted})
        kept = delete(self.sqs, acted)
        self.left.update({id: f"not deleted: {error}" for id, error in kept.items()})
        for each in acted:
            if each.id not in kept:
                self.done.append(each.id)
                del self.undeleted[each.id]
        self.on_batch(len(messages))
