"""What goes wrong on purpose, settable while the emulator runs."""

import random
from dataclasses import dataclass, replace

from local.sagemaker.documents import count_within, probability, within


@dataclass(frozen=True, slots=True)
class Faults:
    """Members are probabilities per request or notification unless they say otherwise."""

    lose_notification: float = probability()
    duplicate_notification: float = probability()
    delay_notification: float = probability()
    """Held back until after the next notification, or for `delay_seconds` when none comes."""
    delay_seconds: float = within(0, 3600, 5.0)
    throttle: float = probability()
    """InvokeEndpointAsync answers ThrottlingException."""
    server_error: float = probability()
    """The model answers 500 without being asked."""
    crash_model_server: float = probability()
    """The model server is killed while it handles the request."""
    fail_next_creation: str = ""
    """FailureReason of the next CreateEndpoint or UpdateEndpoint; then it is empty again."""
    seed: int = count_within(0, 2**63 - 1, 0)


class FaultInjector:
    """Rolls the dice. The same seed and the same order of calls give the same faults."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self._random = random.Random(self.faults.seed)  # noqa: S311 - repeatable, not secret

    def replace(self, faults: Faults) -> None:
        """Puts other faults in force and starts their random numbers afresh."""
        self.faults = faults
        self._random.seed(faults.seed)

    def strikes(self, chance: float) -> bool:
        """Whether a fault of this probability happens now. Zero costs no random number."""
        return chance > 0 and self._random.random() < chance

    def take_creation_failure(self) -> str:
        """The reason for which the next deployment must fail, once; otherwise empty."""
        reason = self.faults.fail_next_creation
        if reason:
            self.faults = replace(self.faults, fail_next_creation="")
        return reason
