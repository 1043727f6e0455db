"""The faults of one call, and permissions that come late."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happens at a call."""

    THROTTLED = "throttled"
    NO_EFFECT = "no-effect"  # neither an effect nor an answer
    LOST = "lost"  # an effect, and no answer to any of the SDK's tries
    LOST_ONCE = "lost-once"  # the first answer is lost, and the SDK tries again
    KILLED_BEFORE = "killed-before"
    KILLED_AFTER = "killed-after"
    DENIED = "denied-90s"
    DENIED_LONG = "denied-4min"
    SCALED_IN = "scaled-in"  # no fault: Application Auto Scaling takes the last instance away


DENIED_FOR = {Kind.DENIED: 90, Kind.DENIED_LONG: 240}


class Killed(BaseException):
    """Lambda ended the function. No handler of the code catches it."""


@dataclass(frozen=True, slots=True)
class Denial:
    """An operation is denied for a while. `subject`: of this resource only; "" for any."""

    service: str
    operation: str
    subject: str
    until: datetime

    def applies(self, service: str, operation: str, subject: str, now: datetime) -> bool:
        same = self.service == service and self.operation in ("", operation)
        return same and self.subject in ("", subject) and now < self.until
