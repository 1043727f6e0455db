"""How fast minutes pass."""

from dataclasses import dataclass, field
from typing import Final, Self

from async_endpoint_emulator.clock import Clock

# At a factor of 0 nothing would ever rest.
_LEAST: Final = 0.001


@dataclass(slots=True)
class Pace:
    """Seconds that pass here for each second of AWS's deployments, alarms and cooldowns.

    `clock` is theirs: where time is moved ahead, it moves by so many seconds of the pace.
    """

    time_factor: float
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def of(cls, time_factor: float) -> Self:
        return cls(max(_LEAST, time_factor))

    def seconds(self, of_aws: float) -> float:
        return of_aws * self.time_factor

    def advance(self, of_aws: float) -> None:
        """Moves the clock ahead by seconds of AWS."""
        self.clock.advance(self.seconds(of_aws))
