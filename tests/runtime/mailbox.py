"""The queues at the end of a stack, emptied into memory, for tests that share them."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from local.stack.clients import Clients
from tests.support.stack import RunningStack

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Received:
    text: str
    attributes: dict[str, str]

    @property
    def body(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document


class Mailbox:
    """Takes messages until there are as many as expected, and fails when there are more."""

    def __init__(self, stack: RunningStack) -> None:
        self._sqs = Clients(stack.settings).sqs
        self._outputs = stack.outputs
        self._kept: defaultdict[str, list[Received]] = defaultdict(list)

    def results(self, queue: str, count: int, event: str) -> list[Received]:
        """The results whose inference id occurs in the event."""
        return self._take([queue], count, lambda found: found.body["data"]["inference_id"] in event)

    def results_of_submit(self, count: int, events: str) -> list[Received]:
        """The results whose input occurs in the events, and those of inline inputs."""

        inputs = events + unquote_plus(events)

        def ours(found: Received) -> bool:
            location = found.body["data"]["input"].get("location", "")
            return found.body["data"]["tracked"] and location.rsplit("/", 1)[-1][:40] in inputs

        return self._take(["CompletedQueueUrl", "FailedQueueUrl"], count, ours)

    def parked(self, queue: str, count: int, originals: Collection[str]) -> list[Received]:
        """What a function parked of the messages with these ids."""
        return self._take(
            [queue], count, lambda found: found.attributes.get("message_id") in originals
        )

    def _take(
        self, queues: list[str], count: int, wanted: Callable[[Received], bool]
    ) -> list[Received]:
        taken: list[Received] = []
        deadline = time.monotonic() + _SECONDS
        while True:
            # One look more than needed shows whether there are more than expected.
            enough = len(taken) >= count
            for queue in queues:
                self._receive(queue, wait=0 if enough else 1)
                taken += [each for each in self._kept[queue] if wanted(each)]
                self._kept[queue] = [each for each in self._kept[queue] if not wanted(each)]
            if enough:
                assert len(taken) == count, [message.text[:300] for message in taken]
                return taken
            assert time.monotonic() < deadline, f"{len(taken)} of {count} on {queues}"

    def _receive(self, queue: str, wait: int) -> None:
        """Empties the queue as far as one call does: what is left in front hides what is behind."""
        url = self._outputs[queue]
        found = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            WaitTimeSeconds=wait,
        )
        for message in found.get("Messages", []):
            attributes = {
                name: value["StringValue"]
                for name, value in message.get("MessageAttributes", {}).items()
            }
            self._kept[queue].append(Received(message["Body"], attributes))
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
