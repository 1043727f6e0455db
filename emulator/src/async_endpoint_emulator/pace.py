"""How fast minutes pass."""

from dataclasses import dataclass
from typing import Final, Self

# At a factor of 0 nothing would ever rest.
_LEAST: Final = 0.001


@dataclass(slots=True)
class Pace:
    """Seconds that pass here for each second of AWS's alarms and cooldowns."""

    time_factor: float

    @classmethod
    def of(cls, time_factor: float) -> Self:
        return cls(max(_LEAST, time_factor))

    def seconds(self, of_aws: float) -> float:
        return of_aws * self.time_factor
