"""Routing: each notification becomes one result, for each target of its routes.

The order is: look up, send, close. Closing first would lose the result in a crash; sending first
can only repeat it, and a FIFO target drops a repeat with the same id within five minutes.

A result that did not arrive at every target is held: the ledger records the routes that delivered
it, SQS delivers the notification again after a growing delay, and route sends the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TypeVar

from relay.budget import Budget
from relay.delivery.backoff import SECONDS as DELAY_SECONDS
from relay.delivery.backoff import back_off
from relay.delivery.conclude import conclude
from relay.delivery.dispositions import (
    Broken,
    Disposition,
    Duplicate,
    NotParked,
    NotRouted,
    NotSent,
    Retried,
    Routed,
)
from relay.delivery.isolation import answers, as_relay_error, isolated
from relay.delivery.parking import TRIES, Parking, sort_out
from relay.delivery.report import Report
from relay.errors import MessageTooLong, RelayError, TransientError, UnexpectedError
from relay.model import (
    Attempt,
    AttemptState,
    Closing,
    Delivery,
    Holding,
    Incoming,
    Notification,
)
from relay.ports import Clock, Inbox, Ledger, Outbox, RoutesSource
from relay.route.decisions import DECIDE_SECONDS, Decision, Finished, broken, decide
from relay.route.held_results import after_sending, before_sending, is_late
from relay.route.look_up import look_up
from relay.route.trust import distrust, mistaken_output
from relay.settings import RouteSettings

_Write = TypeVar("_Write", Closing, Holding)

# Attempts that one ledger call reads.
_CHUNK = 100

# Seconds of the phases of a chunk (docs/reference/time-budget.md). A chunk is begun only if all of
# them are left, so that what it sends is marked.
LOOK_UP_SECONDS = 7
ROUTES_SECONDS = 3
SEND_SECONDS = 7
MARK_SECONDS = 10
_TO_THE_END_SECONDS = DECIDE_SECONDS + SEND_SECONDS + MARK_SECONDS
_CHUNK_SECONDS = LOOK_UP_SECONDS + ROUTES_SECONDS + _TO_THE_END_SECONDS


class Route:
    """The use case of the route function."""

    def __init__(
        self,
        settings: RouteSettings,
        routes: RoutesSource,
        ledger: Ledger,
        outbox: Outbox,
        inbox: Inbox,
        clock: Clock,
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._ledger = ledger
        self._outbox = outbox
        self._inbox = inbox
        self._clock = clock
        self._budget = budget
        self._parking = Parking(outbox, clock, settings.dead_letter_queue_url, "route")
        self._unwritten = False  # whether the last write of the ledger failed

    def __call__(self, incoming: Sequence[Incoming[Notification]]) -> Report:
        """Route a batch. Notifications for which too little time is left are returned."""
        report = Report()
        conclude(self.dispose(incoming, report), report)
        back_off(report, self._inbox, self._clock.now())
        return report

    def dispose(
        self, incoming: Sequence[Incoming[Notification]], report: Report
    ) -> list[Disposition]:
        """Return the disposition of each notification, and of each delivery without one.

        Problems of the routes go into `report`.
        """
        readable = [(item.delivery, content) for item in incoming for content in item.contents]
        # A report of the relay can be an assumption: SageMaker's notification decides.
        readable.sort(key=lambda each: each[1].from_relay)

        def work(chunk: Sequence[tuple[Delivery, Notification]]) -> list[Disposition]:
            if self._budget.left() < _CHUNK_SECONDS:
                return [NotRouted(*each) for each in chunk]
            return self._route(chunk, report)

        with self._budget.reserving(DELAY_SECONDS):
            dispositions = sort_out(incoming)
            for start in range(0, len(readable), _CHUNK):
                chunk = readable[start : start + _CHUNK]
                dispositions += isolated(work, chunk, lambda each, error: broken(*each, error))
            return self._parking.settle(dispositions)

    def _route(
        self, chunk: Sequence[tuple[Delivery, Notification]], report: Report
    ) -> list[Disposition]:
        reserving = self._budget.reserving
        with reserving(ROUTES_SECONDS + _TO_THE_END_SECONDS + DELAY_SECONDS):
            known = look_up([content for _, content in chunk], self._ledger)
            believed, dispositions = self._believed(chunk, known)
        if not believed:
            return dispositions
        with reserving(_TO_THE_END_SECONDS + DELAY_SECONDS):
            try:
                routes = self._routes.current(report)
            except Exception as error:
                # Also after an unexpected error: no notification is to blame, so none is parked.
                why = as_relay_error(error, "read the routes")
                return dispositions + [
                    NotRouted(each.delivery, each.notification, "no valid routes", why)
                    for each in believed
                ]
        decisions, undecided = decide(believed, routes, self._settings, self._clock, report)
        dispositions += undecided
        with reserving(SEND_SECONDS + MARK_SECONDS + DELAY_SECONDS):
            decisions, unwritten = self._write_ahead(decisions)
        dispositions += unwritten
        with reserving(MARK_SECONDS + DELAY_SECONDS):
            unsent = self._send(decisions)
        errors = [(decision, _errors(decision, unsent)) for decision in decisions]
        dispositions += self._mark([decision for decision, missing in errors if not missing])
        dispositions += self._hold([each for each in errors if each[1]])
        return dispositions

    def _believed(
        self,
        chunk: Sequence[tuple[Delivery, Notification]],
        known: Sequence[Attempt | RelayError | None],
    ) -> tuple[list[Finished], list[Disposition]]:
        """Sort out notifications whose attempt was not read, that are not trusted, and duplicates.

        In this order: otherwise the true notification could be the duplicate of a forged one.
        """
        believed: dict[str, Finished] = {}
        dispositions: list[Disposition] = []
        for (delivery, notification), attempt in zip(chunk, known, strict=True):
            if isinstance(attempt, RelayError):
                unread = Finished(delivery, notification, None)
                dispositions.append(_not_routed(unread, "attempt not looked up", attempt))
                continue
            finished = Finished(delivery, notification, attempt)
            problem = distrust(notification, attempt, self._settings)
            mistake = None if problem else mistaken_output(notification, attempt)
            if problem is not None:
                dispositions.append(NotParked(delivery, problem))
            elif mistake is not None:
                dispositions.append(_mistaken(finished, mistake))
            elif _ended(finished) or finished.ledger_id in believed:
                # Two notifications of one attempt in a batch make one result.
                dispositions.append(Duplicate(delivery, notification.inference_id))
            else:
                believed[finished.ledger_id] = finished
        return list(believed.values()), dispositions

    def _write_ahead(
        self, decisions: Sequence[Decision]
    ) -> tuple[list[Decision], list[Disposition]]:
        """Hold the results that earlier deliveries may have sent; leave out what is not held then.

        Nothing is recorded of them: the function crashed, or the ledger takes no writes. In the
        second case, each delivery of a notification would repeat its result.
        """
        late = [each for each in decisions if is_late(each, unwritten=self._unwritten)]
        failures = self._write(self._ledger.hold, [before_sending(each) for each in late])
        written = {each.closing.attempt.id for each in late} - failures.keys()
        ahead: list[Decision] = []
        unwritten: list[Disposition] = []
        for decision in decisions:
            inference_id = decision.closing.attempt.id
            if inference_id in failures:
                error = failures[inference_id]
                unwritten.append(_not_routed(decision.finished, "result not held", error))
            elif inference_id in written:
                ahead.append(replace(decision, closing=replace(decision.closing, known=True)))
            else:
                ahead.append(decision)
        return ahead, unwritten

    def _write(
        self, write: Callable[[Sequence[_Write]], Mapping[str, RelayError]], what: Sequence[_Write]
    ) -> Mapping[str, RelayError]:
        """Write into the ledger. Return the errors by the ids of attempts."""
        failures = answers(write, what, lambda each: each.attempt.id)
        if what:
            self._unwritten = bool(failures)
        return failures

    def _send(self, decisions: Sequence[Decision]) -> Mapping[str, RelayError]:
        """Send all messages. Return the errors by message key.

        A target with a lower limit than its kind gets the result without the model's response.
        """
        messages = [message for decision in decisions for _, message in decision.messages]
        unsent = answers(self._outbox.send, messages, attrgetter("key"))
        shorter = [
            short
            for decision in decisions
            for _, message in decision.messages
            if isinstance(unsent.get(message.key), MessageTooLong)
            and decision.result is not None
            and (short := decision.result.shortened(message)) is not None
        ]
        if not shorter:
            return unsent
        tried = {message.key for message in shorter}
        left = {key: error for key, error in unsent.items() if key not in tried}
        return left | dict(answers(self._outbox.send, shorter, attrgetter("key")))

    def _mark(self, sent: Sequence[Decision]) -> list[Disposition]:
        # On failure the redelivery sends the result again, and a FIFO target drops the repeat.
        unmarked = self._write(self._ledger.close, [decision.closing for decision in sent])
        return [
            _routed(decision)
            if (error := unmarked.get(decision.closing.attempt.id)) is None
            else _not_routed(decision.finished, "attempt not closed", error)
            for decision in sent
        ]

    def _hold(
        self, unfinished: Sequence[tuple[Decision, Mapping[str, RelayError]]]
    ) -> list[Disposition]:
        """Record which routes delivered their results, and return the notifications.

        A retry is not recorded. On failure the redelivery sends to every route again, as after a
        crash.
        """
        holdings = [
            holding
            for decision, errors in unfinished
            if decision.result is not None
            and (holding := after_sending(decision, errors)).held != decision.held
        ]
        failures = self._write(self._ledger.hold, holdings)
        return [
            _not_sent(decision, errors, failures.get(decision.closing.attempt.id))
            for decision, errors in unfinished
        ]


def _errors(decision: Decision, unsent: Mapping[str, RelayError]) -> dict[str, RelayError]:
    """Return the errors of a decision's messages, by the names of their routes."""
    return {
        route: unsent[message.key] for route, message in decision.messages if message.key in unsent
    }


def _ended(finished: Finished) -> bool:
    """Whether the attempt is closed, or targets have its result with another outcome."""
    attempt = finished.attempt
    if attempt is None:
        return False
    begun_as = attempt.held.outcome if attempt.held and attempt.held.delivered else None
    another = begun_as is not None and begun_as is not finished.notification.outcome
    return another or attempt.state is not AttemptState.OPEN


def _mistaken(finished: Finished, mistake: str) -> NotRouted | NotParked:
    """Wait until the ledger has the output's location, where it may come yet."""
    delivery = finished.delivery
    if not delivery.queued or delivery.receive_count >= TRIES:
        return NotParked(delivery, mistake)
    text = "output location not in the ledger"
    return NotRouted(delivery, finished.notification, text, TransientError(mistake))


def _not_routed(finished: Finished, problem: str, error: RelayError) -> NotRouted | Broken:
    if isinstance(error, UnexpectedError):
        return broken(finished.delivery, finished.notification, error)
    return NotRouted(finished.delivery, finished.notification, problem, error)


def _not_sent(
    decision: Decision, errors: Mapping[str, RelayError], unwritten: RelayError | None
) -> NotSent | Broken:
    finished = decision.finished
    unexpected = [error for error in errors.values() if isinstance(error, UnexpectedError)]
    if len(unexpected) == len(errors) and unwritten is None:
        return broken(finished.delivery, finished.notification, unexpected[0])
    held = decision.result is not None
    return NotSent(finished.delivery, finished.notification, errors, held, unwritten)


def _routed(decision: Decision) -> Routed | Retried:
    made = Retried if decision.result is None else Routed
    finished, attempt = decision.finished, decision.closing.attempt
    return made(finished.delivery, finished.notification, attempt.request_id)
