"""Trust: which notifications route accepts. It parks the others."""

from relay.model import Attempt, Notification, Outcome
from relay.s3uri import S3Uri
from relay.settings import RouteSettings


def distrust(
    notification: Notification, attempt: Attempt | None, settings: RouteSettings
) -> str | None:
    """Return why a notification is not trusted; None if it is.

    The relay's own notifications come through no topic: sending them takes a permission on the
    queue itself. Their attempts are in the ledger.
    """
    topic = notification.topic_arn
    if topic is not None and topic not in settings.topic_arns:
        return f"topic {topic} is not one of the relay's topics"
    if notification.from_relay and topic is not None:
        return f"eventSource is the relay's own, but the notification came through topic {topic}"
    # An attempt may be from before a change of EndpointName.
    endpoints = (settings.endpoint.lower(), attempt.endpoint.lower() if attempt else None)
    if notification.endpoint.lower() not in endpoints:
        return f"endpoint is {notification.endpoint}, not {settings.endpoint}"
    if notification.from_relay and attempt is None:
        return f"attempt {notification.inference_id} is not in the ledger"
    if notification.outcome is Outcome.COMPLETED and not (
        notification.output_location or (attempt and attempt.output_location)
    ):
        return "output location is missing from the notification and from the ledger"
    return (
        _misplaced("output", notification.output_location, settings.outputs)
        or _misplaced("failure", notification.failure_location, settings.failures)
        or _mistaken_input(notification, attempt)
    )


def mistaken_output(notification: Notification, attempt: Attempt | None) -> str | None:
    """Return why an output is not the attempt's; None if it may be.

    It is where the ledger says, or in the same folder with a name that begins with the attempt's
    id. Submit corrects the ledger when SageMaker has answered, so a fast model's notification may
    come before.
    """
    if attempt is None or not attempt.tracked or attempt.output_location is None:
        return None
    if notification.output_location is None:
        return None
    output, known = S3Uri.parse(notification.output_location), S3Uri.parse(attempt.output_location)
    folder, _, name = str(output).rpartition("/")
    beside = folder == str(known).rpartition("/")[0] and name.startswith(attempt.id)
    if output == known or beside:
        return None
    return f"output location {output} is not the attempt's, {known}"


def _misplaced(what: str, location: str | None, folder: S3Uri) -> str | None:
    if location is None:
        return None
    try:
        inside = folder.contains(S3Uri.parse(location))
    except ValueError as error:
        return f"{what} location is {error}"
    return None if inside else f"{what} location {location} is not under {folder}"


def _mistaken_input(notification: Notification, attempt: Attempt | None) -> str | None:
    if attempt is None or notification.location is None or attempt.location is None:
        return None
    if notification.location == attempt.location:
        return None
    return f"input location {notification.location} is not the attempt's, {attempt.location}"
