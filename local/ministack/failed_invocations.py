"""Lambda's record of an event whose asynchronous invocations failed, as AWS sends it to a queue.

MiniStack's lacks the version and the time, by which the reader knows the order of records.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ministack.services import lambda_svc, sqs

_route: Final = lambda_svc._route_async_failure


def route(target_arn: str, name: str, event: object, result: Mapping[str, Any]) -> None:
    """Sends the record to a queue; MiniStack's own to any other destination."""
    queue = sqs._queue_by_arn(target_arn)
    if queue is None:
        _route(target_arn, name, event, result)
        return
    body = json.dumps(record(name, event, result))
    sqs._act_send_message({"MessageBody": body}, queue["url"])


def record(name: str, event: object, result: Mapping[str, Any]) -> dict[str, object]:
    """Return the record, as of now, of the last of three invocations."""
    function = lambda_svc._functions.get(name, {}).get("config", {}).get("FunctionArn", name)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{function}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": result.get("function_error") or "Unhandled",
        },
        "responsePayload": result.get("body"),
    }


def install() -> None:
    """Puts the record into MiniStack's Lambda."""
    lambda_svc._route_async_failure = route
