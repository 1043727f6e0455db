"""The scaling of an endpoint by Application Auto Scaling."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from relay.provision.specification.endpoint_properties import MOST_INSTANCES
from relay.provision.specification.properties import PropertyReader
from relay.provision.specification.schedule import SCHEDULE, ScheduledAction, read_schedule

# Application Auto Scaling has no maximum. A request expires after at most six hours.
_LONGEST_COOLDOWN: Final = 21_600


@dataclass(frozen=True, slots=True)
class Scaling:
    """The scalable target, its target tracking policy and its scheduled actions.

    With a minimum of 0 the endpoint scales in to zero, and the first request scales it out again.
    `target_backlog` is the target value of ApproximateBacklogSizePerInstance: requests in the queue
    and in process for each instance. The bounds hold until the first scheduled action runs.
    """

    minimum: int
    maximum: int
    target_backlog: int | float
    scale_in_cooldown_seconds: int
    scale_out_cooldown_seconds: int
    schedule: tuple[ScheduledAction, ...] = ()

    @property
    def sleeps(self) -> bool:
        """Whether the endpoint ever scales in to zero instances, and a request out again."""
        bounds = [(self.minimum, self.maximum)]
        bounds += [(action.minimum, action.maximum) for action in self.schedule]
        return any(minimum == 0 < maximum for minimum, maximum in bounds)

    @classmethod
    def read(cls, reader: PropertyReader) -> Self | None:
        """Read the custom resource's properties; None if the instance count is fixed.

        `reader` collects the problems.
        """
        maximum = reader.whole_number("MaxInstanceCount", 0, MOST_INSTANCES, 0)
        minimum = reader.whole_number("MinInstanceCount", 0, MOST_INSTANCES, 0)
        scaling = cls(
            minimum=minimum,
            maximum=maximum,
            # TargetValue is a double:
            # https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
            target_backlog=reader.number("TargetBacklogPerInstance", 1, default=5),
            scale_in_cooldown_seconds=reader.whole_number(
                "ScaleInCooldownSeconds", 0, _LONGEST_COOLDOWN, default=300
            ),
            scale_out_cooldown_seconds=reader.whole_number(
                "ScaleOutCooldownSeconds", 0, _LONGEST_COOLDOWN, default=300
            ),
            schedule=read_schedule(reader),
        )
        if reader.has_refused("MaxInstanceCount") or reader.has_refused("MinInstanceCount"):
            return None
        if maximum == 0:
            if minimum:
                reader.refuse(
                    "MinInstanceCount",
                    f"is {minimum}, but MaxInstanceCount is 0, which disables scaling: "
                    "set MaxInstanceCount too, or InstanceCount alone",
                )
            if scaling.schedule:
                reader.refuse(
                    SCHEDULE,
                    "has actions, but MaxInstanceCount is 0, which disables scaling: "
                    "set MaxInstanceCount too",
                )
            return None
        scaling._refuse_contradictions(reader)
        return scaling

    def _refuse_contradictions(self, reader: PropertyReader) -> None:
        if self.minimum > self.maximum:
            reader.refuse(
                "MinInstanceCount",
                f"({self.minimum}) is more than MaxInstanceCount ({self.maximum})",
            )
        first = reader.value("InstanceCount")
        if first.isascii() and first.isdigit() and int(first) > self.maximum:
            reader.refuse(
                "InstanceCount",
                f"({first}), the initial count, is more than MaxInstanceCount ({self.maximum})",
            )


@dataclass(frozen=True, slots=True)
class Registration:
    """The scaling that is registered with Application Auto Scaling for an endpoint.

    `sure` is False from before a change until after it, so that a change that a crash interrupted
    is made again, and no registration is left behind. `ended_at` is when a change to none has
    deregistered the endpoint.
    """

    scaling: Scaling | None = None
    sure: bool = True
    ended_at: datetime | None = None

    @property
    def may_exist(self) -> bool:
        return self.scaling is not None or not self.sure

    def is_exactly(self, scaling: Scaling | None) -> bool:
        return self.sure and self.scaling == scaling

    def unsure(self) -> Self:
        return replace(self, sure=False, ended_at=None)

    def ended(self, at: datetime) -> Self:
        return replace(self, ended_at=at)
