"""Messages of the dead-letter queues by reason, and acting on those of a reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from botocore.exceptions import ClientError

from relayctl.console.problems import Problem, problem
from relayctl.deployment import Deployment
from relayctl.parked.acting import DROPPING, REDRIVING
from relayctl.parked.destinations import Destinations
from relayctl.parked.messages import ParkedMessage
from relayctl.parked.processing import Processing
from relayctl.parked.queues import dead_letter_queues
from relayctl.parked.reading import Reader
from relayctl.parked.selection import READING
from relayctl.parked.sending import Sender, sent_twice

PARKED_NEEDS: Final = tuple(dict.fromkeys((*READING, *DROPPING, *REDRIVING)))


@dataclass(frozen=True, slots=True)
class Group:
    """The messages of one queue that are there for the same reason.

    `no_redrive` says why they cannot be sent back; "" if they can.
    """

    queue: str
    reason: str
    messages: tuple[ParkedMessage, ...]

    @property
    def no_redrive(self) -> str:
        return self.messages[0].queue.no_redrive

    @property
    def oldest(self) -> datetime | None:
        return min((each.at for each in self.messages if each.at), default=None)

    @property
    def senders(self) -> str:
        return ", ".join(sorted({each.sender.value for each in self.messages}))


@dataclass(frozen=True, slots=True)
class Parked:
    """All groups, the largest first. `unseen`: how many of each queue could not be read.

    `queues` are the names of those that were read, `gone` those of others that do not exist.
    """

    groups: tuple[Group, ...]
    unseen: Mapping[str, int]
    queues: tuple[str, ...]
    gone: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(len(each.messages) for each in self.groups)


@dataclass(frozen=True, slots=True)
class Acted:
    """How many messages were redriven or dropped, and why others were left, with their number.

    `twice` says what was sent and not deleted.
    """

    done: int
    left: Mapping[str, int] = field(default_factory=dict)
    problem: Problem | None = None
    twice: str = ""


def parked(deployment: Deployment) -> Parked:
    """Read every dead-letter queue to its end, and give the messages back.

    Raises:
        RelayctlError: the stack has no dead-letter queue.
        ClientError: SQS or CloudFormation refused.
    """
    queues = dead_letter_queues(deployment)
    peeked = Reader(deployment.sqs).peek(queues)
    by_reason: dict[tuple[str, str], list[ParkedMessage]] = {}
    for each in peeked.messages:
        by_reason.setdefault((each.queue.name, each.reason), []).append(each)
    groups = [Group(*key, tuple(messages)) for key, messages in by_reason.items()]
    groups.sort(key=lambda each: -len(each.messages))
    read = tuple(each.name for each in queues if each not in peeked.gone)
    gone = tuple(each.name for each in peeked.gone)
    return Parked(tuple(groups), peeked.unseen, read, gone)


def redrive(deployment: Deployment, messages: Sequence[ParkedMessage]) -> Acted:
    """Send messages back to where they came from, and delete them."""
    destinations = Destinations(deployment.sqs)
    try:
        left = destinations.without(messages)
    except ClientError as error:
        return Acted(0, problem=problem(error, REDRIVING))
    chosen = [each for each in messages if each.id not in left]
    processing = Processing(deployment.sqs, Sender(deployment.sqs, destinations).send)
    acted = _processed(processing, chosen, left)
    if not processing.undeleted:
        return acted
    return replace(acted, twice=sent_twice(processing.undeleted.values()))


def drop(deployment: Deployment, messages: Sequence[ParkedMessage]) -> Acted:
    """Delete messages for good."""
    return _processed(Processing(deployment.sqs, lambda batch: (batch, {})), messages, {})


def _processed(
    processing: Processing, messages: Sequence[ParkedMessage], left: Mapping[str, str]
) -> Acted:
    failed: Problem | None = None
    try:
        processing.run(messages)
    except ClientError as error:
        # What was done until then is said, too: the rest can be repeated.
        failed = problem(error, REDRIVING)
    reasons = Counter([*left.values(), *processing.left.values()])
    return Acted(len(processing.done), reasons, failed)
