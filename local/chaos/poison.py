"""Messages that cannot be read: each must end in the dead-letter queue of its function."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from local.chaos.agenda import Agenda
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
_QUEUES = (
    ("SubmitQueueUrl", "SubmitDeadLetterQueue"),
    ("NotificationQueueUrl", "NotificationDeadLetterQueue"),
)


class Poisoner:
    """Follows a schedule of doses. `sent` has their ids, by where they must end."""

    def __init__(
        self,
        sqs: "SQSClient",
        outputs: Mapping[str, str],
        doses: Iterator[Dose],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`outputs` are the stack's."""
        self._sqs = sqs
        self._outputs = outputs
        self._agenda = Agenda(doses, now)
        self.sent: dict[str, list[str]] = {dead_letters: [] for _, dead_letters in _QUEUES}

    def strike(self) -> None:
        """Sends a message if its time has come."""
        if dose := self._agenda.due():
            queue, dead_letters = dose.choose(_QUEUES)
            url, body = self._outputs[queue], dose.choose(_BODIES)
            self.sent[dead_letters].append(
                self._sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"]
            )
