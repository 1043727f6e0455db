"""What goes wrong in a run of chaos: everything follows from one seed.

When exactly it happens does not: threads and processes race as they always do.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Thing = TypeVar("_Thing")

_LATER_SECONDS = (0, 1, 10, 60)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Shares are of uploads, notifications and calls; seconds are means."""

    seed: int
    announced_twice: float = 0.05
    lose_notification: float = 0.05
    duplicate_notification: float = 0.10
    delay_notification: float = 0.05
    throttle: float = 0.10
    server_error: float = 0.05
    hang: float = 0.03
    lose_answer: float = 0.03
    seconds_between_kills: float = 10.0
    seconds_between_hangs: float = 10.0
    seconds_between_silences: float = 10.0
    seconds_between_poison: float = 10.0

    def faults(self) -> Mapping[str, float | int]:
        """The document for the emulator's `/_emulator/faults`, between silences."""
        return {
            "lose_notification": self.lose_notification,
            "duplicate_notification": self.duplicate_notification,
            "delay_notification": self.delay_notification,
            "throttle": self.throttle,
            "server_error": self.server_error,
            "seed": self.seed,
        }

    def second_announcement(self, key: str) -> int | None:
        """After how many seconds S3 announces this upload once more; None where it does not."""
        dice = random.Random(f"{self.seed}/{key}")  # noqa: S311 - repeatable, not secret
        if dice.random() >= self.announced_twice:
            return None
        return dice.choice(_LATER_SECONDS)

    def kills(self) -> Iterator["Dose"]:
        """Endless."""
        dice = random.Random(f"{self.seed}/kills")  # noqa: S311 - repeatable, not secret
        while True:
            yield Dose(dice.expovariate(1 / self.seconds_between_kills), dice.random())

    def hangs(self) -> Iterator["Window"]:
        """Endless: windows in which a service hangs."""
        return self._windows("hangs", self.seconds_between_hangs)

    def silences(self) -> Iterator["Window"]:
        """Endless: windows in which the endpoint does not answer `hang` or `lose_answer` calls."""
        return self._windows("silences", self.seconds_between_silences)

    def _windows(self, name: str, seconds_between: float) -> Iterator["Window"]:
        dice = random.Random(f"{self.seed}/{name}")  # noqa: S311 - repeatable, not secret
        while True:
            after = dice.expovariate(1 / seconds_between)
            yield Window(after, dice.random(), dice.uniform(0.3, 1))

    def poison(self) -> Iterator["Dose"]:
        """Endless."""
        dice = random.Random(f"{self.seed}/poison")  # noqa: S311 - repeatable, not secret
        while True:
            yield Dose(dice.expovariate(1 / self.seconds_between_poison), dice.random())


@dataclass(frozen=True, slots=True)
class Dose:
    """Something happens to one of several things, so many seconds after the time before."""

    after_seconds: float
    position: float
    """Which one, as a share of all: at least 0 and less than 1."""

    def choose(self, things: Sequence[_Thing]) -> _Thing:
        """Raises IndexError if there is none."""
        return things[int(self.position * len(things))]


@dataclass(frozen=True, slots=True)
class Window(Dose):
    """It lasts: `length` is a share of the longest window of what it happens to."""

    length: float
