"""What has happened so far: for tests, the demo, and the metrics' names where AWS has one."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Only ever grow, except `in_flight`."""

    invocations: int = 0
    throttled: int = 0
    hung: int = 0
    answers_lost: int = 0
    """Accepted requests, which `invocations` counts too."""
    in_flight: int = 0
    completed: int = 0
    failed: int = 0
    expired: int = 0
    dropped: int = 0
    """Requests that were waiting when their endpoint was deleted."""
    request_download_failures: int = 0
    response_upload_failures: int = 0
    notifications_published: int = 0
    notifications_lost: int = 0
    notifications_duplicated: int = 0
    notifications_delayed: int = 0
    notification_failures: int = 0
    test_notifications_published: int = 0
    events_delivered: int = 0
    events_lost: int = 0
