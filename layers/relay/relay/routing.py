"""Routing: every notification becomes one result on a downstream queue.

Look up, send, mark, in this order. Marking first would lose the result in a crash; sending first
can only repeat it, and a FIFO queue drops a repeat with the same id within five minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from relay.calls import write_call
from relay.errors import AccessDenied, RelayError
from relay.failures import FailureClass, classify_failure, retry_delay_seconds
from relay.ids import request_id_of_caller
from relay.model import (
    Attempt,
    AttemptState,
    Closing,
    Delivery,
    Incoming,
    InferenceRequest,
    Notification,
    Outcome,
    OutgoingMessage,
)
from relay.parking import Parking
from relay.ports import Clock, Ledger, Outbox
from relay.report import Count, Level, Report
from relay.result import Result
from relay.settings import RouteSettings
from relay.target import Addressed, Target, TargetKind
from relay.trust import distrust

# What one look-up reads, and so what is at stake when time runs out.
_CHUNK = 100


@dataclass(frozen=True, slots=True)
class _Finished:
    """A notification with the delivery that brought it and what the ledger knows."""

    delivery: Delivery
    notification: Notification
    attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What to send for a notification and how to close its attempt once that is sent."""

    finished: _Finished
    message: OutgoingMessage
    closing: Closing


class Route:
    """The use case of the route function."""

    def __init__(
        self, settings: RouteSettings, ledger: Ledger, outbox: Outbox, clock: Clock
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._outbox = outbox
        self._clock = clock
        self._parking = Parking(outbox, clock, settings.dead_letter_queue_url, "route")

    def __call__(self, incoming: Sequence[Incoming[Notification]], until: datetime) -> Report:
        """Works on a batch until it is done or time runs out; the rest is given back."""
        report = Report()
        self._parking.park_unreadable(incoming, report)
        report.count(Count.IGNORED, sum(item.ignored for item in incoming))
        readable = [(item.delivery, content) for item in incoming for content in item.contents]
        for start in range(0, len(readable), _CHUNK):
            chunk = readable[start : start + _CHUNK]
            if self._clock.now() >= until:
                for delivery, _ in chunk:
                    report.give_back(delivery)
            else:
                self._work(chunk, report)
        return report

    def _work(self, chunk: Sequence[tuple[Delivery, Notification]], report: Report) -> None:
        believed = self._believed(self._looked_up(chunk, report), report)
        decisions = [self._decide(finished) for finished in believed]
        unsent = self._outbox.send([decision.message for decision in decisions])
        sent = []
        for decision in decisions:
            error = unsent.get(decision.message.key)
            if error is None:
                sent.append(decision)
            else:
                _give_back(decision.finished, "not sent", error, report)
        self._mark(sent, report)

    def _looked_up(
        self, chunk: Sequence[tuple[Delivery, Notification]], report: Report
    ) -> list[_Finished]:
        try:
            known = self._ledger.look_up([_ledger_id(content) for _, content in chunk])
        except RelayError as error:
            for delivery, notification in chunk:
                _give_back(_Finished(delivery, notification, None), "not looked up", error, report)
            return []
        return [
            _Finished(delivery, content, known.get(_ledger_id(content)))
            for delivery, content in chunk
        ]

    def _believed(self, chunk: Sequence[_Finished], report: Report) -> list[_Finished]:
        """Without what is not ours, which is parked, and duplicates, which are acknowledged.

        In this order: a forged notification must not pass for the first of two.
        """
        believed: dict[str, _Finished] = {}
        unwanted = []
        for finished in chunk:
            problem = distrust(finished.notification, finished.attempt, self._settings)
            if problem is not None:
                unwanted.append((finished.delivery, problem))
            elif finished.attempt and finished.attempt.state is not AttemptState.OPEN:
                _duplicate(finished.notification, report)
            elif _ledger_id(finished.notification) in believed:
                # Twice in one batch is one result; the first message answers for it.
                _duplicate(finished.notification, report)
            else:
                believed[_ledger_id(finished.notification)] = finished
        self._parking.park(unwanted, report)
        return list(believed.values())

    def _decide(self, finished: _Finished) -> _Decision:
        now = self._clock.now()
        attempt, notification = finished.attempt, finished.notification
        if attempt is not None and self._worth_another_try(attempt, notification):
            closing = Closing(attempt, AttemptState.RETRIED, now)
            return _Decision(finished, self._retry(attempt), closing)
        closed = attempt or _untracked(notification, now)
        result = Result(
            request_id=closed.request_id,
            notification=notification,
            attempt=attempt,
            endpoint_arn=self._settings.endpoint_arn,
            routed_at=now,
        )
        completed = notification.outcome is Outcome.COMPLETED
        settings = self._settings
        target = settings.completed_queue_url if completed else settings.failed_queue_url
        message = result.to_message(
            Addressed(
                route="completed" if completed else "otherwise",
                target=Target(target, TargetKind.FIFO_QUEUE),
                group=result.request_id,
            )
        )
        closing = Closing(closed, notification.outcome.state, now, tracked=attempt is not None)
        return _Decision(finished, message, closing)

    def _worth_another_try(self, attempt: Attempt, notification: Notification) -> bool:
        # An inline body is kept nowhere, so only an uploaded input can be submitted again.
        if attempt.number >= self._settings.max_attempts or attempt.location is None:
            return False
        return notification.outcome is Outcome.EXPIRED or (
            notification.outcome is Outcome.FAILED
            and classify_failure(notification.failure_reason) is FailureClass.TRANSIENT
        )

    def _retry(self, attempt: Attempt) -> OutgoingMessage:
        """The call that submits the next attempt, which waits in the queue for its time."""
        request = InferenceRequest(
            id=attempt.request_id,
            location=attempt.location,
            version_id=attempt.version_id,
            content_type=attempt.content_type,
            accept=attempt.accept,
            custom_attributes=attempt.custom_attributes,
            ttl_seconds=attempt.ttl_seconds,
            timeout_seconds=attempt.timeout_seconds,
            requested_at=attempt.requested_at,
            attempt=attempt.number + 1,
        )
        return OutgoingMessage(
            key=attempt.id,
            address=self._settings.submit_queue_url,
            body=write_call(request),
            delay_seconds=retry_delay_seconds(attempt.number, self._settings.retry_delay_seconds),
        )

    def _mark(self, sent: Sequence[_Decision], report: Report) -> None:
        unmarked = self._ledger.close([decision.closing for decision in sent]) if sent else {}
        for decision in sent:
            error = unmarked.get(decision.closing.attempt.id)
            if error is None:
                _routed(decision, report)
            else:
                # It was sent; the queue drops the repeat that the redelivery will send.
                _give_back(decision.finished, "not marked", error, report)


def _ledger_id(notification: Notification) -> str:
    """The attempt's id. Other people's ids may be anything, even the name of another item."""
    return request_id_of_caller(notification.inference_id)


def _untracked(notification: Notification, now: datetime) -> Attempt:
    """The item for an inference that somebody else submitted, so that it is routed once too."""
    own_id = _ledger_id(notification)
    return Attempt(
        id=own_id,
        request_id=own_id,
        number=1,
        claimed_by="",
        endpoint=notification.endpoint,
        submitted_at=notification.received_at or now,
        due_at=now,
        location=notification.location,
        content_type=notification.content_type,
        output_location=notification.output_location,
    )


def _duplicate(notification: Notification, report: Report) -> None:
    report.count(Count.DUPLICATE)
    report.note(Level.INFO, "duplicate", inference_id=notification.inference_id)


def _give_back(finished: _Finished, text: str, error: RelayError, report: Report) -> None:
    report.give_back(finished.delivery)
    report.count(Count.ACCESS_DENIED, isinstance(error, AccessDenied))
    report.note(
        Level.ERROR, text, inference_id=finished.notification.inference_id, error=str(error)
    )


def _routed(decision: _Decision, report: Report) -> None:
    notification, closing = decision.finished.notification, decision.closing
    counts = {
        AttemptState.COMPLETED: Count.COMPLETED,
        AttemptState.FAILED: Count.FAILED,
        AttemptState.EXPIRED: Count.EXPIRED,
        AttemptState.REJECTED: Count.REJECTED,
        AttemptState.RETRIED: Count.RETRIED,
    }
    report.count(counts[closing.state])
    good = closing.state is AttemptState.COMPLETED
    report.note(
        Level.DEBUG if good else Level.WARNING,
        "routed" if closing.state is not AttemptState.RETRIED else "tried again",
        inference_id=notification.inference_id,
        request_id=closing.attempt.request_id,
        outcome=notification.outcome.value,
        reason=notification.failure_reason,
    )
