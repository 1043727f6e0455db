"""Decisions of route: the messages to send for a notification, and the end of its attempt."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from relay.delivery.dispositions import Broken, NotRouted
from relay.delivery.isolation import unexpected
from relay.delivery.report import Count, Level, Report
from relay.errors import UnexpectedError
from relay.events.direct_calls import write_call
from relay.ids import request_id_of_inference
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
from relay.ports import Clock
from relay.route.failures import (
    FailureClass,
    classify_failure,
    full_reason,
    retry_delay_seconds,
)
from relay.route.result import Result
from relay.routes.compiled import Routes
from relay.settings import RouteSettings

# Seconds of the evaluation of the routes (docs/reference/time-budget.md). Usual routes take
# milliseconds for a batch. A document may have tens of expressions that take all of their steps.
DECIDE_SECONDS: Final = 3


@dataclass(frozen=True, slots=True)
class Finished:
    """A notification, its delivery, and its attempt where the ledger has one."""

    delivery: Delivery
    notification: Notification
    attempt: Attempt | None

    @property
    def ledger_id(self) -> str:
        if self.attempt is not None:
            return self.attempt.id
        return foreign_id(self.notification)


@dataclass(frozen=True, slots=True)
class Decision:
    """The messages for a notification, and the closing of its attempt once all of them are sent.

    Each message is with the name of its route, "" for a retry. There are none when every route
    that matches delivered the result before. `result` is None for a retry.
    """

    finished: Finished
    messages: tuple[tuple[str, OutgoingMessage], ...]
    closing: Closing
    result: Result | None = None

    @property
    def held(self) -> Held | None:
        """Which routes delivered the result before; None where none is recorded."""
        return None if self.finished.attempt is None else self.finished.attempt.held


def broken(delivery: Delivery, notification: Notification, error: UnexpectedError) -> Broken:
    return Broken(delivery, error, notification.inference_id)


def foreign_id(notification: Notification) -> str:
    """Return the ledger's id of an inference that the relay did not submit."""
    return request_id_of_inference(notification.inference_id, notification.received_at)


def decide(
    finished: Iterable[Finished],
    routes: Routes,
    settings: RouteSettings,
    clock: Clock,
    report: Report,
) -> tuple[list[Decision], list[Broken | NotRouted]]:
    """Return one decision for each notification, in the order of their ends, for FIFO groups.

    A notification that cannot be decided on is broken. Those for which the time is over come again;
    the first one is always decided on, so that no document keeps route from going on.

    Each delivery of a notification evaluates the routes again, so a corrected document applies to
    held results too. A route that delivered the result before does not send it again.
    """
    now = clock.now()
    ends_at = now + timedelta(seconds=DECIDE_SECONDS)
    problems: Counter[tuple[str, str]] = Counter()
    decisions: list[Decision] = []
    undecided: list[Broken | NotRouted] = []
    late: list[NotRouted] = []
    for each in sorted(finished, key=lambda each: each.notification.finished_at or now):
        if (decisions or undecided) and clock.now() >= ends_at:
            late.append(NotRouted(each.delivery, each.notification))
            continue
        if each.notification.left_out:
            report.note(
                Level.WARNING,
                "members of a notification left out",
                inference_id=each.notification.inference_id,
                problems="; ".join(each.notification.left_out),
            )
        try:
            if _worth_another_try(each, settings):
                decisions.append(_retry(each, settings, now))
            else:
                decisions.append(_result(each, routes, settings, now, problems))
        except Exception as error:
            undecided.append(broken(each.delivery, each.notification, unexpected(error)))
    _note_problems(problems, len(late), report)
    return decisions, [*undecided, *late]


def _note_problems(problems: Counter[tuple[str, str]], late: int, report: Report) -> None:
    report.count(Count.ROUTE_NOT_EVALUATED, problems.total())
    for (route, problem), results in problems.items():
        report.note(
            Level.WARNING,
            "a route could not be evaluated",
            route=route,
            problem=problem,
            results=str(results),
        )
    if late:
        text = "the routes take too long: results come again"
        report.note(Level.WARNING, text, results=str(late))


def _worth_another_try(finished: Finished, settings: RouteSettings) -> bool:
    attempt, notification = finished.attempt, finished.notification
    # The relay stores no inline body, and does not retry inferences that it did not submit.
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
    """Decide on the next attempt: a call to the submit queue, with a delay."""
    attempt = finished.attempt
    assert attempt is not None  # noqa: S101 - see _worth_another_try
    request = InferenceRequest(
        id=attempt.request_id,
        location=attempt.location,
        version_id=attempt.version_id,
        etag=attempt.etag,
        content_type=attempt.content_type,
        accept=attempt.accept,
        custom_attributes=attempt.custom_attributes,
        ttl_seconds=attempt.ttl_seconds,
        timeout_seconds=attempt.timeout_seconds,
        requested_at=attempt.requested_at,
        attempt=attempt.number + 1,
        resubmission_of=attempt.resubmission_of,
    )
    message = OutgoingMessage(
        key=attempt.id,
        address=settings.submit_queue_url,
        body=write_call(request),
        delay_seconds=retry_delay_seconds(attempt.number, settings.retry_delay_seconds),
    )
    reason = full_reason(finished.notification)
    closing = Closing(attempt, AttemptState.RETRIED, now, reason=reason)
    return Decision(finished, (("", message),), closing)


def _result(
    finished: Finished,
    routes: Routes,
    settings: RouteSettings,
    now: datetime,
    problems: Counter[tuple[str, str]],
) -> Decision:
    """Decide on the result: a message for each matching route that has not delivered it."""
    notification, attempt = finished.notification, finished.attempt
    closed = attempt or _untracked(finished, now)
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
    closing = Closing(
        closed,
        notification.outcome.state,
        now,
        known=attempt is not None,
        reason=full_reason(notification),
        delivered=(*delivered, *(route for route, _ in messages)),
    )
    return Decision(finished, tuple(messages), closing, result)


def _untracked(finished: Finished, now: datetime) -> Attempt:
    """Return the item for an inference that the relay did not submit, to route it once."""
    notification = finished.notification
    return Attempt(
        id=finished.ledger_id,
        request_id=finished.ledger_id,
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
