"""Classification of failed inferences: the only table of what is retried.

SageMaker does not retry. The patterns match reasons observed in notifications; the model's error
text is not in the reason but in the failure object. A reason that matches no pattern is permanent:
a retry costs an inference and most likely fails again.
"""

import re
from enum import StrEnum


class FailureClass(StrEnum):
    """Whether the same input may succeed later."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"


_TABLE: tuple[tuple[re.Pattern[str], FailureClass], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), failure_class)
    for pattern, failure_class in (
        # The model refused the input: "Received client error (400) from model. See …". 408, 424
        # and 429 say that the model is slow, not loaded or busy, not that the input is wrong.
        (r"received client error \((408|424|429)\)", FailureClass.TRANSIENT),
        (r"received client error \(\d+\)", FailureClass.PERMANENT),
        # The model failed, or did not respond: "Received server error (500) …", "(0)".
        (r"received server error \(\d+\)", FailureClass.TRANSIENT),
        # "Amazon SageMaker could not get a response from the … endpoint. This can occur when CPU or
        # memory utilization is high."
        (r"could not get a response", FailureClass.TRANSIENT),
        (r"timed? ?out", FailureClass.TRANSIENT),
        (r"model .*(not ready|not loaded|is loading)", FailureClass.TRANSIENT),
        (r"(insufficient|no) (capacity|instances)", FailureClass.TRANSIENT),
        (
            r"throttl|too many requests|service ?unavailable|internal ?failure",
            FailureClass.TRANSIENT,
        ),
    )
)


def classify_failure(reason: str | None) -> FailureClass:
    """Return the class of SageMaker's failureReason; permanent if there is none."""
    for pattern, failure_class in _TABLE:
        if reason is not None and pattern.search(reason):
            return failure_class
    return FailureClass.PERMANENT


def retry_delay_seconds(failed_attempt: int, base_seconds: int) -> int:
    """Return the delay after attempt n: the base, doubled with each, at most SQS's 15 minutes."""
    return int(min(900, base_seconds * 2 ** (failed_attempt - 1)))
