"""What a model server printed before its endpoint failed.

The FailureReason names the health check, and CloudWatch Logs end with the sandbox.
"""

import time
from typing import Any

_WAIT_SECONDS = 3.0
_LINES = 30


def last_words(logs: Any, endpoint: str, since: float) -> str:
    """Return the last lines of the endpoint's model servers, or nothing if none come in time.

    `logs` is boto3's client. `since` leaves out what an earlier endpoint of the name printed.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (lines := _lines(logs, f"/aws/sagemaker/Endpoints/{endpoint}", since)):
        if time.monotonic() > deadline:
            return ""
        time.sleep(0.2)
    return "\n".join(lines[-_LINES:])


def _lines(logs: Any, group: str, since: float) -> list[str]:
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since * 1000)
        )
        return [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []  # nothing has been written yet
