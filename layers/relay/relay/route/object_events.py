"""Objects that SageMaker wrote, as the second channel beside its notifications.

S3 tells where and when an object was written, and nothing else. Which attempt it belongs to is read
off its name and confirmed by the ledger; a name that tells nothing is ignored, never guessed at.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from relay.model import (
    Announcement,
    Attempt,
    AttemptState,
    Delivery,
    Notification,
    Outcome,
    WrittenObject,
)
from relay.report import Count, Level, Report
from relay.settings import RouteSettings

# The relay names outputs after the attempt; SageMaker may append something.
_ATTEMPT = re.compile(r"([0-9a-f]{32})(?![0-9a-f])[^/]*")
# A notification tells more (the reason, the answer, the times). Where one is to be expected, the
# object waits for it as often as this: about half a minute, by the back-off of what is given back.
_PATIENCE = 3
_REASON = "the model or SageMaker failed; the failure object tells more"


def as_notifications(
    announced: Sequence[tuple[Delivery, Announcement]], settings: RouteSettings, report: Report
) -> tuple[list[tuple[Delivery, Notification]], list[tuple[Delivery, str]]]:
    """Notifications, those made of objects last; and deliveries that are not ours, with the reason.

    So SageMaker's own word wins where both are in one batch.
    """
    notifications: list[tuple[Delivery, Notification]] = []
    made: list[tuple[Delivery, Notification]] = []
    foreign: list[tuple[Delivery, str]] = []
    for delivery, content in announced:
        if isinstance(content, Notification):
            notifications.append((delivery, content))
            continue
        outcome = _outcome(content, settings)
        attempt = _ATTEMPT.fullmatch(content.location.key.rpartition("/")[2])
        if content.topic_arn is not None:
            reason = f"it tells of an object, but it came through {content.topic_arn}"
            foreign.append((delivery, reason))
        elif outcome is None:
            foreign.append((delivery, _misplaced(content, settings)))
        elif attempt is None:
            _ignore(content.location, report)
        else:
            made.append((delivery, _notification(content, attempt[1], outcome)))
    return notifications + made, foreign


def settled(
    delivery: Delivery,
    notification: Notification,
    attempt: Attempt | None,
    settings: RouteSettings,
    report: Report,
) -> Notification | None:
    """The notification with what the ledger adds to it; None for one that nothing is made of now.

    That is one whose object is no attempt's, and one whose object waits: for SageMaker's own word,
    or for submit, which may correct the location only after a quick model is done.
    """
    if not notification.from_storage:
        return notification
    fits = attempt is not None and _written_for(attempt, notification)
    more_to_come = not fits or _is_told(notification, settings)
    if attempt and attempt.state is AttemptState.OPEN and more_to_come and _may_wait(delivery):
        report.give_back(delivery)
        waits_for = "notification" if fits else "location"
        report.note(Level.DEBUG, f"waits for its {waits_for}", inference_id=attempt.id)
        return None
    if attempt is None or not fits:
        _ignore(notification.output_location or notification.failure_location, report)
        return None
    return replace(notification, endpoint=attempt.endpoint)


def _outcome(written: WrittenObject, settings: RouteSettings) -> Outcome | None:
    if settings.outputs.contains(written.location):
        return Outcome.COMPLETED
    if settings.failures.contains(written.location):
        return Outcome.FAILED
    return None


def _notification(written: WrittenObject, attempt: str, outcome: Outcome) -> Notification:
    completed = outcome is Outcome.COMPLETED
    location = str(written.location)
    return Notification(
        inference_id=attempt,
        outcome=outcome,
        endpoint="",  # the ledger knows
        output_location=location if completed else None,
        failure_location=None if completed else location,
        failure_reason=None if completed else _REASON,
        finished_at=written.written_at,
        from_storage=True,
    )


def _written_for(attempt: Attempt, notification: Notification) -> bool:
    """An output lies in the folder that was asked for; failures lie where SageMaker puts them."""
    found, asked_for = notification.output_location, attempt.output_location
    if found is None or asked_for is None:
        return True
    return found.rpartition("/")[0] == asked_for.rpartition("/")[0]


def _may_wait(delivery: Delivery) -> bool:
    return delivery.queued and delivery.receive_count <= _PATIENCE


def _is_told(notification: Notification, settings: RouteSettings) -> bool:
    """Whether SageMaker publishes this outcome too."""
    completed = notification.outcome is Outcome.COMPLETED
    topic = settings.success_topic_arn if completed else settings.error_topic_arn
    return topic is not None


def _misplaced(written: WrittenObject, settings: RouteSettings) -> str:
    return (
        f"object {written.location} lies neither under {settings.outputs} nor under "
        f"{settings.failures}"
    )


def _ignore(location: object, report: Report) -> None:
    report.count(Count.IGNORED)
    report.note(Level.INFO, "object of no known attempt", location=str(location))
