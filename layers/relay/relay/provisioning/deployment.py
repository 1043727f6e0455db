"""How SageMaker moves an endpoint from one configuration to the next."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from relay.provisioning.properties import PropertyReader

# SageMaker's limits (UpdateEndpoint, DeploymentConfig in its API reference).
_MOST_ALARMS: Final = 10
_LONGEST_WAIT: Final = 3600
_LEAST_LINEAR_PERCENT: Final = 10


class Strategy(StrEnum):
    """How traffic, or instances, go over to the new configuration."""

    ALL_AT_ONCE = "AllAtOnce"
    CANARY = "Canary"
    LINEAR = "Linear"
    ROLLING = "Rolling"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The settings of one update. They go into no resource, so they change no name.

    `step_percent`: the canary's share, a linear step, or a rolling batch, of the capacity.
    `wait_seconds`: how long SageMaker watches the alarms after each step.
    """

    strategy: Strategy = Strategy.ALL_AT_ONCE
    step_percent: int = 10
    wait_seconds: int = 300
    termination_wait_seconds: int = 0
    maximum_seconds: int = 2400
    alarms: tuple[str, ...] = ()

    @classmethod
    def read(cls, reader: PropertyReader) -> Self:
        """Out of the custom resource's properties; `reader` remembers what is wrong with them."""
        default = cls()
        deployment = cls(
            strategy=_strategy(reader, default.strategy),
            step_percent=_integer(reader, "DeploymentStepPercent", 5, 50, default.step_percent),
            wait_seconds=_integer(
                reader, "DeploymentWaitSeconds", 0, _LONGEST_WAIT, default.wait_seconds
            ),
            termination_wait_seconds=_integer(
                reader,
                "DeploymentTerminationWaitSeconds",
                0,
                _LONGEST_WAIT,
                default.termination_wait_seconds,
            ),
            maximum_seconds=_integer(
                reader, "DeploymentMaximumSeconds", 600, 28_800, default.maximum_seconds
            ),
            alarms=_alarms(reader),
        )
        deployment._refuse_contradictions(reader)
        return deployment

    @classmethod
    def at_once(cls) -> Self:
        """Without waiting and without alarms: for a way back, when the alarms may be ringing."""
        return cls(wait_seconds=0)

    @property
    def plain(self) -> bool:
        """Whether UpdateEndpoint needs to be told nothing: this is what it does by itself."""
        return (
            self.strategy is Strategy.ALL_AT_ONCE
            and not self.alarms
            and not self.termination_wait_seconds
        )

    @property
    def planned_seconds(self) -> int:
        """How long SageMaker waits on purpose, besides what its instances take to start."""
        steps = {
            Strategy.ALL_AT_ONCE: 1,
            Strategy.CANARY: 2,
            Strategy.LINEAR: -(-100 // self.step_percent),
            Strategy.ROLLING: -(-100 // self.step_percent),
        }[self.strategy]
        return steps * self.wait_seconds + self.termination_wait_seconds

    def _refuse_contradictions(self, reader: PropertyReader) -> None:
        if self.strategy is Strategy.LINEAR and self.step_percent < _LEAST_LINEAR_PERCENT:
            reader.refuse(
                f"DeploymentStepPercent must be at least {_LEAST_LINEAR_PERCENT} for a Linear "
                f"deployment, not {self.step_percent}"
            )
        if len(self.alarms) > _MOST_ALARMS:
            reader.refuse(
                f"RollbackAlarmNames has {len(self.alarms)} alarms; SageMaker takes {_MOST_ALARMS}"
            )
        if not self.plain and self.planned_seconds >= self.maximum_seconds:
            reader.refuse(
                f"DeploymentMaximumSeconds is {self.maximum_seconds}, but this {self.strategy} "
                f"deployment alone waits {self.planned_seconds} seconds in all: raise it, or lower "
                "DeploymentWaitSeconds or DeploymentTerminationWaitSeconds"
            )


def _strategy(reader: PropertyReader, default: Strategy) -> Strategy:
    value = reader.text("DeploymentStrategy")
    if not value:
        return default
    try:
        return Strategy(value)
    except ValueError:
        known = ", ".join(Strategy)
        reader.refuse(f"DeploymentStrategy must be one of {known}, not {value!r}")
        return default


def _alarms(reader: PropertyReader) -> tuple[str, ...]:
    """The stack's own and those of its owner: each entry may be several, with commas in between."""
    entries = ",".join(reader.texts("RollbackAlarmNames")).split(",")
    return tuple(dict.fromkeys(name.strip() for name in entries if name.strip()))


def _integer(reader: PropertyReader, name: str, minimum: int, maximum: int, default: int) -> int:
    value = reader.integer(name, minimum, maximum) if reader.text(name) else default
    return value if minimum <= value <= maximum else default
