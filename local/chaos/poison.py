"""Messages that cannot be read: each must end in the dead-letter queue of its function."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from local.chaos.schedule import Dose

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BODIES = (
    "not JSON",
    "[" * 50_000,
    '{"Records": [{"eventSource": "aws:s3"}]}',
    '{"body": "\\ud800"}',
    '{"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:000000000000:other"}',
    '{"input_location": "file:///etc/passwd"}',
)
# The output with the queue's URL, and the name of the queue where its poison ends.
QUEUES = {
    "SubmitQueueUrl": "SubmitDeadLetterQueue",
    "NotificationQueueUrl": "NotificationDeadLetterQueue",
}


class Poisoner:
    """Follows a schedule of doses. `sent` counts, by the dead-letter queue that must get them."""

    def __init__(
        self,
        sqs: "SQSClient",
        outputs: Mapping[str, str],
        doses: Iterator[Dose],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sqs = sqs
        self._outputs = outputs
        self._doses = doses
        self._now = now
        self._next = next(doses)
        self._due = now() + self._next.after_seconds
        self.sent: Counter[str] = Counter()

    def strike(self) -> None:
        """Sends a message if its time has come."""
        if self._now() < self._due:
            return
        queue = self._next.choose(tuple(QUEUES))
        self._sqs.send_message(
            QueueUrl=self._outputs[queue], MessageBody=self._next.choose(_BODIES)
        )
        self.sent[QUEUES[queue]] += 1
        self._next = next(self._doses)
        self._due = self._now() + self._next.after_seconds
