"""The step that begins what waits its turn: the stack's request first, for it has a deadline."""

from collections.abc import Callable
from dataclasses import replace

from relay.errors import ConfigurationError
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.pending_request import StackChange, Waiting
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import (
    Kind,
    Outcome,
    Properties,
    Recipe,
    RollOut,
    changed,
    keeps_capacity,
    stacked,
)
from relay.provision.lifecycle.step import Next, Surroundings
from relay.provision.specification.deployment import IGNORED, WATCH_ALARMS, Deployment
from relay.provision.specification.specification import Specification

# Makes a specification of properties, or raises ConfigurationError with everything that is wrong.
Resolve = Callable[[Properties], Specification]


class Turns:
    """Decides what the endpoint shall be, once nothing else is under way."""

    def __init__(self, surroundings: Surroundings, resolve: Resolve) -> None:
        self._around = surroundings
        self._resolve = resolve

    def step(self, record: Record) -> Next | None:
        if record.waiting and record.stack_change:
            return self._stack(record, record.waiting, record.stack_change)
        if record.queued:
            return self._roll_out(record, record.queued)
        return None

    def _stack(self, record: Record, waiting: Waiting, change: StackChange) -> Next:
        before = record.serving or change.before
        properties = stacked(change.properties, before)
        try:
            target = self._resolve(properties)
        except ConfigurationError as error:
            return Next(record.turned_down(str(error)))
        if change.creating and not target.can_go_over_in_parts:
            # Only where nothing serves yet: an Update with which CloudFormation rolls back must
            # succeed, whatever the stack's parameters were.
            reason = messages.too_few_instances(target, target.instance_count)
            return Next(record.turned_down(reason))
        now = self._around.clock.now()
        asked_by = f"CloudFormation {waiting.type.value} {waiting.request_id}"
        roll_out = RollOut(waiting.request_id, Kind.STACK, asked_by, waiting.since)
        old = before.properties if before else change.old_properties
        return Next(
            record.serve(
                target,
                Recipe(properties, change.properties),
                roll_out.begun(_serving_config(record), target.generation.config, now),
                creating=change.creating,
                retain_capacity=keeps_capacity(old, properties),
            )
        )

    def _roll_out(self, record: Record, roll_out: RollOut) -> Next:
        now, serving = self._around.clock.now(), record.serving
        if serving is None:
            reason = "the relay has made no endpoint that could be changed"
            return Next(record.dropping(Outcome.REFUSED, now, reason))
        properties = changed(serving.properties, roll_out.changes)
        try:
            target = self.target(properties, roll_out)
        except ConfigurationError as error:
            self._around.note(
                f"roll-out of {roll_out.asked_by} refused: {error}", record, alarming=True
            )
            return Next(record.dropping(Outcome.REFUSED, now, str(error)))
        return Next(
            record.serve(
                target,
                Recipe(properties, serving.stack),
                roll_out.begun(_serving_config(record), target.generation.config, now),
                retain_capacity=keeps_capacity(serving.properties, properties),
            )
        )

    def target(self, properties: Properties, roll_out: RollOut) -> Specification:
        """Raises ConfigurationError.

        A way back goes all at once and heeds no alarm unless it was asked for otherwise: the alarms
        may be in ALARM because of what is being left.
        """
        asks_for_nothing_else = roll_out.settings == {WATCH_ALARMS: IGNORED}
        way_back = roll_out.kind in (Kind.ROLLBACK, Kind.REPAIR)
        if roll_out.settings and not (way_back and asks_for_nothing_else):
            return self._resolve({**properties, **roll_out.settings})
        target = self._resolve(properties)
        if way_back:
            return replace(target, deployment=Deployment.at_once())
        return target


def _serving_config(record: Record) -> str:
    return record.generations[0].config if record.generations else ""
