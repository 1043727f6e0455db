"""Decisions of route: what to send for a notification, and how its attempt then ends."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay.events.direct_calls import write_call
from relay.ids import request_id_of_caller
from relay.model import (
    Attempt,
    AttemptState,
    Closing,
    Delivery,
    Held,
    InferenceRequest,
    Notification,
    Outcome,
    OutgoingMessage,
)
from relay.report import Count, Level, Report
from relay.route.failures import FailureClass, classify_failure, retry_delay_seconds
from relay.route.result import Result
from relay.routes.compiled import Routes
from relay.settings import RouteSettings


@dataclass(frozen=True, slots=True)
class Finished:
    """A notification with the delivery that brought it and what the ledger knows."""

    delivery: Delivery
    notification: Notification
    attempt: Attempt | None

    @property
    def ledger_id(self) -> str:
        return ledger_id(self.notification)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to send for a notification and how to close its attempt once all of it is sent.

    Each message goes with the name of its route; a retry's has none. There is nothing to send when
    every route that matches has the result from an earlier try. `result` is what the messages tell;
    a retry has none.
    """

    finished: Finished
    messages: tuple[tuple[str, OutgoingMessage], ...]
    closing: Closing
    result: Result | None = None

    @property
    def held(self) -> Held | None:
        """What the ledger remembers of earlier tries."""
        return None if self.finished.attempt is None else self.finished.attempt.held


def ledger_id(notification: Notification) -> str:
    """The attempt's id. Other people's ids may be anything, even the name of another item."""
    return request_id_of_caller(notification.inference_id)


def decide(
    finished: Iterable[Finished],
    routes: Routes,
    settings: RouteSettings,
    now: datetime,
    report: Report,
) -> list[Decision]:
    """One decision for each, in the order in which they ended: FIFO groups keep it.

    Routes are evaluated at every try, so that a corrected document helps what is held.
    What a route of the same name has delivered before is not sent again.
    """
    problems: Counter[tuple[str, str]] = Counter()
    decisions = []
    for each in sorted(finished, key=lambda each: each.notification.finished_at or now):
        if _worth_another_try(each, settings):
            decisions.append(_retry(each, settings, now))
        else:
            decisions.append(_result(each, routes, settings, now, problems))
    report.count(Count.ROUTE_NOT_EVALUATED, problems.total())
    for (route, problem), results in problems.items():
        report.note(
            Level.WARNING,
            "a route could not be evaluated",
            route=route,
            problem=problem,
            results=str(results),
        )
    return decisions


def _worth_another_try(finished: Finished, settings: RouteSettings) -> bool:
    attempt, notification = finished.attempt, finished.notification
    # An inline body is kept nowhere, and what others submitted is theirs: only an upload of our
    # own can be submitted again.
    if attempt is None or not attempt.tracked or attempt.location is None:
        return False
    if attempt.held is not None and attempt.held.delivered:
        return False
    if attempt.number >= settings.max_attempts:
        return False
    return notification.outcome is Outcome.EXPIRED or (
        notification.outcome is Outcome.FAILED
        and classify_failure(notification.failure_reason) is FailureClass.TRANSIENT
    )


def _retry(finished: Finished, settings: RouteSettings, now: datetime) -> Decision:
    """The call that submits the next attempt, which waits in the queue for its time."""
    attempt = finished.attempt
    assert attempt is not None  # noqa: S101 - see _worth_another_try
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
    message = OutgoingMessage(
        key=attempt.id,
        address=settings.submit_queue_url,
        body=write_call(request),
        delay_seconds=retry_delay_seconds(attempt.number, settings.retry_delay_seconds),
    )
    return Decision(finished, (("", message),), Closing(attempt, AttemptState.RETRIED, now))


def _result(
    finished: Finished,
    routes: Routes,
    settings: RouteSettings,
    now: datetime,
    problems: Counter[tuple[str, str]],
) -> Decision:
    """The result, to every route that matches and has not had it yet."""
    notification, attempt = finished.notification, finished.attempt
    closed = attempt or _untracked(notification, now)
    result = Result(
        request_id=closed.request_id,
        notification=notification,
        attempt=attempt if attempt and attempt.tracked else None,
        endpoint_arn=settings.endpoint_arn,
        routed_at=now,
    )
    delivered: Sequence[str] = attempt.held.delivered if attempt and attempt.held else ()
    messages = []
    for verdict in routes.weigh(result.document()):
        if verdict.problem is not None:
            problems[verdict.route, verdict.problem] += 1
        if verdict.addressed is not None and verdict.route not in delivered:
            messages.append((verdict.route, result.to_message(verdict.addressed)))
    closing = Closing(closed, notification.outcome.state, now, known=attempt is not None)
    return Decision(finished, tuple(messages), closing, result)


def _untracked(notification: Notification, now: datetime) -> Attempt:
    """The item for an inference that others submitted, so that it is routed once too."""
    own_id = ledger_id(notification)
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
        tracked=False,
    )
