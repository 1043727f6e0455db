"""Which failed inferences are worth another try. The one table for it.

SageMaker itself never retries. Reasons as observed in notifications; the model's own words are not
among them (they are in the failure object). A reason that matches nothing is permanent: another try
would cost an inference and most likely fail again.
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
        # and 429 are a model that is slow, not loaded or busy, not an input that is wrong.
        (r"received client error \((408|424|429)\)", FailureClass.TRANSIENT),
        (r"received client error \(\d+\)", FailureClass.PERMANENT),
        # The model broke, or did not answer at all: "Received server error (500) …", "(0)".
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
    """The class of SageMaker's failureReason; permanent where there is none."""
    for pattern, failure_class in _TABLE:
        if reason is not None and pattern.search(reason):
            return failure_class
    return FailureClass.PERMANENT


def retry_delay_seconds(failed_attempt: int, base_seconds: int) -> int:
    """How long to wait after attempt n: the base, doubled each time, at most SQS's 15 minutes."""
    return int(min(900, base_seconds * 2 ** (failed_attempt - 1)))
