"""How many messages are on each queue of the stack."""

from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from relayctl.deployment import Deployment
from relayctl.parked.queues import dead_letter_queues, does_not_exist

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


def dead_letters(deployment: Deployment) -> dict[str, int | None]:
    """Return how many messages are on each dead-letter queue, by its name.

    None of a queue that does not exist.

    Raises:
        RelayctlError: the stack has none.
        ClientError: SQS or CloudFormation refused.
    """
    queues = dead_letter_queues(deployment)
    return {each.name: _total(deployment, each.url) for each in queues}


def _total(deployment: Deployment, url: str) -> int | None:
    try:
        return _depth(deployment, url).total
    except ClientError as error:
        if does_not_exist(error):
            return None
        raise
