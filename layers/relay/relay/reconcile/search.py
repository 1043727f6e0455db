"""Search: the end of overdue attempts, from the objects that SageMaker wrote for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay.errors import RelayError
from relay.events.sagemaker import own_notification
from relay.model import Attempt, Outcome, OutgoingMessage
from relay.ports import Storage
from relay.s3uri import S3Uri
from relay.settings import ReconcileSettings


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of an overdue attempt. `location` is its output or failure object."""

    attempt: Attempt
    outcome: Outcome
    reason: str | None = None
    location: str | None = None

    def to_message(self, queue_url: str) -> OutgoingMessage:
        """Return the notification of the attempt for the notification queue."""
        attempt = self.attempt
        body = own_notification(
            attempt.id, self.outcome, attempt.endpoint, self.reason, self.location
        )
        return OutgoingMessage(key=attempt.id, address=queue_url, body=body)


def search(
    attempts: Sequence[Attempt], storage: Storage, settings: ReconcileSettings
) -> tuple[list[Finding], dict[str, RelayError]]:
    """Look for the objects of attempts. Return the findings, and the errors by attempt id.

    An attempt whose objects cannot be listed has no finding: an assumed outcome could be the wrong
    one.
    """
    findings: list[Finding] = []
    errors: dict[str, RelayError] = {}
    outputs = {attempt.id: _output(attempt, settings) for attempt in attempts}
    found = storage.find([output for output in outputs.values() if output])
    without_output = []
    for attempt in attempts:
        output = outputs[attempt.id]
        match found.get(output):
            case RelayError() as error:
                errors[attempt.id] = error
            case location if location and location == output:
                findings.append(Finding(attempt, Outcome.COMPLETED, location=output))
            case _:
                without_output.append(attempt)
    failures = {attempt.id: f"{settings.failures}{attempt.id}" for attempt in without_output}
    found = storage.find(list(failures.values()))
    for attempt in without_output:
        match found[failures[attempt.id]]:
            case RelayError() as error:
                errors[attempt.id] = error
            case None:
                findings.append(_expired(attempt))
            case location:
                reason = "SageMaker's notification is missing; the failure object has the cause"
                findings.append(Finding(attempt, Outcome.FAILED, reason, location))
    return [_as_begun(finding) for finding in findings], errors


def _output(attempt: Attempt, settings: ReconcileSettings) -> str:
    """Return where to look for the output; "" for nowhere.

    The role has no permission to look outside of the outputs.
    """
    try:
        location = S3Uri.parse(attempt.output_location or "")
    except ValueError:
        return ""
    return str(location) if settings.outputs.contains(location) else ""


def _expired(attempt: Attempt) -> Finding:
    reason = (
        f"attempt {attempt.number} had no notification, output or failure object by "
        f"{attempt.due_at:%Y-%m-%d %H:%M} UTC; check whether the endpoint had instances"
    )
    return Finding(attempt, Outcome.EXPIRED, reason)


def _as_begun(finding: Finding) -> Finding:
    """Return the finding with the outcome that targets already have.

    Route drops a notification with another outcome, and the other targets would get no result.
    """
    held = finding.attempt.held
    if held is None or not held.delivered or held.outcome is finding.outcome:
        return finding
    reason = None
    if held.outcome is not Outcome.COMPLETED:
        reason = "the notification with the reason is gone; other targets have the result"
    return replace(finding, outcome=held.outcome, reason=reason, location=None)
