"""Between how many instances an endpoint scales, and when."""

from dataclasses import dataclass, replace
from typing import Final, Self

from relay.provision.specification.endpoint_properties import MOST_INSTANCES
from relay.provision.specification.properties import PropertyReader

# Application Auto Scaling takes any cooldown; a request expires after six hours at the latest.
_LONGEST_COOLDOWN: Final = 21_600


@dataclass(frozen=True, slots=True)
class Scaling:
    """A minimum of 0 lets the endpoint sleep: then the first request wakes it.

    `target_backlog`: requests, queued and in process, for each instance. Above it instances are
    added, well below it they are taken away.
    """

    minimum: int
    maximum: int
    target_backlog: int | float
    scale_in_cooldown_seconds: int
    scale_out_cooldown_seconds: int

    @property
    def sleeps(self) -> bool:
        """Whether it goes down to no instance at all."""
        return self.minimum == 0

    @classmethod
    def read(cls, reader: PropertyReader) -> Self | None:
        """Out of the custom resource's properties; None where the instance count is fixed.

        `reader` remembers what is wrong with them.
        """
        maximum = _integer(reader, "MaxInstanceCount", 0, 0)
        minimum = _integer(reader, "MinInstanceCount", 0, 0)
        scaling = cls(
            minimum=minimum,
            maximum=maximum,
            target_backlog=_target(reader),
            scale_in_cooldown_seconds=_cooldown(reader, "ScaleInCooldownSeconds"),
            scale_out_cooldown_seconds=_cooldown(reader, "ScaleOutCooldownSeconds"),
        )
        if reader.has_refused("MaxInstanceCount") or reader.has_refused("MinInstanceCount"):
            return None
        if maximum == 0:
            if minimum:
                reader.refuse(
                    f"MinInstanceCount is {minimum}, but MaxInstanceCount is 0, which turns "
                    "scaling off: set MaxInstanceCount too, or InstanceCount alone"
                )
            return None
        scaling._refuse_contradictions(reader)
        return scaling

    def _refuse_contradictions(self, reader: PropertyReader) -> None:
        if self.minimum > self.maximum:
            reader.refuse(
                f"MinInstanceCount ({self.minimum}) is more than MaxInstanceCount ({self.maximum})"
            )
        first = reader.text("InstanceCount")
        if first.isascii() and first.isdigit() and int(first) > self.maximum:
            reader.refuse(
                f"InstanceCount ({first}), with which the endpoint begins, is more than "
                f"MaxInstanceCount ({self.maximum})"
            )


@dataclass(frozen=True, slots=True)
class Registration:
    """What Application Auto Scaling has of an endpoint.

    `sure` is taken back before anything changes there, and comes back when it has: so that after
    a crash in between it is done again, and nothing is left behind.
    """

    scaling: Scaling | None = None
    sure: bool = True

    @property
    def may_exist(self) -> bool:
        return self.scaling is not None or not self.sure

    def is_exactly(self, scaling: Scaling | None) -> bool:
        return self.sure and self.scaling == scaling

    def unsure(self) -> Self:
        return replace(self, sure=False)


def _integer(reader: PropertyReader, name: str, minimum: int, default: int) -> int:
    return reader.integer(name, minimum, MOST_INSTANCES) if reader.given(name) else default


def _target(reader: PropertyReader) -> int | float:
    """TargetValue is a double:
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
    """
    name = "TargetBacklogPerInstance"
    return reader.number(name, 1) if reader.given(name) else 5


def _cooldown(reader: PropertyReader, name: str) -> int:
    return reader.integer(name, 0, _LONGEST_COOLDOWN) if reader.given(name) else 300
