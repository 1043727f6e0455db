"""Reconciliation: finds overdue attempts, and reports their end.

An attempt ends within its TTL, its timeout and the slack. An attempt that is open after that lost
its notification, or was not inferred. An output or failure object in S3 means that the notification
was lost; without either, the attempt expired. In both cases the relay sends a notification of its
own to the notification queue, so that there is one path to a result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from relay.budget import Budget
from relay.errors import RelayError, UnexpectedError
from relay.events.sagemaker import own_notification
from relay.isolation import answers, unexpected
from relay.model import Attempt, AttemptState, Outcome, OutgoingMessage
from relay.ports import Clock, DueLedger, Outbox, Storage
from relay.report import Count, Level, Report
from relay.settings import ReconcileSettings

_MINUTE = timedelta(minutes=1)
# Where the ledger has no cursor, as in the first run of a deployment.
_FIRST_LOOK_BACK = timedelta(hours=1)
# A minute is not begun with less time.
_MINUTE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of an overdue attempt."""

    attempt: Attempt
    outcome: Outcome
    reason: str | None
    location: str | None


class Reconcile:
    """The use case of the reconcile function."""

    def __init__(
        self,
        settings: ReconcileSettings,
        ledger: DueLedger,
        storage: Storage,
        outbox: Outbox,
        clock: Clock,
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._storage = storage
        self._outbox = outbox
        self._clock = clock
        self._budget = budget

    def __call__(self) -> Report:
        """Work from the cursor to now while time is left. The next run continues there.

        The cursor moves only past minutes that are done.

        Raises:
            RelayError: the ledger, S3 or SQS failed; the cursor stays where it is.
        """
        report = Report()
        now = _floor(self._clock.now())
        cursor = self._ledger.cursor() or self._begin(now)
        reached = self._work(cursor, now, report)
        if reached != cursor:
            self._ledger.move_cursor(reached)
        report.minutes_behind = max(0, round((now - reached) / _MINUTE))
        return report

    def _begin(self, now: datetime) -> datetime:
        """Return where the first run begins, and write it for a run after a failure."""
        cursor = now - _FIRST_LOOK_BACK
        self._ledger.move_cursor(cursor)
        return cursor

    def between(self, start: datetime, end: datetime) -> Report:
        """Work on the minutes from `start` to before `end`, without the cursor."""
        report = Report()
        last = min(_floor(end), _floor(self._clock.now()))
        reached = self._work(_floor(start), last, report)
        report.minutes_behind = max(0, round((last - reached) / _MINUTE))
        return report

    def _work(self, start: datetime, end: datetime, report: Report) -> datetime:
        """Work on each minute before `end`. Return the first one that is not done."""
        minute = start
        while minute < end and self._budget.left() >= _MINUTE_SECONDS:
            for due in self._ledger.due_in(minute):
                self._report_overdue(due, report)
            minute += _MINUTE
        return minute

    def _report_overdue(self, ids: Sequence[str], report: Report) -> None:
        findings = [
            finding
            for item in self._ledger.look_up(ids).values()
            if (finding := self._finding(item, report)) is not None
        ]
        messages = [self._message(finding) for finding in findings]
        unsent = answers(self._outbox.send, messages, attrgetter("key"))
        for finding in findings:
            match unsent.get(finding.attempt.id):
                case None:
                    _note(finding, report)
                case UnexpectedError() as error:
                    _note_broken(error, report)
                case error:
                    raise error

    def _finding(self, item: Attempt | UnexpectedError, report: Report) -> Finding | None:
        """Return the end of an overdue attempt. An unexpected error is noted, and is no finding.

        Raises:
            RelayError: S3 did not answer.
        """
        if isinstance(item, UnexpectedError):
            _note_broken(item, report)
            return None
        # A renewed attempt is due later, in another minute.
        if item.state is not AttemptState.OPEN or item.due_at > self._clock.now():
            return None
        try:
            return self._find(item)
        except RelayError:
            raise
        except Exception as error:
            _note_broken(unexpected(error, f"search for the objects of attempt {item.id}"), report)
            return None

    def _find(self, attempt: Attempt) -> Finding:
        """Look for the objects of an attempt in S3.

        The role has no permission to look outside of the outputs.

        Raises:
            RelayError: S3 did not answer; an assumed outcome could be the wrong one.
        """
        output = attempt.output_location
        if output and self._may_lie_at(output) and self._storage.find(output):
            return Finding(attempt, Outcome.COMPLETED, None, output)
        failure = self._storage.find_prefix(f"{self._settings.failures}{attempt.id}")
        if failure is not None:
            return Finding(
                attempt,
                Outcome.FAILED,
                "SageMaker's notification is missing; the failure object has the cause",
                failure,
            )
        reason = (
            f"attempt {attempt.number} had no notification, output or failure object by "
            f"{attempt.due_at:%Y-%m-%d %H:%M} UTC; check whether the endpoint had instances"
        )
        return Finding(attempt, Outcome.EXPIRED, reason, None)

    def _may_lie_at(self, location: str) -> bool:
        return self._settings.outputs.contains_text(location)

    def _message(self, finding: Finding) -> OutgoingMessage:
        return OutgoingMessage(
            key=finding.attempt.id,
            address=self._settings.notification_queue_url,
            body=own_notification(
                finding.attempt.id,
                finding.outcome,
                finding.attempt.endpoint,
                finding.reason,
                finding.location,
            ),
        )


def _floor(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(second=0, microsecond=0)


def _note_broken(error: UnexpectedError, report: Report) -> None:
    report.count(Count.BROKEN)
    report.note(Level.ERROR, "attempt not reconciled", error=error)


def _note(finding: Finding, report: Report) -> None:
    recovered = finding.outcome is not Outcome.EXPIRED
    report.count(Count.RECOVERED if recovered else Count.OVERDUE)
    report.note(
        Level.WARNING,
        "recovered" if recovered else "overdue",
        inference_id=finding.attempt.id,
        request_id=finding.attempt.request_id,
        outcome=finding.outcome.value,
        location=finding.location,
    )
