"""Reads the queues of a stack for one test, and leaves what belongs to others where it is."""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from local.clients import Clients
from tests.stack import RunningStack

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

    def results(self, queue: str, count: int, event: str) -> list[Received]:
        """The results whose id occurs in the event."""
        return self._take([queue], count, lambda found: found.body["id"] in event)

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
                taken += self._receive(self._outputs[queue], wanted, wait=0 if enough else 1)
            if enough:
                assert len(taken) == count, [message.text[:300] for message in taken]
                return taken
            assert time.monotonic() < deadline, f"{len(taken)} of {count} on {queues}"

    def _receive(self, url: str, wanted: Callable[[Received], bool], wait: int) -> list[Received]:
        found = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            WaitTimeSeconds=wait,
            VisibilityTimeout=20,
        ).get("Messages", [])
        taken = []
        for message in found:
            attributes = {
                name: value["StringValue"]
                for name, value in message.get("MessageAttributes", {}).items()
            }
            received = Received(message["Body"], attributes)
            if wanted(received):
                taken.append(received)
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            else:
                self._sqs.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
        return taken
