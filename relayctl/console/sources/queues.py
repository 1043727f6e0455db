"""How many messages are on each queue of the stack."""

from dataclasses import dataclass
from typing import Final

from relayctl.deployment import Deployment
from relayctl.parked.queues import dead_letter_queues

DEPTH_NEEDS: Final = ("sqs:GetQueueAttributes",)
DEAD_NEEDS: Final = ("cloudformation:ListStackResources", *DEPTH_NEEDS)

_ATTRIBUTES: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class Depth:
    """Numbers of messages of a queue, approximately."""

    waiting: int = 0
    in_flight: int = 0
    delayed: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight + self.delayed


def depth(deployment: Deployment, output: str) -> Depth:
    """Return how many messages are on the queue that an output names.

    Raises:
        RelayctlError: the stack has no such output.
        ClientError: SQS refused.
    """
    return _depth(deployment, deployment.output(output))


def _depth(deployment: Deployment, url: str) -> Depth:
    answer = deployment.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_ATTRIBUTES)
    return Depth(*(int(answer["Attributes"].get(each, 0)) for each in _ATTRIBUTES))


def dead_letters(deployment: Deployment) -> dict[str, int]:
    """Return how many messages are on each dead-letter queue, by its name.

    Raises:
        RelayctlError: the stack has none.
        ClientError: SQS or CloudFormation refused.
    """
    queues = dead_letter_queues(deployment)
    return {each.name: _depth(deployment, each.url).total for each in queues}
