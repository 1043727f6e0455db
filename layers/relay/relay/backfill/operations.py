"""The direct calls of the backfill function."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from relay.backfill.answers import to_json
from relay.backfill.calls import Call, ListCall, NamedCall, PreviewCall, StartCall, Wanted
from relay.backfill.estimate import estimate, tally
from relay.backfill.pace import target_of
from relay.backfill.ports import BackfillStore, Listing, Overtaken
from relay.backfill.record import Backfill, BackfillState, Ended, Pace, Progress
from relay.backfill.repeat import MOST_REPETITIONS
from relay.backfill.schedule import Switch
from relay.backfill.selection import Selection
from relay.errors import PermanentError
from relay.ports import Clock
from relay.settings import BackfillSettings

# A run of the schedule may write the same record several times while a call does.
_TRIES = 5


class Operations:
    """Answers direct calls. Each can be repeated, and does nothing twice."""

    def __init__(
        self,
        settings: BackfillSettings,
        store: BackfillStore,
        switch: Switch,
        listing: Listing,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._store = store
        self._switch = switch
        self._listing = listing
        self._clock = clock

    @property
    def settings(self) -> BackfillSettings:
        return self._settings

    def __call__(self, call: Call) -> dict[str, object]:
        """Return the answer as JSON.

        Raises:
            PermanentError: the call cannot be done; says why.
            TransientError: repeat the call.
        """
        match call:
            case PreviewCall():
                return self._preview(call)
            case ListCall():
                return {"backfills": [to_json(each) for each in self._all()]}
            case StartCall():
                return to_json(_repeated(lambda: self._start(call)))
            case NamedCall("status", name):
                return to_json(self._named(name))
            case NamedCall("pause", name):
                return to_json(_repeated(lambda: self._pause(self._named(name))))
            case NamedCall("resume", name):
                return to_json(_repeated(lambda: self._resume(self._named(name))))
            case NamedCall("cancel", name):
                return to_json(_repeated(lambda: self._cancel(self._named(name))))
            case NamedCall("retry_failed", name):
                return to_json(_repeated(lambda: self._retry_failed(self._named(name))))
        raise AssertionError(call)  # pragma: no cover

    def _all(self) -> list[Backfill]:
        """Return the backfills that are kept, the newest first."""
        names = reversed(self._switch.names())
        return [found for name in names if (found := self._store.load(name)) is not None]

    def _named(self, name: str) -> Backfill:
        if not name:
            newest = next(iter(self._all()), None)
            if newest is None:
                raise PermanentError("there is no backfill; start one")
            return newest
        found = self._store.load(name)
        if found is None:
            known = ", ".join(self._switch.names()) or "none"
            raise PermanentError(f"there is no backfill {name!r}; known are: {known}")
        return found

    def _selection(self, wanted: Wanted, now: datetime) -> Selection:
        """Return what a call selects.

        S3 announces uploads under the inputs to the stack. So objects there are selected up to the
        deployment, unless the call states another time.
        """
        until = wanted.modified_to
        if until is not None and until > now:
            raise PermanentError("modified_to is in the future; S3 announces later uploads")
        announced = wanted.bucket == self._settings.inputs.bucket
        until = until or (self._store.deployed_at() if announced else now)
        if wanted.modified_from is not None and wanted.modified_from >= until:
            raise PermanentError(
                f"modified_from is not before {until.isoformat()}, from which on S3 announces "
                "uploads to the stack; give modified_to to send them again"
            )
        return Selection(
            bucket=wanted.bucket,
            prefix=wanted.prefix,
            modified_to=until,
            suffix=wanted.suffix,
            modified_from=wanted.modified_from,
            min_bytes=wanted.min_bytes,
            max_bytes=wanted.max_bytes,
        )

    def _preview(self, call: PreviewCall) -> dict[str, object]:
        selection = self._selection(call.wanted, self._clock.now())
        # Before the count, which takes the time that is left.
        measured = next(
            (each.pace.per_minute for each in self._all() if each.pace.per_minute), None
        )
        counted, done = tally(selection, call.start, self._listing)
        ttl = self._settings.least_ttl_seconds
        found = estimate(selection, counted, call.speed, measured, ttl)
        return (
            {"complete": done, **found}
            if done
            else {"complete": False, **found, "next": str(counted)}
        )

    def _start(self, call: StartCall) -> Backfill:
        now = self._clock.now()
        name = call.name or f"{now:%Y%m%d-%H%M%S}"
        existing = self._store.load(name)
        selection = self._selection(call.wanted, now)
        if existing is not None:
            return self._started_before(existing, call.wanted)
        self._activate(name)
        return self._store.save(
            Backfill(name, selection, Pace(target_of(call.speed.per_minute)), now)
        )

    def _started_before(self, existing: Backfill, wanted: Wanted) -> Backfill:
        selection = existing.selection
        same = selection == Selection(
            wanted.bucket,
            wanted.prefix,
            wanted.modified_to or selection.modified_to,
            wanted.suffix,
            wanted.modified_from,
            wanted.min_bytes,
            wanted.max_bytes,
        )
        if not same or existing.state is not BackfillState.RUNNING:
            raise PermanentError(
                f"backfill {existing.name!r} exists and is {existing.state.value}; choose another "
                "name, or resume it"
            )
        self._activate(existing.name)
        return existing

    def _activate(self, name: str) -> None:
        """Let a backfill be the one that runs."""
        active = self._switch.active()
        if active and active != name:
            other = self._store.load(active)
            if other is not None and other.state is BackfillState.RUNNING:
                raise PermanentError(
                    f"backfill {active!r} runs, and one runs at a time; wait for its end, or pause "
                    "or cancel it"
                )
        self._switch.activate(name, instead_of=active)

    def _pause(self, backfill: Backfill) -> Backfill:
        if backfill.state is BackfillState.PAUSED:
            return backfill
        _refuse_over(backfill, "paused")
        return self._store.save(replace(backfill, state=BackfillState.PAUSED, problem=""))

    def _resume(self, backfill: Backfill) -> Backfill:
        _refuse_over(backfill, "resumed")
        self._activate(backfill.name)
        if backfill.state is BackfillState.RUNNING:
            return backfill
        pace = replace(backfill.pace, measured_at=None, planned_until=None)
        return self._store.save(
            replace(backfill, state=BackfillState.RUNNING, problem="", pace=pace)
        )

    def _cancel(self, backfill: Backfill) -> Backfill:
        if backfill.state is BackfillState.CANCELLED:
            return backfill
        _refuse_over(backfill, "cancelled")
        now = self._clock.now()
        return self._store.save(
            replace(backfill, state=BackfillState.CANCELLED, ended_at=now, problem="")
        )

    def _retry_failed(self, backfill: Backfill) -> Backfill:
        if backfill.state is BackfillState.RUNNING and backfill.repetition:
            self._activate(backfill.name)
            return backfill
        if backfill.state is BackfillState.CANCELLED:
            raise PermanentError(
                f"backfill {backfill.name!r} is cancelled and never completes; resubmit its failed "
                "requests by their ids"
            )
        if backfill.state is not BackfillState.COMPLETED:
            raise PermanentError(
                f"backfill {backfill.name!r} is {backfill.state.value}; its failed requests can be "
                "resubmitted when it is completed"
            )
        if backfill.ended.to_repeat == 0:
            raise PermanentError(f"backfill {backfill.name!r} has no failed request")
        if backfill.repetition >= MOST_REPETITIONS:
            raise PermanentError(
                f"backfill {backfill.name!r} was repeated {MOST_REPETITIONS} times; start another "
                "one for what fails"
            )
        self._activate(backfill.name)
        return self._store.save(
            replace(
                backfill,
                state=BackfillState.RUNNING,
                repetition=backfill.repetition + 1,
                sent=Progress(),
                sent_at=None,
                counted=Progress(),
                ended=Ended(),
                ended_at=None,
                problem="",
                pace=Pace(backfill.pace.target, backfill.pace.per_minute),
            )
        )


def _refuse_over(backfill: Backfill, done: str) -> None:
    if backfill.state.over:
        raise PermanentError(
            f"backfill {backfill.name!r} is {backfill.state.value} and cannot be {done}"
        )


def _repeated(act: Callable[[], Backfill]) -> Backfill:
    """Repeat what another invocation has overtaken.

    Raises:
        RelayError: the last try was overtaken too, or anything else.
    """
    for _ in range(_TRIES - 1):
        try:
            return act()
        except Overtaken:
            continue
    return act()
