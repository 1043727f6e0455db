"""Folds dispositions into the report. Facts without a disposition go directly into the report."""

from collections.abc import Iterable
from typing import assert_never

from relay.delivery.dispositions import (
    Broken,
    Disposition,
    Duplicate,
    Ignored,
    Invalid,
    Newer,
    NotParked,
    NotRouted,
    NotSent,
    Parked,
    Queued,
    Rejected,
    Retried,
    Routed,
    Submitted,
    TryAgain,
)
from relay.delivery.report import Count, Level, Report
from relay.errors import AccessDenied, NotUnderstood, RelayError, UnexpectedError
from relay.model import Attempt, Delivery, Job, Outcome, RequestState

_ROUTED = {
    Outcome.COMPLETED: Count.COMPLETED,
    Outcome.FAILED: Count.FAILED,
    Outcome.EXPIRED: Count.EXPIRED,
    Outcome.REJECTED: Count.REJECTED,
}


def conclude(dispositions: Iterable[Disposition], report: Report) -> None:
    """Fold the dispositions into `report`."""
    for each in dispositions:
        match each:
            case Ignored():
                report.count(Count.IGNORED, each.number)
            case Parked(delivery, reason):
                report.count(Count.PARKED)
                _unreadable(Level.WARNING, "parked", delivery, reason, report)
            case NotParked():
                _not_parked(each, report)
            case Invalid(delivery, number, reason):
                report.count(Count.INVALID)
                report.answer(None, "invalid", number, reason=reason)
                _unreadable(Level.ERROR, "invalid", delivery, reason, report)
            case Broken():
                _broken(each, report)
            case Newer(delivery, error):
                report.give_back(delivery)
                _count_errors(report, error)
                message_id = delivery.message_id
                report.note(Level.ERROR, "message not read", message_id=message_id, error=error)
            case Duplicate():
                _duplicate(each, report)
            case Submitted():
                _submitted(each, report)
            case Rejected(job, reason):
                report.count(Count.REFUSED)
                report.answer(job.request.id, "rejected", job.request.number, reason=reason)
                report.note(Level.WARNING, "rejected", **_ids(job), reason=reason)
            case TryAgain():
                _try_again(each, report)
            case Queued(job, error):
                _put_off(job, error, report)
                report.answer(job.request.id, "queued", job.request.number)
            case Routed():
                _ended(each, "routed", _ROUTED[each.notification.outcome], report)
            case Retried():
                _ended(each, "retried", Count.RETRIED, report)
            case NotRouted():
                _not_routed(each, report)
            case NotSent():
                _not_sent(each, report)
            case _:
                assert_never(each)


def _unreadable(level: Level, text: str, delivery: Delivery, reason: str, report: Report) -> None:
    report.note(level, text, message_id=delivery.message_id, reason=reason)


def _not_routed(end: NotRouted, report: Report) -> None:
    report.give_back(end.delivery)
    if end.error is not None:
        _count_errors(report, end.error)
        inference_id = end.notification.inference_id
        report.note(Level.ERROR, end.problem, inference_id=inference_id, error=end.error)


def _broken(end: Broken, report: Report) -> None:
    _count_errors(report, end.error)
    ids = {"message_id": end.delivery.message_id, "inference_id": end.inference_id}
    report.note(Level.ERROR, "unexpected error", **ids, error=end.error)
    if end.comes_again:
        report.give_back(end.delivery)


def _not_parked(end: NotParked, report: Report) -> None:
    report.give_back(end.delivery)
    text = "unreadable" if end.error is None else "could not be parked"
    message_id = end.delivery.message_id
    report.note(Level.ERROR, text, message_id=message_id, reason=end.reason, error=end.error)


def _duplicate(end: Duplicate, report: Report) -> None:
    report.count(Count.DUPLICATE)
    if end.request_id is not None:
        report.answer(end.request_id, "duplicate", end.number, **_known(end.existing))
    report.note(Level.INFO, "duplicate", inference_id=end.inference_id, request_id=end.request_id)


def _known(existing: Attempt | None) -> dict[str, str]:
    """Return what a caller learns of the attempt in the ledger."""
    if existing is None:
        return {}
    state = existing.request_state
    # Until then SageMaker may end it, also if it did not answer the call.
    due = {"due_at": existing.due_at.isoformat()} if state is RequestState.SUBMITTED else {}
    return {"state": state.value, **due}


def _submitted(end: Submitted, report: Report) -> None:
    job = end.job
    report.count(Count.SUBMITTED)
    request, location = job.request, end.output_location
    report.answer(request.id, "submitted", request.number, output_location=location)
    report.note(Level.DEBUG, "submitted", **_ids(job), input_location=request.location)
    if end.unwritten is not None:
        # The notification has the location too. Only reconcile would miss the output.
        _count_errors(report, end.unwritten)
        level = Level.ERROR if isinstance(end.unwritten, UnexpectedError) else Level.INFO
        text = "output location not written"
        report.note(level, text, inference_id=job.attempt.id, error=end.unwritten)


def _try_again(end: TryAgain, report: Report) -> None:
    job, failure = end.job, end.failure
    _put_off(job, end.error, report)
    report.give_back(job.delivery)
    if end.claim_kept and failure is not None:
        text = "claim not released"
        report.note(Level.WARNING, text, inference_id=job.attempt.id, error=failure)
    if not job.delivery.queued:
        text = "request must be repeated" if end.claim_kept else "request could not be queued"
        report.note(Level.ERROR, text, request_id=job.request.id, error=failure or end.error)


def _put_off(job: Job, error: RelayError | None, report: Report) -> None:
    if error is None:
        return
    _count_errors(report, error)
    level = Level.INFO if error.passes else Level.ERROR
    report.note(level, "deferred", **_ids(job), error=error)


def _ended(end: Routed | Retried, text: str, count: Count, report: Report) -> None:
    notification = end.notification
    report.count(count)
    report.note(
        Level.DEBUG if count is Count.COMPLETED else Level.WARNING,
        text,
        inference_id=notification.inference_id,
        request_id=end.request_id,
        outcome=notification.outcome,
        reason=notification.failure_reason,
    )


def _not_sent(end: NotSent, report: Report) -> None:
    inference_id, routes = end.notification.inference_id, ", ".join(end.errors) or None
    error, *_ = end.errors.values()
    report.give_back(end.delivery)
    report.count(Count.HELD, end.held)
    _count_errors(report, *end.errors.values())
    text = "result not sent" if end.held else "retry not sent"
    report.note(Level.ERROR, text, inference_id=inference_id, routes=routes, error=error)
    if end.unwritten is not None:
        text = "deliveries not recorded"
        report.note(Level.ERROR, text, inference_id=inference_id, error=end.unwritten)


def _count_errors(report: Report, *errors: RelayError) -> None:
    report.count(Count.ACCESS_DENIED, any(isinstance(error, AccessDenied) for error in errors))
    report.count(Count.BROKEN, any(isinstance(error, NotUnderstood) for error in errors))


def _ids(job: Job) -> dict[str, object]:
    return {"inference_id": job.attempt.id, "request_id": job.request.id}
