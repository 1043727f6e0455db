"""The on-failure destination of the function's invocations: one SQS queue."""

from typing import Any

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation


class Queue:
    """ReceiveMessage, which hides nothing and returns any of the messages, and DeleteMessage.

    `bodies` are by their receipts.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}
        self._receipts = self._received = 0

    @property
    def operations(self) -> dict[str, Operation]:
        return {"receive_message": self._receive, "delete_message": self._delete}

    def put(self, body: str) -> None:
        self._receipts += 1
        self.bodies[f"receipt {self._receipts}"] = body

    def _receive(self, *, MaxNumberOfMessages: int, **_: Any) -> Document:
        # Of a long queue each call returns others, and no call the oldest on purpose.
        bodies = list(self.bodies.items())
        self._received += MaxNumberOfMessages
        first = self._received % len(bodies) if len(bodies) > MaxNumberOfMessages else 0
        found = [*bodies[first:], *bodies[:first]][:MaxNumberOfMessages]
        return {"Messages": [{"ReceiptHandle": each, "Body": body} for each, body in found]}

    def _delete(self, *, ReceiptHandle: str, **_: Any) -> Document:
        self.bodies.pop(ReceiptHandle, None)
        return {}
