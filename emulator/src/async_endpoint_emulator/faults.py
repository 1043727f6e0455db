"""What goes wrong on purpose, settable while the emulator runs."""

import random
from dataclasses import dataclass, replace
from typing import Any, Literal

from async_endpoint_emulator.documents import probability, within


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
    hang: float = probability()
    """InvokeEndpointAsync takes the request, does nothing, and never answers."""
    lose_answer: float = probability()
    """InvokeEndpointAsync accepts the request, and its answer never comes."""
    refuse_filename: bool = False
    """InvokeEndpointAsync does not know the member, and refuses a request that has it."""
    ignore_filename: bool = False
    """It does not know the member, and names the output as it would without it."""
    refuse_output_extension: bool = False
    """The same of `S3OutputPathExtension`."""
    ignore_output_extension: bool = False
    glue_output_extension: bool = False
    """`S3OutputPathExtension` is appended to `S3OutputPath` as it is, without a slash between."""
    server_error: float = probability()
    """The model answers 500 without being asked."""
    crash_model_server: float = probability()
    """The model server is killed while it handles the request."""
    fail_next_creation: str = ""
    """FailureReason of the next CreateEndpoint or UpdateEndpoint, or the name of one in
    `failures.KINDS`; then it is empty again."""
    fail_next_scaling: str = ""
    """The same for the next UpdateEndpointWeightsAndCapacities."""
    fail_next_rollback: bool = False
    """The next rollback of an update ends in UpdateRollbackFailed; then it is false again."""
    refuse_next_creation: str = ""
    """The next CreateEndpoint or UpdateEndpoint is refused with ResourceLimitExceeded and these
    words; then it is empty again."""
    throttle_control_plane: float = probability()
    """A control-plane call answers ThrottlingException."""
    lose_event: float = probability()
    """An event does not reach its rules. Per event: one change has several."""
    duplicate_event: float = probability()
    """It reaches them twice."""
    seed: int = within(0, 2**63 - 1, 0)


OneTime = Literal["fail_next_creation", "fail_next_scaling", "refuse_next_creation"]


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

    def take(self, fault: OneTime) -> str:
        """The words of a fault that happens once, if any; then it is empty again."""
        words: str = getattr(self.faults, fault)
        if words:
            empty: dict[str, Any] = {fault: ""}
            self.faults = replace(self.faults, **empty)
        return words

    def take_rollback_failure(self) -> bool:
        """Whether the next rollback must fail, once."""
        fails = self.faults.fail_next_rollback
        if fails:
            self.faults = replace(self.faults, fail_next_rollback=False)
        return fails
