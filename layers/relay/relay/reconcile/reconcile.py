"""Reconciliation: finds overdue attempts, and reports their end.

An attempt ends within its TTL, its timeout and the slack. An attempt that is open after that lost
its notification, or was not inferred. An output or failure object in S3 means that the notification
was lost; without either, the attempt expired. In both cases the relay sends a notification of its
own to the notification queue, so that there is one path to a result.

Overdue attempts are worked on in the order in which they became overdue, a hundred at a time. The
cursor moves after each hundred, so an attempt is reported once, whatever becomes of its report.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice, takewhile

from relay.budget import Budget
from relay.delivery.isolation import isolated
from relay.delivery.report import Count, Level, Report
from relay.errors import (
    AccessDenied,
    NotTried,
    NotUnderstood,
    PermanentError,
    RelayError,
    UnexpectedError,
)
from relay.model import Attempt, AttemptState, Due, Outcome
from relay.ports import Clock, DueLedger, Outbox, Storage
from relay.reconcile.search import Finding, search
from relay.settings import ReconcileSettings

# Attempts that one ledger call reads.
_PAGE = 100
# A page is not begun with less time.
PAGE_SECONDS = 20
# The most that one call of `DueLedger.due` covers.
_STRETCH = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
# The index shows a write a moment later.
_INDEX_DELAY = _MINUTE
# Where the ledger has no cursor, as in the first run of a deployment.
_FIRST_LOOK_BACK = timedelta(hours=1)
# Where the cursor is in the future, or cannot be read. Longer than the longest life of an attempt,
# and than a clock is ahead without being noticed.
_REPEATED_LOOK_BACK = timedelta(days=2)
# The ledger keeps an attempt for 30 days after the time at which it is overdue.
_LONGEST_LOOK_BACK = timedelta(days=31)
# An attempt that cannot be examined is looked at again after this time.
_PAUSE = timedelta(hours=1)
# The same after an error that every other attempt would meet too.
_OUTAGE = timedelta(minutes=5)
# SQS keeps no message longer, so the notification of a held result is gone by then.
_LONGEST_RETENTION = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class _Worked:
    """An entry after the work on it. An `error` ends the run.

    `again`: the entry must be worked on again, so the cursor stays before it.
    """

    entry: Due
    error: RelayError | None = None
    again: bool = False


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
        """Work from the cursor to now, within the budget. The next run continues where it ended.

        `failure` of the report is the error that ended the run, or that one attempt met.
        """
        report = Report()
        end = Due.of(self._clock.now() - _INDEX_DELAY)
        try:
            cursor = self._position(end, report)
        except RelayError as error:
            _fail(report, "cursor not read", error)
            return report
        self._run(cursor, end, report, self._ledger.move_cursor)
        return report

    def _position(self, end: Due, report: Report) -> Due:
        """Return where the run begins: at the cursor, or back in time without a usable one.

        A run whose clock was ahead leaves the cursor in the future. What becomes overdue until then
        would never be examined.
        """
        try:
            cursor = self._ledger.cursor()
        except UnexpectedError as error:
            return self._look_back(end, report, error)
        if cursor is None:
            return self._begin(Due(end.at - _FIRST_LOOK_BACK))
        if cursor.at > self._clock.now():
            ahead = PermanentError(f"the cursor is in the future, at {cursor.at.isoformat()}")
            return self._look_back(end, report, ahead)
        return cursor

    def _look_back(self, end: Due, report: Report, error: RelayError) -> Due:
        start = self._begin(Due(end.at - _REPEATED_LOOK_BACK))
        _fail(report, "cursor moved back", error, to=start.at.isoformat())
        return start

    def _begin(self, start: Due) -> Due:
        """Write where a run begins, for a run after a failure."""
        self._ledger.move_cursor(start)
        return start

    def between(self, start: datetime, end: datetime) -> Report:
        """Work on what was overdue from `start` to before `end`, without the cursor.

        `failure` of the report is also an error that names the rest of the range, if there is one.
        """
        report = Report()
        last = min(Due.of(end), Due.of(self._clock.now() - _INDEX_DELAY))
        after = self._run(Due.of(start), last, report, lambda _: None)
        if after.at < last.at:
            rest = f"from {after.at.isoformat()} to {end.isoformat()}"
            error = NotTried(f"the range is not searched to its end; continue {rest}")
            report.note(Level.ERROR, "range not done", error=error, cause=report.failure)
            report.failure = error
        return report

    def _run(
        self,
        after: Due,
        end: Due,
        report: Report,
        move_cursor: Callable[[Due], None],
    ) -> Due:
        """Work until the end, or as far as time allows. Return the position."""
        after = max(after, Due.of(self._clock.now() - _LONGEST_LOOK_BACK))
        try:
            for position in self._work(after, end.at, report):
                move_cursor(position)
                after = position
        except RelayError as error:
            _fail(report, "search ended", error)
        report.minutes_behind = max(0, round((end.at - after.at) / _MINUTE))
        return after

    def _work(self, after: Due, end: datetime, report: Report) -> Iterator[Due]:
        """Work on the entries before `end`. Yield each position up to which all are done.

        Raises:
            RelayError: an entry after the last position must be worked on again.
        """
        odd: list[Due] = []

        def examine_also(inference_id: str, error: UnexpectedError) -> None:
            _fail(report, "entry not read", error, inference_id=inference_id)
            odd.append(Due(after.at, inference_id))

        while after.at < end and self._budget.left() >= PAGE_SECONDS:
            stretch_end = min(end, after.at + _STRETCH)
            entries = self._ledger.due(after, stretch_end, examine_also)
            full = True
            while full and self._budget.left() >= PAGE_SECONDS:
                page = list(islice(entries, _PAGE))
                # They have no position. If one must be worked on again, so must the page.
                list(self._work_on(odd, report))
                odd.clear()
                yield from self._work_on(page, report)
                full = len(page) == _PAGE
                after = page[-1] if full else Due(stretch_end)
                yield after

    def _work_on(self, page: Sequence[Due], report: Report) -> Iterator[Due]:
        """Work on a page. If an error ends the run, yield the position before it and raise."""
        work = partial(self._report_overdue, report)
        worked = isolated(work, page, partial(self._set_aside, report)) if page else []
        error = next((each.error for each in worked if each.error is not None), None)
        if error is not None:
            done = [each.entry for each in takewhile(lambda each: not each.again, worked)]
            yield from done[-1:]
            raise error

    def _set_aside(self, report: Report, entry: Due, error: UnexpectedError) -> _Worked:
        """Postpone an attempt that raises an exception that is no RelayError."""
        _fail(report, "attempt not examined", error, inference_id=entry.id)
        report.count(Count.POSTPONED)
        failure = self._postpone([entry], {entry.id: _PAUSE}, report).get(entry.id)
        return _Worked(entry, failure, again=failure is not None)

    def _report_overdue(self, report: Report, page: Sequence[Due]) -> list[_Worked]:
        """Report the overdue attempts of a page, and postpone those that are not to be reported."""
        now = self._clock.now()
        known = self._ledger.look_up([entry.id for entry in page])
        # A renewed attempt is due later, in another entry.
        overdue = [
            attempt
            for attempt in known.values()
            if isinstance(attempt, Attempt)
            and attempt.state is AttemptState.OPEN
            and attempt.due_at <= now
        ]
        held = {attempt.id for attempt in overdue if _is_left(attempt, now)}
        report.count(Count.HELD, len(held))
        findings, errors = search(
            [attempt for attempt in overdue if attempt.id not in held],
            self._storage,
            self._settings,
        )
        failures = {key: item for key, item in known.items() if isinstance(item, RelayError)}
        errors |= {key: item for key, item in failures.items() if isinstance(item, NotUnderstood)}
        again = {key: item for key, item in failures.items() if key not in errors}
        again |= {key: error for key, error in errors.items() if isinstance(error, NotTried)}
        pauses = {
            key: _OUTAGE if error.passes else _PAUSE
            for key, error in errors.items()
            if key not in again
        }
        for key in pauses:
            _fail(report, "attempt not examined", errors[key], inference_id=key)
        report.count(Count.POSTPONED, len(pauses))
        again |= self._send(findings, report)
        again |= self._postpone(page, pauses | dict.fromkeys(held, _LONGEST_RETENTION), report)
        # The other attempts would meet them too.
        outages = {key: error for key, error in errors.items() if error.passes}
        return [
            _Worked(entry, (outages | again).get(entry.id), again=entry.id in again)
            for entry in page
        ]

    def _send(self, findings: Sequence[Finding], report: Report) -> Mapping[str, RelayError]:
        url = self._settings.notification_queue_url
        messages = [finding.to_message(url) for finding in findings]
        unsent = self._outbox.send(messages) if messages else {}
        for finding in findings:
            if finding.attempt.id not in unsent:
                _note(finding, report)
        return unsent

    def _postpone(
        self, page: Sequence[Due], pauses: Mapping[str, timedelta], report: Report
    ) -> Mapping[str, RelayError]:
        """Postpone entries, each by its pause. Return the errors of those to try again, by id.

        One that can never be postponed would keep back all that became overdue later: it is passed.
        """
        again: dict[str, RelayError] = {}
        for pause in sorted(set(pauses.values())):
            entries = [entry for entry in page if pauses.get(entry.id) == pause]
            failures = self._ledger.postpone(entries, self._clock.now() + pause)
            for key, error in failures.items():
                if isinstance(error, PermanentError | UnexpectedError):
                    _fail(report, "attempt passed, not postponed", error, inference_id=key)
                else:
                    again[key] = error
        return again


def _is_left(attempt: Attempt, now: datetime) -> bool:
    """Whether the notification of a held result is still on its queue, and will be delivered."""
    return attempt.held is not None and now < attempt.due_at + _LONGEST_RETENTION


def _fail(report: Report, text: str, error: RelayError, **fields: object) -> None:
    report.failure = report.failure or error
    report.count(Count.ACCESS_DENIED, isinstance(error, AccessDenied))
    report.count(Count.BROKEN, isinstance(error, NotUnderstood))
    report.note(Level.ERROR, text, **fields, error=error)


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
