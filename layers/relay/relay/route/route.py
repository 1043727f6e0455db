"""Routing: every notification becomes one result, on every target that its routes name.

Look up, send, mark, in this order. Marking first would lose the result in a crash; sending first
can only repeat it, and a FIFO target drops a repeat with the same id within five minutes.

A result that did not arrive everywhere is held: the ledger remembers what arrived, the notification
comes back after a growing delay, and the next try sends only the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from relay.backoff import have_come_back
from relay.errors import AccessDenied, MessageTooLong, RelayError
from relay.model import AttemptState, Delivery, Held, Holding, Incoming, Notification
from relay.parking import Parking
from relay.ports import Clock, Inbox, Ledger, Outbox, RoutesSource
from relay.report import Count, Level, Report
from relay.route.decisions import Decision, Finished, decide, ledger_id
from relay.route.trust import distrust
from relay.settings import RouteSettings

# What one look-up reads, and so what is at stake when time runs out.
_CHUNK = 100


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
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._ledger = ledger
        self._outbox = outbox
        self._inbox = inbox
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
        have_come_back(report.returned.values(), self._inbox, report)
        return report

    def _work(self, chunk: Sequence[tuple[Delivery, Notification]], report: Report) -> None:
        believed = self._believed(self._looked_up(chunk, report), report)
        if not believed:
            return
        try:
            routes = self._routes.current(report)
        except RelayError as error:
            for finished in believed:
                _give_back(finished, "no routes", error, report)
            return
        decisions = decide(believed, routes, self._settings, self._clock.now(), report)
        unsent = self._send(decisions)
        sent = [each for each in decisions if not _missing(each, unsent)]
        self._mark(sent, report)
        self._hold([each for each in decisions if _missing(each, unsent)], unsent, report)

    def _looked_up(
        self, chunk: Sequence[tuple[Delivery, Notification]], report: Report
    ) -> list[Finished]:
        try:
            known = self._ledger.look_up([ledger_id(content) for _, content in chunk])
        except RelayError as error:
            for delivery, notification in chunk:
                _give_back(Finished(delivery, notification, None), "not looked up", error, report)
            return []
        return [
            Finished(delivery, notification, known.get(ledger_id(notification)))
            for delivery, notification in chunk
        ]

    def _believed(self, chunk: Sequence[Finished], report: Report) -> list[Finished]:
        """Without what is not ours, which is parked, and duplicates, which are acknowledged.

        In this order: a forged notification must not pass for the first of two.
        """
        believed: dict[str, Finished] = {}
        unwanted = []
        for finished in chunk:
            problem = distrust(finished.notification, finished.attempt, self._settings)
            if problem is not None:
                unwanted.append((finished.delivery, problem))
            elif _ended(finished) or finished.ledger_id in believed:
                # Twice in one batch is one result; the first message answers for it.
                report.count(Count.DUPLICATE)
                report.note(
                    Level.INFO, "duplicate", inference_id=finished.notification.inference_id
                )
            else:
                believed[finished.ledger_id] = finished
        self._parking.park(unwanted, report)
        return list(believed.values())

    def _send(self, decisions: Sequence[Decision]) -> Mapping[str, RelayError]:
        """Answers what was not sent, by key.

        A target that takes less than its kind does elsewhere gets the result without the answer.
        """
        messages = [message for decision in decisions for _, message in decision.messages]
        unsent = self._outbox.send(messages) if messages else {}
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
        return left | dict(self._outbox.send(shorter))

    def _mark(self, sent: Sequence[Decision], report: Report) -> None:
        unmarked = self._ledger.close([decision.closing for decision in sent]) if sent else {}
        for decision in sent:
            error = unmarked.get(decision.closing.attempt.id)
            if error is None:
                _routed(decision, report)
            else:
                # It was sent; a FIFO target drops the repeat that the redelivery will send.
                _give_back(decision.finished, "not marked", error, report)

    def _hold(
        self, unfinished: Sequence[Decision], unsent: Mapping[str, RelayError], report: Report
    ) -> None:
        """Remembers what arrived, and gives everything back.

        A retry that was not sent is no result. What cannot be remembered is sent again, as after a
        crash.
        """
        holdings = []
        for decision in unfinished:
            missing = _missing(decision, unsent)
            error = next(unsent[m.key] for route, m in decision.messages if route in missing)
            denied = any(isinstance(unsent.get(m.key), AccessDenied) for _, m in decision.messages)
            report.count(Count.ACCESS_DENIED, denied)
            report.give_back(decision.finished.delivery)
            report.note(
                Level.ERROR,
                "not sent",
                inference_id=decision.finished.notification.inference_id,
                routes=", ".join(missing) or None,
                error=str(error),
            )
            if decision.closing.state is not AttemptState.RETRIED:
                report.count(Count.HELD)
                held = _held(decision, missing)
                if held != decision.held:
                    closing = decision.closing
                    holdings.append(Holding(closing.attempt, held, closing.known))
        failures = self._ledger.hold(holdings) if holdings else {}
        for attempt, error in failures.items():
            report.note(Level.ERROR, "not remembered", inference_id=attempt, error=str(error))


def _missing(decision: Decision, unsent: Collection[str]) -> tuple[str, ...]:
    """The routes whose messages were not sent."""
    return tuple(route for route, message in decision.messages if message.key in unsent)


def _held(decision: Decision, missing: tuple[str, ...]) -> Held:
    before = () if decision.held is None else decision.held.delivered
    now = tuple(route for route, _ in decision.messages if route not in missing)
    return Held(decision.finished.notification.outcome, before + now, missing)


def _ended(finished: Finished) -> bool:
    """Whether the attempt has its result, or some have it: another outcome comes too late then."""
    attempt = finished.attempt
    if attempt is None:
        return False
    begun_as = attempt.held.outcome if attempt.held and attempt.held.delivered else None
    another = begun_as is not None and begun_as is not finished.notification.outcome
    return another or attempt.state is not AttemptState.OPEN


def _give_back(finished: Finished, text: str, error: RelayError, report: Report) -> None:
    report.give_back(finished.delivery)
    report.count(Count.ACCESS_DENIED, isinstance(error, AccessDenied))
    report.note(
        Level.ERROR, text, inference_id=finished.notification.inference_id, error=str(error)
    )


def _routed(decision: Decision, report: Report) -> None:
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
