"""The step that begins what waits its turn: the stack's request first, for it has a deadline."""

from dataclasses import replace

from relay.errors import ConfigurationError
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.custom_resource import PendingRequest, StackChange
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import (
    Kind,
    Properties,
    Recipe,
    RollOut,
    RollOutOutcome,
    keeps_capacity,
    stacked,
)
from relay.provision.specification.deployment import IGNORED, WATCH_ALARMS, Deployment
from relay.provision.specification.specification import Specification


def begin(context: Context, record: Record) -> Next:
    """Begin what waits its turn: the stack's request, then the roll-out."""
    if record.waiting and record.stack_change:
        return _stack_change(context, record, record.waiting, record.stack_change)
    if record.queued:
        return _roll_out(context, record, record.queued)
    raise RuntimeError(f"{record.endpoint_name}: nothing waits its turn (bug)")


def _stack_change(
    context: Context, record: Record, request: PendingRequest, change: StackChange
) -> Next:
    before = record.serving or change.before
    properties = stacked(change.properties, before)
    try:
        target = context.resolve(properties)
    except ConfigurationError as error:
        return Next(record.turned_down(str(error)))
    if change.creating and not target.can_go_over_in_parts:
        # Only where nothing serves yet: an Update with which CloudFormation rolls back must
        # succeed, whatever the stack's parameters were.
        reason = messages.too_few_instances(target, target.instance_count)
        return Next(record.turned_down(reason))
    asked_by = f"CloudFormation {request.type.value} {request.request_id}"
    roll_out = RollOut(request.request_id, Kind.STACK, asked_by, request.since)
    old = before.properties if before else change.old_properties
    return Next(
        record.serve(
            target,
            Recipe(properties, change.properties),
            _begun(context, record, roll_out, target),
            creating=change.creating,
            retain_capacity=keeps_capacity(old, properties),
        )
    )


def _roll_out(context: Context, record: Record, roll_out: RollOut) -> Next:
    now, serving = context.clock.now(), record.serving
    if serving is None:
        reason = "the relay has made no endpoint that could be changed"
        return Next(record.dropping(RollOutOutcome.REFUSED, now, reason))
    properties = {**serving.properties, **roll_out.changes}
    try:
        target = _target(context, properties, roll_out)
    except ConfigurationError as error:
        context.note(f"roll-out of {roll_out.asked_by} refused: {error}", record, alarming=True)
        return Next(record.dropping(RollOutOutcome.REFUSED, now, str(error)))
    return Next(
        record.serve(
            target,
            Recipe(properties, serving.stack),
            _begun(context, record, roll_out, target),
            retain_capacity=keeps_capacity(serving.properties, properties),
        )
    )


def _target(context: Context, properties: Properties, roll_out: RollOut) -> Specification:
    """Raises ConfigurationError.

    A way back goes all at once and heeds no alarm unless it was asked for otherwise: the alarms
    may be in ALARM because of what is being left.
    """
    asks_for_nothing_else = roll_out.settings == {WATCH_ALARMS: IGNORED}
    way_back = roll_out.kind in (Kind.ROLLBACK, Kind.REPAIR)
    if roll_out.settings and not (way_back and asks_for_nothing_else):
        return context.resolve({**properties, **roll_out.settings})
    target = context.resolve(properties)
    if way_back:
        return replace(target, deployment=Deployment.at_once())
    return target


def _begun(context: Context, record: Record, roll_out: RollOut, target: Specification) -> RollOut:
    serving_config = record.generations[0].config if record.generations else ""
    return roll_out.begun(serving_config, target.generation.config, context.clock.now())
