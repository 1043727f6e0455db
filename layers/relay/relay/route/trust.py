"""Which notifications route believes. What is not believed is parked, never routed."""

from relay.model import Attempt, Notification, Outcome
from relay.s3uri import S3Uri
from relay.settings import RouteSettings

_MAX_KEY_BYTES = 1_024


def distrust(
    notification: Notification, attempt: Attempt | None, settings: RouteSettings
) -> str | None:
    """Why a notification is not ours to route; None when it is.

    The relay's own notifications come through no topic: only roles that may send to the queue
    itself can make them, and they are about attempts of the ledger.
    """
    topic = notification.topic_arn
    if topic is not None and topic not in settings.topic_arns:
        return f"it came through topic {notification.topic_arn}, which is not one of the relay's"
    if notification.from_relay and topic is not None:
        return f"it says that it is the relay's own, but it came through {topic}"
    # An attempt may be older than the endpoint that the deployment has now.
    endpoints = (settings.endpoint.lower(), attempt.endpoint.lower() if attempt else None)
    if notification.endpoint.lower() not in endpoints:
        return f"it is about endpoint {notification.endpoint}, not {settings.endpoint}"
    if notification.from_relay and attempt is None:
        return f"the ledger knows no attempt {notification.inference_id}"
    if notification.outcome is Outcome.COMPLETED and not (
        notification.output_location or (attempt and attempt.output_location)
    ):
        return "it names no output location, and the ledger does not know one either"
    return (
        _impossible("input", notification.location)
        or _misplaced("output", notification.output_location, settings.outputs)
        or _misplaced("failure", notification.failure_location, settings.failures)
        or _mistaken_input(notification, attempt)
    )


def _misplaced(what: str, location: str | None, folder: S3Uri) -> str | None:
    if location is None:
        return None
    try:
        uri = S3Uri.parse(location)
        if folder.contains(uri):
            return _impossible(what, uri)
    except ValueError:
        pass  # whatever it is, it does not lie in the folder
    return f"its {what} location {location} does not lie under {folder}"


def _impossible(what: str, location: S3Uri | None) -> str | None:
    length = 0 if location is None else len(location.key.encode())
    if length <= _MAX_KEY_BYTES:
        return None
    return f"its {what} location has a key of {length:,} bytes; S3 takes at most {_MAX_KEY_BYTES:,}"


def _mistaken_input(notification: Notification, attempt: Attempt | None) -> str | None:
    if attempt is None or notification.location is None or attempt.location is None:
        return None
    if notification.location == attempt.location:
        return None
    return f"its input {notification.location} is not the attempt's, {attempt.location}"
