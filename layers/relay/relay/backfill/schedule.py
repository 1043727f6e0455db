"""The switch: which backfill runs, and whether the schedule invokes the function.

The rule costs nothing while it is disabled, so a run that finds nothing to do disables it. No
order of calls may leave a running backfill with a disabled rule. A run therefore announces in the
control record that it is about to disable the rule, on the condition that nothing was started since
it looked; and until it has done so, or can do so no more, nothing is started. An update of the
stack that changes the rule enables it, which does no harm.
"""

from dataclasses import replace
from datetime import timedelta

from relay.backfill.ports import BackfillStore, Overtaken, Schedule
from relay.backfill.record import Control
from relay.errors import TransientError
from relay.ports import Clock

# Longer than an invocation can live.
DISABLING = timedelta(seconds=60)
_KEPT_NAMES = 50


class Switch:
    """Switches between backfills."""

    def __init__(self, store: BackfillStore, schedule: Schedule, clock: Clock) -> None:
        self._store = store
        self._schedule = schedule
        self._clock = clock

    def active(self) -> str:
        """Return the name of the backfill that runs; "" for none."""
        return self._store.control().active

    def names(self) -> tuple[str, ...]:
        """Return the names of all records, the newest last."""
        return self._store.control().names

    def activate(self, name: str, instead_of: str) -> None:
        """Enable the schedule for a backfill, instead of one that does not run.

        Raises:
            TransientError: an invocation may be disabling the schedule.
            Overtaken: another invocation has changed what runs.
        """
        control = self._store.control()
        if control.active not in (name, instead_of):
            raise Overtaken(f"backfill {control.active} was started meanwhile")
        if self._is_disabling(control):
            raise TransientError(
                "the schedule is being disabled after another backfill; repeat the call in a minute"
            )
        # Before the record is written: only a run after the writing could disable it again.
        self._schedule.enable()
        names = (*(each for each in control.names if each != name), name)[-_KEPT_NAMES:]
        self._store.write_control(replace(control, active=name, names=names, disabling_until=None))

    def rest(self, name: str) -> None:
        """Disable the schedule if the backfill of this name, or none, was to run.

        Raises:
            Overtaken: another one was started meanwhile.
        """
        control = self._store.control()
        if control.active != name or self._is_disabling(control):
            return
        until = self._clock.now() + DISABLING
        control = self._store.write_control(replace(control, active="", disabling_until=until))
        self._schedule.disable()
        self._store.write_control(replace(control, disabling_until=None))

    def _is_disabling(self, control: Control) -> bool:
        until = control.disabling_until
        return until is not None and until > self._clock.now()
