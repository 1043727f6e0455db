"""The limits of calls to AWS in time, and the guard that keeps them within an invocation.

The page docs/reference/time-budget.md has the same table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from relay.budget import Budget

if TYPE_CHECKING:
    from botocore.model import OperationModel

# botocore's pause before the second try is random, below one second; before the third, two.
_PAUSES = (0, 0, 1, 3)

# What a call ends with if its service cannot be reached or does not answer. A connection that the
# service closes is none of them: the next call opens another one.
HUNG = (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one client's calls.

    `connect` and `read` are the seconds in which one try connects, and then gets an answer.
    """

    connect: float
    read: float
    tries: int = 1

    @property
    def seconds(self) -> float:
        """The longest time of a call, with all its tries and the pauses between them."""
        return self.tries * (self.connect + self.read) + _PAUSES[self.tries]


# One try where a repeat could act twice: an inference, or a message to a target that drops no
# repeats. DynamoDB's writes have conditions, and every error of theirs keeps the claim.
LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "dynamodb": Limits(connect=1, read=2, tries=2),
        "ssm": Limits(connect=1, read=2),
        "sagemaker-runtime": Limits(connect=2, read=8),
        "sqs": Limits(connect=1, read=4),
        "sns": Limits(connect=2, read=5),
        "events": Limits(connect=2, read=5),
        "s3": Limits(connect=2, read=5, tries=2),
        # Of provision, whose invocations have no budget: each step can be repeated.
        "sagemaker": Limits(connect=2, read=8, tries=3),
        "application-autoscaling": Limits(connect=2, read=8, tries=3),
        "cloudwatch": Limits(connect=2, read=8, tries=3),
    }
)

# Their targets hang one by one; the outbox remembers which.
_SENDERS = frozenset({"sqs", "sns", "eventbridge"})


class NotBegun(BotoCoreError):
    """A call that was not begun, so that it has no effect."""

    fmt = "not tried: {reason}"


class CallGuard:
    """Begins no call that can outlast the budget, or whose service hung in the same invocation.

    Its methods are handlers of the events of botocore's clients in one region.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._hung_in: dict[str, int] = {}  # the invocation, by service

    def before_call(self, model: "OperationModel", event_name: str, **_: object) -> None:
        """Raise NotBegun instead of beginning the call."""
        service = model.service_model.service_name
        if self._hung_in.get(_service_id(event_name)) == self._budget.invocation:
            raise NotBegun(reason=f"{service} did not answer another call")
        seconds, left = LIMITS[service].seconds, self._budget.left()
        if left < seconds:
            raise NotBegun(reason=f"it can take {seconds:g} s, and {left:.0f} s are left")

    def after_error(self, exception: Exception, event_name: str, **_: object) -> None:
        """Take note of a call that hung to its end."""
        service_id = _service_id(event_name)
        if isinstance(exception, HUNG) and service_id not in _SENDERS:
            self._hung_in[service_id] = self._budget.invocation


def _service_id(event_name: str) -> str:
    """Return the service of an event such as `before-call.dynamodb.BatchGetItem`."""
    return event_name.split(".")[1]
