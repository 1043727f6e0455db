"""Where results go: queues, topics and event buses, each known by its ARN."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

# What SQS takes of body and attributes in all, and SNS and EventBridge. A region or queue may take
# less.
_MIB: Final = 1_048_576
_QUARTER_MIB: Final = 262_144


class TargetKind(Enum):
    """What a target is, how its ARN ends, and what it takes. The value is its name for people.

    `resource` is the last part of its ARN, of which `example` shows the form. `most_bytes` are of
    one message. `ordered`: its messages have groups, within which they keep their order. `no_delay`
    says why it cannot delay a message by itself; "" where it can.
    """

    QUEUE = "standard queue", "sqs", r"[A-Za-z0-9_-]{1,80}", "<queue>", _MIB
    FIFO_QUEUE = (
        "FIFO queue",
        "sqs",
        r"(?=.{6,80}\Z)[A-Za-z0-9_-]+\.fifo",
        "<queue>",
        _MIB,
        True,
        "a FIFO queue can only delay all of its messages alike",
    )
    TOPIC = (
        "standard topic",
        "sns",
        r"[A-Za-z0-9_-]{1,256}",
        "<topic>",
        _QUARTER_MIB,
        False,
        "a topic delivers at once",
    )
    FIFO_TOPIC = (
        "FIFO topic",
        "sns",
        r"(?=.{6,256}\Z)[A-Za-z0-9_-]+\.fifo",
        "<topic>",
        _QUARTER_MIB,
        True,
        "a topic delivers at once",
    )
    BUS = (
        "event bus",
        "events",
        r"event-bus/(?=.{1,256}\Z)[A-Za-z0-9._/-]+",
        "event-bus/<bus>",
        _QUARTER_MIB,
        False,
        "an event bus delivers at once",
    )

    service: str
    resource: re.Pattern[str]
    example: str
    most_bytes: int
    ordered: bool
    no_delay: str

    def __new__(
        cls,
        label: str,
        service: str,
        resource: str,
        example: str,
        most_bytes: int,
        ordered: bool = False,
        no_delay: str = "",
    ) -> Self:
        kind = object.__new__(cls)
        kind._value_ = label
        kind.service = service
        kind.resource = re.compile(resource)
        kind.example = f"arn:aws:{service}:<region>:<account>:{example}"
        kind.most_bytes = most_bytes
        kind.ordered = ordered
        kind.no_delay = no_delay
        return kind


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
        partition, service, region, account, resource = _parts(arn)
        kinds = [kind for kind in TargetKind if kind.service == service]
        if not kinds:
            raise ValueError(
                f"{_shown(arn)} is of the service {_shown(service)}; results go to queues (sqs), "
                "topics (sns) and event buses (events)"
            )
        well_formed = (
            re.fullmatch(r"aws(-[a-z]+)*", partition)
            and re.fullmatch(r"[a-z]+(-[a-z]+)+-[0-9]", region)
            and re.fullmatch(r"[0-9]{12}", account)
        )
        named = next((kind for kind in kinds if kind.resource.fullmatch(resource)), None)
        if not well_formed or named is None:
            hint = " (a subscription's ARN is longer than its topic's)" if ":" in resource else ""
            raise ValueError(f"{_shown(arn)} is not of the form {kinds[0].example}{hint}")
        return cls(arn, named)

    def __str__(self) -> str:
        return self.arn

    @property
    def region(self) -> str:
        return _parts(self.arn)[2]

    @property
    def account(self) -> str:
        return _parts(self.arn)[3]

    @property
    def name(self) -> str:
        """The queue's, topic's or bus's own name."""
        return _parts(self.arn)[4].removeprefix("event-bus/")


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
    """Partition, service, region, account and resource."""
    prefix, *parts = arn.split(":", 5)
    if len(parts) == 5 and prefix == "arn":
        return parts
    example = TargetKind.QUEUE.example
    if arn.startswith(("https://", "http://")):
        raise ValueError(f"{_shown(arn)} is an address; give the ARN ({example})")
    raise ValueError(f"{_shown(arn)} is not an ARN, such as {example}")


def _shown(text: str) -> str:
    """Quoted, and cut where it is too long to read."""
    shortened = text if len(text) <= 120 else f"{text[:117]}…"
    return repr(shortened)
