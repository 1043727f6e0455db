"""The deployment configuration: how SageMaker updates an endpoint."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from relay.provision.specification.properties import PropertyReader

# SageMaker's limits (UpdateEndpoint, DeploymentConfig in its API reference).
_MOST_ALARMS: Final = 10
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Alarm.html
_LONGEST_ALARM_NAME: Final = 255
_ALARM_NAME: Final = re.compile(r".+")
_LONGEST_WAIT: Final = 3600
_LEAST_LINEAR_PERCENT: Final = 10
_LEAST_FOR_PARTS: Final = 2
# Whether alarms roll an update back. CloudFormation passes every scalar as a string.
WATCH_ALARMS: Final = "WatchRollbackAlarms"
IGNORED: Final = "false"


class Strategy(StrEnum):
    """How traffic shifts to a new fleet, or how instances are replaced."""

    ALL_AT_ONCE = "AllAtOnce"
    CANARY = "Canary"
    LINEAR = "Linear"
    ROLLING = "Rolling"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The settings of one update. No resource has them, so they are not in the hash of any name.

    `step_percent`: size of the canary, of a linear step or of a rolling batch, in percent of the
    capacity. `wait_seconds`: time after each step in which SageMaker watches the alarms.
    """

    strategy: Strategy = Strategy.ALL_AT_ONCE
    # Four steps: their waits leave half of the maximum time for instances to start.
    step_percent: int = 25
    wait_seconds: int = 300
    termination_wait_seconds: int = 0
    maximum_seconds: int = 2400
    alarms: tuple[str, ...] = ()

    @classmethod
    def read(cls, reader: PropertyReader) -> Self:
        """Read the custom resource's properties; `reader` collects the problems."""
        default, number = cls(), reader.whole_number
        wait, final = default.wait_seconds, default.termination_wait_seconds
        deployment = cls(
            strategy=_strategy(reader, default.strategy),
            step_percent=number("DeploymentStepPercent", 5, 50, default.step_percent),
            wait_seconds=number("DeploymentWaitSeconds", 0, _LONGEST_WAIT, wait),
            termination_wait_seconds=number(
                "DeploymentTerminationWaitSeconds", 0, _LONGEST_WAIT, final
            ),
            maximum_seconds=number(
                "DeploymentMaximumSeconds", 600, 28_800, default.maximum_seconds
            ),
            alarms=_alarms(reader),
        )
        deployment._refuse_contradictions(reader)
        return deployment

    @classmethod
    def at_once(cls) -> Self:
        """Return settings without waits and alarms: during a rollback alarms may be in ALARM."""
        return cls(wait_seconds=0)

    def suits(self, count: int) -> bool:
        """Whether an endpoint with `count` instances can be updated with this strategy.

        A canary, a linear step or a batch has at least one instance, and at most half of them:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
        """
        return self.strategy is Strategy.ALL_AT_ONCE or count >= _LEAST_FOR_PARTS

    def whole(self) -> Self:
        """Return the same settings with the strategy AllAtOnce."""
        final = 0 if self.strategy is Strategy.ROLLING else self.termination_wait_seconds
        return replace(self, strategy=Strategy.ALL_AT_ONCE, termination_wait_seconds=final)

    @property
    def plain(self) -> bool:
        """Whether this is the default of UpdateEndpoint, so that it needs no DeploymentConfig."""
        return (
            self.strategy is Strategy.ALL_AT_ONCE
            and not self.alarms
            and not self.termination_wait_seconds
        )

    @property
    def planned_seconds(self) -> int:
        """Sum of the waits of an update in seconds, without the time for instances to start."""
        steps = {
            Strategy.ALL_AT_ONCE: 1,
            Strategy.CANARY: 2,
            Strategy.LINEAR: -(-100 // self.step_percent),
            Strategy.ROLLING: -(-100 // self.step_percent),
        }[self.strategy]
        # RollingUpdatePolicy has no TerminationWaitInSeconds.
        final = 0 if self.strategy is Strategy.ROLLING else self.termination_wait_seconds
        return steps * self.wait_seconds + final

    def _refuse_contradictions(self, reader: PropertyReader) -> None:
        if self.strategy is Strategy.LINEAR and self.step_percent < _LEAST_LINEAR_PERCENT:
            reader.refuse(
                "DeploymentStepPercent",
                f"must be at least {_LEAST_LINEAR_PERCENT} for a Linear deployment, "
                f"not {self.step_percent}",
            )
        if len(self.alarms) > _MOST_ALARMS:
            reader.refuse(
                "RollbackAlarmNames",
                f"has {len(self.alarms)} alarms; SageMaker accepts at most {_MOST_ALARMS}",
            )
        for name in self.alarms:
            if len(name) > _LONGEST_ALARM_NAME:
                reader.refuse(
                    "RollbackAlarmNames",
                    f"has a name of {len(name)} characters, {name[:40]}…; "
                    f"CloudWatch's names have at most {_LONGEST_ALARM_NAME}",
                )
            elif not _ALARM_NAME.fullmatch(name):
                reader.refuse("RollbackAlarmNames", f"has a name with a line break, {name[:40]!a}")
        if not self.plain and self.planned_seconds >= self.maximum_seconds:
            reader.refuse(
                "DeploymentMaximumSeconds",
                f"is {self.maximum_seconds}, but the waits of this {self.strategy} deployment take "
                f"{self.planned_seconds} seconds: {self._shortened_by()}",
            )

    def _shortened_by(self) -> str:
        """Return which parameters change the waits of this strategy, and in which direction."""
        increase, decrease = ["DeploymentMaximumSeconds"], ["DeploymentWaitSeconds"]
        if self.strategy in (Strategy.LINEAR, Strategy.ROLLING):
            increase.append("DeploymentStepPercent")
        if self.strategy is not Strategy.ROLLING and self.termination_wait_seconds:
            decrease.append("DeploymentTerminationWaitSeconds")
        return f"increase {' or '.join(increase)}, or decrease {' or '.join(decrease)}"


def _strategy(reader: PropertyReader, default: Strategy) -> Strategy:
    value = reader.value("DeploymentStrategy")
    if not value:
        return default
    try:
        return Strategy(value)
    except ValueError:
        known = ", ".join(Strategy)
        reader.refuse("DeploymentStrategy", f"must be one of {known}, not {value!r}")
        return default


def _alarms(reader: PropertyReader) -> tuple[str, ...]:
    """Read the names of the stack's alarms and of further ones. An entry may be a list."""
    watched = reader.value(WATCH_ALARMS)
    if watched not in ("", "true", IGNORED):
        reader.refuse(WATCH_ALARMS, f"must be true or {IGNORED}, not {watched!r}")
    if watched == IGNORED:
        return ()
    entries = ",".join(reader.texts("RollbackAlarmNames")).split(",")
    return tuple(dict.fromkeys(name.strip() for name in entries if name.strip()))
