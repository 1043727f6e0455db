"""Targets of results: queues, topics and event buses, by ARN."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Self

from relay.message_sizes import MOST_QUEUE_BYTES, MOST_TOPIC_BYTES


class TargetKind(Enum):
    """Kind of a target, with the form of its ARN and its limits. The value is its name in messages.

    `resource` matches the last part of the ARN, and `example` shows the whole ARN. `most_bytes` is
    the maximum size of a message. `ordered`: messages have groups and keep their order in a group.
    `no_delay` says why the target cannot delay a single message; "" if it can.
    """

    QUEUE = "standard queue", "sqs", r"[A-Za-z0-9_-]{1,80}", "<queue>", MOST_QUEUE_BYTES
    FIFO_QUEUE = (
        "FIFO queue",
        "sqs",
        r"(?=.{6,80}\Z)[A-Za-z0-9_-]+\.fifo",
        "<queue>",
        MOST_QUEUE_BYTES,
        True,
        "a FIFO queue has one delay for all of its messages",
    )
    TOPIC = (
        "standard topic",
        "sns",
        r"[A-Za-z0-9_-]{1,256}",
        "<topic>",
        MOST_TOPIC_BYTES,
        False,
        "a topic delivers at once",
    )
    FIFO_TOPIC = (
        "FIFO topic",
        "sns",
        r"(?=.{6,256}\Z)[A-Za-z0-9_-]+\.fifo",
        "<topic>",
        MOST_TOPIC_BYTES,
        True,
        "a topic delivers at once",
    )
    BUS = (
        "event bus",
        "events",
        r"event-bus/(?=.{1,256}\Z)[A-Za-z0-9._/-]+",
        "event-bus/<bus>",
        MOST_TOPIC_BYTES,
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
        kind.example = f"arn:<partition>:{service}:<region>:<account>:{example}"
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
        """Read an ARN.

        Raises:
            ValueError: `arn` is not the ARN of a queue, a topic or an event bus; has the reason.
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
        """Name of the queue, the topic or the event bus."""
        return _parts(self.arn)[4].removeprefix("event-bus/")


@dataclass(frozen=True, slots=True)
class Addressed:
    """One delivery of a result, as a route decides.

    `route` is the name of the route. `group` is always a valid message group id, and is used for
    ordered targets only. `delay_seconds` is 0 except for standard queues.
    """

    route: str
    target: Target
    group: str
    delay_seconds: int = 0


def _parts(arn: str) -> list[str]:
    """Return partition, service, region, account and resource."""
    prefix, *parts = arn.split(":", 5)
    if len(parts) == 5 and prefix == "arn":
        return parts
    example = TargetKind.QUEUE.example
    if arn.startswith(("https://", "http://")):
        raise ValueError(f"{_shown(arn)} is a URL; give the ARN ({example})")
    raise ValueError(f"{_shown(arn)} is not an ARN, such as {example}")


def _shown(text: str) -> str:
    """Quote a text, cut to 120 characters."""
    shortened = text if len(text) <= 120 else f"{text[:117]}…"
    return repr(shortened)
