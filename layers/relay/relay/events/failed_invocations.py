"""CloudFormation's requests in the records that Lambda makes of invocations that failed.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relay.errors import UnreadableMessage
from relay.events.custom_resource import CustomResourceRequest, RoutesRequest, read_request
from relay.events.fields import Fields

_TOO_OLD: Final = "EventAgeExceeded"


@dataclass(frozen=True, slots=True)
class FailedInvocation:
    """A request whose invocations have failed, the last one at `failed_at`.

    `too_old`: Lambda did not even invoke the function, since the request was older than
    MaximumEventAgeInSeconds.
    """

    request: CustomResourceRequest | RoutesRequest
    failed_at: datetime
    too_old: bool


def read_failed_invocation(body: str) -> FailedInvocation | None:
    """Read a message of the on-failure destination; None where it is about another event.

    Raises:
        UnreadableMessage: it is no record of Lambda's.
    """
    try:
        fields = Fields(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("not JSON") from error
    if "requestPayload" not in fields:
        return None
    payload = fields.members["requestPayload"]
    if not isinstance(payload, dict) or "RequestType" not in payload:
        return None
    if (failed_at := fields.optional_time("timestamp")) is None:
        raise UnreadableMessage("timestamp is missing")
    condition = fields.object("requestContext").optional_text("condition")
    return FailedInvocation(read_request(Fields(payload)), failed_at, condition == _TOO_OLD)
