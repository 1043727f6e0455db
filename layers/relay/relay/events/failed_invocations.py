"""The events in the records that Lambda makes of invocations that failed.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from relay.errors import UnreadableMessage
from relay.events.custom_resource import CustomResourceRequest
from relay.events.endpoint_events import WakeUp, read_event
from relay.events.fields import Fields

_TOO_OLD: Final = "EventAgeExceeded"
# Lambda tries an asynchronous invocation three times, the last one three minutes after the first.
TRIED_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FailedInvocation:
    """An event whose invocations have failed, the last one at `failed_at`.

    `too_old`: Lambda did not even invoke the function, since the event was older than
    MaximumEventAgeInSeconds.
    """

    event: WakeUp
    failed_at: datetime
    too_old: bool

    def sent_at(self, request: CustomResourceRequest) -> datetime:
        """When CloudFormation sent the request of this event, at the latest."""
        return request.sent_at(self.failed_at - TRIED_FOR)


def read_failed_invocation(body: str) -> FailedInvocation:
    """Read a message of the on-failure destination.

    Raises:
        UnreadableMessage: it is no record of Lambda's, or of no event of the function.
    """
    try:
        fields = Fields(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("not JSON") from error
    event = read_event(fields.members.get("requestPayload"))
    if (failed_at := fields.optional_time("timestamp")) is None:
        raise UnreadableMessage("timestamp is missing")
    condition = fields.object("requestContext").optional_text("condition")
    return FailedInvocation(event, failed_at, condition == _TOO_OLD)
