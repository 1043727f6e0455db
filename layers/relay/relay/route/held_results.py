"""Held results: what the ledger records of results that are not at every target."""

from collections.abc import Collection

from relay.model import Held, Holding, Outcome
from relay.route.decisions import Decision

# From this receive on, a repeat of a result can come after the five minutes of a FIFO target.
_LATE_RECEIVE = 3


def is_late(decision: Decision, *, unwritten: bool) -> bool:
    """Whether a repeat of the decision's result may not be recognised. One of a retry always is.

    Reconcile reports an attempt long after its end, and, while it cannot write its cursor, in a new
    message with each run.

    Args:
        decision: what is about to be sent.
        unwritten: whether the ledger has refused a write. Then a result that it has a record of may
            have been sent since.
    """
    if decision.result is None or not decision.messages:
        return False
    delivery, notification = decision.finished.delivery, decision.finished.notification
    if decision.held is not None:
        return unwritten
    by_reconcile = notification.from_relay and notification.outcome is not Outcome.REJECTED
    return by_reconcile or delivery.receive_count >= _LATE_RECEIVE


def before_sending(decision: Decision) -> Holding:
    """Return the record of a result that is about to be sent."""
    outcome, held = decision.finished.notification.outcome, decision.held
    as_begun = held if held and held.outcome is outcome else Held(outcome)
    return Holding(decision.closing.attempt, as_begun, decision.closing.known)


def after_sending(decision: Decision, missing: Collection[str]) -> Holding:
    """Return the record of a result that was sent, but not by the missing routes."""
    before = () if decision.held is None else decision.held.delivered
    now = tuple(route for route, _ in decision.messages if route not in missing)
    held = Held(decision.finished.notification.outcome, before + now, tuple(missing))
    return Holding(decision.closing.attempt, held, decision.closing.known)
