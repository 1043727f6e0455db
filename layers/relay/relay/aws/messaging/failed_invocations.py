"""The on-failure destination of a function's invocations, an SQS queue."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from relay.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsFailedInvocations:
    """Implements `relay.provision.lifecycle.ports.FailedInvocations`.

    Args:
        connect: gives the client, which most invocations do not need.
    """

    def __init__(self, connect: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._connect = connect
        self._queue_url = queue_url

    def receive(self) -> Sequence[tuple[str, str]]:
        with translated(f"receive messages of {self._queue_url}"):
            # They stay visible: the alarm counts visible messages, and an operator may read them.
            found = self._connect().receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0
            )
        return [(each["ReceiptHandle"], each["Body"]) for each in found.get("Messages", [])]

    def delete(self, receipt: str) -> None:
        with translated(f"delete a message of {self._queue_url}"):
            self._connect().delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)
