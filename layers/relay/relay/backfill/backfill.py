"""Backfill: once a minute, as many further requests as fit below what the endpoint ends.

Everything that a run does can be done twice. Requests have the ids of their objects' versions, and
each record is written on the condition that it is unchanged. So a run that ends anywhere is
continued by the next one, which sends at most again what the claims of submit drop.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from relay.backfill.answers import completion_event
from relay.backfill.count import count_ended, count_selected
from relay.backfill.pace import LOST_AFTER, joined, measured, room
from relay.backfill.ports import BackfillStore, Listing, Overtaken, SubmitBacklog
from relay.backfill.record import Backfill, BackfillState
from relay.backfill.schedule import Switch
from relay.backfill.send import Plan, Sending
from relay.budget import Budget
from relay.delivery.isolation import as_relay_error
from relay.delivery.report import Level, Report
from relay.errors import NotTried, RelayError
from relay.ports import AttemptReader, Clock, Outbox
from relay.routes.target import Target
from relay.settings import BackfillSettings

# To write the record. Other calls are not begun with less time than they and this one may take.
SAVE_SECONDS = 8
# Markers that are kept; each may stand for several messages.
_MOST_MARKERS = 120
# Ends are counted in pages, except for the last ones: a listing of few objects costs as much. The
# first ones of a page show cheaply whether its turn has come.
_FULL_PAGE = 1_000
_FIRST_CHUNK = 100


class Backfilling:
    """What the schedule of the backfill function does."""

    def __init__(
        self,
        settings: BackfillSettings,
        store: BackfillStore,
        switch: Switch,
        listing: Listing,
        ledger: AttemptReader,
        backlog: SubmitBacklog,
        outbox: Outbox,
        clock: Clock,
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._store = store
        self._switch = switch
        self._listing = listing
        self._ledger = ledger
        self._backlog = backlog
        self._outbox = outbox
        self._clock = clock
        self._budget = budget
        self._sending = Sending(settings.inputs, settings.submit_queue_url, listing, ledger, outbox)

    def __call__(self) -> Report:
        """Go on with the backfill that runs, or switch the schedule off.

        `failure` of the report is the error that ended the run. After one that does not pass by
        itself, the backfill is paused.
        """
        report = Report()
        try:
            self._go_on(report)
        except Overtaken as error:
            report.note(Level.INFO, "another invocation goes on", reason=str(error))
        except RelayError as error:
            report.failure = error
            report.note(Level.ERROR, "backfill not continued", error=error)
        return report

    def _go_on(self, report: Report) -> None:
        name = self._switch.active()
        backfill = self._store.load(name) if name else None
        if backfill is None or backfill.state is not BackfillState.RUNNING:
            self._switch.rest(name)
            return
        planned_until = backfill.pace.planned_until
        if planned_until is not None and self._clock.now() < planned_until:
            return
        try:
            backfill = self._work(backfill)
        except Overtaken:
            raise
        except Exception as error:
            self._set_aside(name, as_relay_error(error))
            raise
        report.note(
            Level.INFO,
            "backfill",
            backfill=name,
            state=backfill.state.value,
            sent=str(backfill.sent.objects),
            waiting=str(backfill.pace.waiting),
            target=str(backfill.pace.target),
        )
        if backfill.state.over:
            self._switch.rest(name)

    def _set_aside(self, name: str, error: RelayError) -> None:
        """Pause the backfill, unless the error passes."""
        if error.passes:
            return
        backfill = self._store.load(name)
        if backfill is not None and backfill.state is BackfillState.RUNNING:
            paused = replace(backfill, state=BackfillState.PAUSED, problem=str(error))
            self._store.save(paused)

    def _work(self, backfill: Backfill) -> Backfill:
        now = self._clock.now()
        messages = self._backlog.messages()
        known = self._ledger.look_up([marker.id for marker in backfill.pace.markers])
        measurement = measured(backfill.pace, known, messages, now)
        ttl = timedelta(seconds=self._settings.least_ttl_seconds)
        free = room(measurement, messages, ttl, now)
        backfill = replace(backfill, pace=measurement.pace, problem=free.reason)
        backfill = self._send(backfill, Plan(free.requests, now, free.minutes))
        backfill = self._count(backfill, self._is_lost(backfill, messages, now))
        if backfill.sent.done and backfill.counted.done and backfill.total.done:
            return self._complete(backfill)
        return self._store.save(backfill)

    def _send(self, backfill: Backfill, plan: Plan) -> Backfill:
        """Send pages until the plan is fulfilled, or no time is left for another one.

        Each page is written down before the next one, and the last one with what is counted.
        """
        sent, written = 0, True
        with suppress(NotTried):
            while not backfill.sent.done and sent < plan.requests:
                if not written:
                    backfill, written = self._store.save(backfill), True
                with self._budget.reserving(SAVE_SECONDS):
                    done = self._sending.page(backfill, plan, sent, self._clock.now())
                sent += done.requests
                written = done.requests == 0
                markers = joined(done.backfill.pace.markers, _MOST_MARKERS)
                backfill = replace(done.backfill, pace=replace(done.backfill.pace, markers=markers))
                if done.error is not None:
                    self._store.save(backfill)
                    raise done.error
        if plan.minutes > 1 and sent == plan.requests > 0 and not backfill.sent.done:
            backfill = replace(backfill, pace=replace(backfill.pace, planned_until=plan.until))
        return backfill

    def _count(self, backfill: Backfill, lost: bool) -> Backfill:
        """Count what is selected, and what has ended, as far as time allows."""
        with suppress(NotTried), self._budget.reserving(SAVE_SECONDS):
            while not backfill.total.done:
                backfill = count_selected(backfill, self._listing)
            chunk, least, moved = _FIRST_CHUNK, _FULL_PAGE, True
            while moved and (most := _countable(backfill)) >= least:
                most = min(chunk, most)
                counted = count_ended(backfill, most, self._listing, self._ledger, lost=lost)
                moved = not counted.blocked and counted.backfill.counted != backfill.counted
                backfill = counted.backfill
                chunk, least = _FULL_PAGE, _FULL_PAGE - _FIRST_CHUNK
        return backfill

    def _is_lost(self, backfill: Backfill, messages: int, now: datetime) -> bool:
        """Whether a request without an attempt will have none: nothing is on its way any more."""
        quiet = backfill.sent_at is None or now - backfill.sent_at > LOST_AFTER
        return backfill.sent.done and not backfill.pace.markers and messages == 0 and quiet

    def _complete(self, backfill: Backfill) -> Backfill:
        """Publish the final event, then write the end. A crash in between repeats the event."""
        now = self._clock.now()
        done = replace(backfill, state=BackfillState.COMPLETED, ended_at=now, problem="")
        bus = Target.parse(self._settings.event_bus_arn)
        event = completion_event(done, self._settings.stack_name, bus)
        with self._budget.reserving(SAVE_SECONDS):
            failures = self._outbox.send([event])
        if failures:
            raise next(iter(failures.values()))
        return self._store.save(done)


def _countable(backfill: Backfill) -> int:
    """Return how many objects to look at: as many as have ended by estimate; all at the end."""
    if backfill.counted.done:
        return 0
    if backfill.sent.done:
        return _FULL_PAGE
    if backfill.repetition:
        return 0
    return backfill.sent.objects - backfill.pace.waiting - backfill.counted.objects
