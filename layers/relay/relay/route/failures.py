"""Failed inferences: the only table of what is retried, and the reason that the ledger keeps.

SageMaker does not retry. The patterns match reasons observed in notifications; the model's error
text is not in the reason, but in the failure object and in the response that a notification
includes. A reason that matches no pattern is permanent: a retry costs an inference and most likely
fails again.
"""

import re
from enum import StrEnum

from relay.model import Notification, Outcome


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


# "Received client error (400) from model. See the SageMaker Endpoint logs in your account for more
# information."
_REFERENCE = re.compile(r"[.\s]*See the SageMaker Endpoint logs[^.]*\.?\s*")


def classify_failure(reason: str | None) -> FailureClass:
    """Return the class of SageMaker's failureReason; permanent if there is none."""
    for pattern, failure_class in _TABLE:
        if reason is not None and pattern.search(reason):
            return failure_class
    return FailureClass.PERMANENT


def full_reason(notification: Notification) -> str | None:
    """Return SageMaker's reason with the model's own words, where the notification includes them.

    They take the place of the sentence in which SageMaker refers to the logs.
    """
    reason, response = notification.failure_reason, notification.response_body
    if notification.outcome is Outcome.COMPLETED or response is None:
        return reason
    try:
        words = " ".join(response.decode().split())
    except UnicodeDecodeError:
        return reason
    return ": ".join(part for part in (_REFERENCE.sub("", reason or ""), words) if part) or None


def retry_delay_seconds(failed_attempt: int, base_seconds: int) -> int:
    """Return the delay after attempt n: the base, doubled with each, at most SQS's 15 minutes."""
    return int(min(900, base_seconds * 2 ** (failed_attempt - 1)))
