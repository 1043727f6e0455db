"""Where results go: queues, topics and event buses, each known by its ARN."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

# Names that the services take. A queue's may end in .fifo, and so may a topic's.
_NAMES: Final = {
    "sqs": re.compile(r"[A-Za-z0-9_-]{1,80}|(?=.{6,80}\Z)[A-Za-z0-9_-]+\.fifo"),
    "sns": re.compile(r"[A-Za-z0-9_-]{1,256}|(?=.{6,256}\Z)[A-Za-z0-9_-]+\.fifo"),
    "events": re.compile(r"event-bus/(?=.{1,256}\Z)[A-Za-z0-9._/-]+"),
}
_EXAMPLES: Final = {
    "sqs": "arn:aws:sqs:<region>:<account>:<queue>",
    "sns": "arn:aws:sns:<region>:<account>:<topic>",
    "events": "arn:aws:events:<region>:<account>:event-bus/<bus>",
}


class TargetKind(Enum):
    """What a target is, and so how it is sent to. The value is its name for people."""

    QUEUE = "standard queue"
    FIFO_QUEUE = "FIFO queue"
    TOPIC = "standard topic"
    FIFO_TOPIC = "FIFO topic"
    BUS = "event bus"

    @property
    def ordered(self) -> bool:
        """Whether its messages have groups, within which they keep their order."""
        return self in (TargetKind.FIFO_QUEUE, TargetKind.FIFO_TOPIC)


@dataclass(frozen=True, slots=True)
class Target:
    """One queue, topic or event bus."""

    arn: str
    kind: TargetKind

    @classmethod
    def parse(cls, arn: str) -> Self:
        """Reads the kind off the ARN.

        Raises:
            ValueError: it is not the ARN of a queue, a topic or an event bus; says why.
        """
        prefix, partition, service, region, account, name = _parts(arn)
        if service not in _NAMES:
            raise ValueError(
                f"{_shown(arn)} is of the service {_shown(service)}; results go to queues (sqs), "
                "topics (sns) and event buses (events)"
            )
        well_formed = (
            prefix == "arn"
            and re.fullmatch(r"aws(-[a-z]+)*", partition)
            and re.fullmatch(r"[a-z]+(-[a-z]+)+-[0-9]", region)
            and re.fullmatch(r"[0-9]{12}", account)
            and _NAMES[service].fullmatch(name)
        )
        if not well_formed:
            hint = " (a subscription's ARN is longer than its topic's)" if ":" in name else ""
            raise ValueError(f"{_shown(arn)} is not of the form {_EXAMPLES[service]}{hint}")
        return cls(arn, _kind(service, name))

    @property
    def region(self) -> str:
        return self.arn.split(":", 5)[3]

    @property
    def account(self) -> str:
        return self.arn.split(":", 5)[4]

    @property
    def name(self) -> str:
        """The queue's, topic's or bus's own name."""
        return self.arn.split(":", 5)[5].removeprefix("event-bus/")


@dataclass(frozen=True, slots=True)
class Addressed:
    """One delivery of a result, as a route document decides on it.

    `route` is the name of the route, "otherwise" for what no route matched. `group` is always a
    legal message group id, and means something to ordered targets only; `delay_seconds` is 0 for
    all but standard queues.
    """

    route: str
    target: Target
    group: str
    delay_seconds: int = 0


def _parts(arn: str) -> list[str]:
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn":
        return parts
    if arn.startswith(("https://", "http://")):
        raise ValueError(f"{_shown(arn)} is an address; give the ARN ({_EXAMPLES['sqs']})")
    raise ValueError(f"{_shown(arn)} is not an ARN, such as {_EXAMPLES['sqs']}")


def _kind(service: str, name: str) -> TargetKind:
    fifo = name.endswith(".fifo")
    match service:
        case "sqs":
            return TargetKind.FIFO_QUEUE if fifo else TargetKind.QUEUE
        case "sns":
            return TargetKind.FIFO_TOPIC if fifo else TargetKind.TOPIC
        case _:
            return TargetKind.BUS


def _shown(text: str) -> str:
    """Quoted, and cut where it is too long to read."""
    shortened = text if len(text) <= 120 else f"{text[:117]}…"
    return repr(shortened)
