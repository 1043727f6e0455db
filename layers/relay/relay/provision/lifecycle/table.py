"""The endpoint's life as a table: goal × what DescribeEndpoint says → step.

For each goal, status and combination of conditions there is one row, so that the order of rows
means nothing. docs/explanation/endpoint.md prints them. Every step is safe to repeat: intentions
are stored before anything is made, and responses are sent before they are forgotten.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relay.provision.endpoint import CHANGING, EndpointDescription, EndpointStatus
from relay.provision.lifecycle import remove, respond, scale, serve
from relay.provision.lifecycle.ports import Context, EarlyStep, Next, Step
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.stored_record import Goal

EarlyCondition = Callable[[Record], bool]
Condition = Callable[[Record, EndpointDescription], bool]


@dataclass(frozen=True, slots=True)
class EarlyRow:
    """A step that needs no look at the endpoint: it comes before those that do."""

    goals: frozenset[Goal]
    when: EarlyCondition
    step: EarlyStep

    def applies(self, record: Record) -> bool:
        return record.goal in self.goals and self.when(record)


@dataclass(frozen=True, slots=True)
class Row:
    """A step for an endpoint in one of the statuses that meets every condition."""

    goal: Goal
    statuses: frozenset[EndpointStatus]
    when: tuple[Condition, ...]
    step: Step

    def applies(self, record: Record, endpoint: EndpointDescription) -> bool:
        return (
            record.goal is self.goal
            and endpoint.status in self.statuses
            and all(condition(record, endpoint) for condition in self.when)
        )


# --- conditions: their docstrings stand in docs/explanation/endpoint.md ---------------------------


def response_decided(record: Record) -> bool:
    """a response has been decided"""
    return record.response is not None


def response_due(record: Record) -> bool:
    """CloudFormation's request has failed"""
    return record.pending is not None and bool(record.failure) and not response_decided(record)


def work_waits(record: Record) -> bool:
    """a stack change or a roll-out has not begun"""
    stack_change = record.pending and record.stack_change
    waits = bool(stack_change or record.queued)
    return waits and not response_due(record) and not response_decided(record)


def nothing_made(record: Record) -> bool:
    """the relay has made nothing, or nothing is left of it"""
    return not record.made and not response_decided(record) and not record.awaits_former


def former_left(record: Record) -> bool:
    """nothing is left but what a rename has made under another name"""
    return not record.made and not response_decided(record) and record.awaits_former


def ours(record: Record, endpoint: EndpointDescription) -> bool:
    """the relay made its configuration"""
    if record.creating and record.target:  # then no endpoint may exist but the one in the making
        return endpoint.config == record.target.generation.config
    return record.owns(endpoint.config)


def foreign(record: Record, endpoint: EndpointDescription) -> bool:
    """the relay did not make its configuration"""
    return not ours(record, endpoint)


def on_target(record: Record, endpoint: EndpointDescription) -> bool:
    """the endpoint has the target configuration"""
    return record.target is not None and endpoint.config == record.target.generation.config


def _arrived(record: Record, endpoint: EndpointDescription) -> bool:
    return endpoint.status is EndpointStatus.IN_SERVICE and on_target(record, endpoint)


def not_prepared(record: Record, endpoint: EndpointDescription) -> bool:
    """neither CreateEndpoint nor UpdateEndpoint has been prepared, or another change came first"""
    prepared = record.creating or (record.prepared and not _overtaken(record, endpoint))
    return not prepared and not _arrived(record, endpoint)


def not_begun(record: Record, endpoint: EndpointDescription) -> bool:
    """UpdateEndpoint has been prepared, and LastModifiedTime has not changed"""
    return _same_time(record, endpoint) and not _arrived(record, endpoint)


def ended(record: Record, endpoint: EndpointDescription) -> bool:
    """CreateEndpoint or UpdateEndpoint has ended without the target in service"""
    prepared = record.creating or (record.prepared and not _overtaken(record, endpoint))
    return prepared and not _same_time(record, endpoint) and not _arrived(record, endpoint)


def _same_time(record: Record, endpoint: EndpointDescription) -> bool:
    attempt = record.attempt if record.prepared else None
    return attempt is not None and attempt.last_modified == endpoint.last_modified


def _overtaken(record: Record, endpoint: EndpointDescription) -> bool:
    """Whether another change, such as of the scaling, came before a call that was prepared."""
    attempt = record.attempt
    if attempt is None or record.under_way or _same_time(record, endpoint):
        return False
    return endpoint.failure_reason in ("", attempt.failure_reason)


def scaling_unsure(record: Record, _: EndpointDescription) -> bool:
    """a change of its scaling was not finished"""
    return not record.registration.sure and record.serving is not None


def unused_left(record: Record, endpoint: EndpointDescription) -> bool:
    """an unused model or configuration is left"""
    return bool(record.unused) and not _to_restore(record, endpoint)


def nothing_left(record: Record, endpoint: EndpointDescription) -> bool:
    """nothing is left to do"""
    return not record.unused and not _to_restore(record, endpoint)


def _to_restore(record: Record, endpoint: EndpointDescription) -> bool:
    in_service = endpoint.status is EndpointStatus.IN_SERVICE
    return in_service and scaling_unsure(record, endpoint)


# --- the table ------------------------------------------------------------------------------------


def rest(_: Context, __: Record, ___: EndpointDescription) -> Next | None:
    """Do nothing until the next invocation."""
    return None


_S = EndpointStatus
_ALL: Final = frozenset(_S)
_ABSENT: Final = frozenset({_S.ABSENT})
_DELETING: Final = frozenset({_S.DELETING})
_IN_SERVICE: Final = frozenset({_S.IN_SERVICE})
_DEGRADED: Final = frozenset({_S.OUT_OF_SERVICE, _S.UPDATE_ROLLBACK_FAILED})
_FAILED: Final = frozenset({_S.FAILED})
_STABLE: Final = _IN_SERVICE | _DEGRADED | _FAILED

EARLY: Final = (
    EarlyRow(frozenset(Goal), response_decided, respond.deliver),
    EarlyRow(frozenset(Goal) - {Goal.REMOVE}, response_due, respond.failure),
    EarlyRow(frozenset({Goal.REST}), work_waits, serve.begin),
    EarlyRow(frozenset({Goal.REMOVE}), nothing_made, respond.removed),
    EarlyRow(frozenset({Goal.REMOVE}), former_left, respond.wait_for_former),
)

TABLE: Final = (
    Row(Goal.SERVE, _ABSENT, (), serve.create),
    Row(Goal.SERVE, _DELETING, (), respond.wait),
    Row(Goal.SERVE, CHANGING - _DELETING, (ours,), respond.wait),
    Row(Goal.SERVE, _IN_SERVICE, (ours, on_target), serve.arrive),
    # A failed endpoint can only be deleted: it is created anew.
    Row(Goal.SERVE, _FAILED, (ours, not_prepared), serve.recreate),
    Row(Goal.SERVE, _IN_SERVICE | _DEGRADED, (ours, not_prepared), serve.update),
    Row(Goal.SERVE, _STABLE, (ours, not_begun), serve.call_update),
    Row(Goal.SERVE, _STABLE, (ours, ended), serve.fail),
    Row(Goal.SERVE, _ALL - _ABSENT - _DELETING, (foreign,), serve.refuse),
    Row(Goal.ADOPT, CHANGING, (), respond.wait),
    Row(Goal.ADOPT, _IN_SERVICE, (), respond.check_existing),
    Row(Goal.ADOPT, _ABSENT | _DEGRADED | _FAILED, (), respond.refuse_existing),
    Row(Goal.REMOVE, _ABSENT, (), remove.clear),
    Row(Goal.REMOVE, CHANGING, (ours,), respond.wait),
    Row(Goal.REMOVE, _STABLE, (ours,), remove.delete_endpoint),
    Row(Goal.REMOVE, _ALL - _ABSENT, (foreign,), remove.leave_alone),
    Row(Goal.REST, _IN_SERVICE, (scaling_unsure,), scale.restore),
    Row(Goal.REST, _IN_SERVICE | _ABSENT, (unused_left,), remove.collect),
    Row(Goal.REST, _IN_SERVICE | _ABSENT, (nothing_left,), rest),
    # Whatever SageMaker is doing may still need what is unused.
    Row(Goal.REST, CHANGING | _DEGRADED | _FAILED, (), rest),
)


def next_step(context: Context, record: Record) -> Next | None:
    """Take the one step that the table has for this record."""
    for early in EARLY:
        if early.applies(record):
            return early.step(context, record)
    endpoint = context.sagemaker.describe(record.endpoint_name)
    for row in TABLE:
        if row.applies(record, endpoint):
            return row.step(context, record, endpoint)
    raise RuntimeError(f"{record.endpoint_name}: no row for {endpoint.status.value} (bug)")
