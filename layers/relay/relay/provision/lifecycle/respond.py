"""Steps that respond to CloudFormation, also about an existing endpoint, or wait.

A response is sent before it is forgotten, so it may be sent twice.
"""

from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.custom_resource import PendingRequest, Response
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Goal, Record
from relay.provision.lifecycle.rollouts import RollOutKind, RollOutOutcome
from relay.provision.specification import existing
from relay.provision.specification.existing import Adoption
from relay.provision.specification.specification import Generation


def in_service(
    context: Context, record: Record, generation: Generation, endpoint: EndpointDescription
) -> Next:
    request = record.begun_request
    if request:
        _deliver(context, Response.in_service(request, endpoint, generation), record, endpoint)
    roll_out, now = record.roll_out, context.clock.now()
    if roll_out and roll_out.changes_what_serves:
        record = record.concluded(RollOutOutcome.SUCCEEDED, now)
    elif roll_out and roll_out.kind is not RollOutKind.STACK:
        record = record.concluded(RollOutOutcome.UNCHANGED, now, "it served already")
    if roll_out and not request:
        context.note(f"{roll_out.asked_by}: in service", record, endpoint)
    record = record.in_service(generation)
    return Next(record.answered() if request else record)


def check_existing(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond whether the existing endpoint has the configuration that the relay needs."""
    if record.adoption is None:
        raise RuntimeError(f"{record.endpoint_name}: goal adopt without an adoption (bug)")
    misfits, missing = _differences(context, record.adoption, endpoint)
    if reason := existing.unsuitable(endpoint, misfits) if misfits else missing:
        context.note(reason, record, endpoint, error=True)
        return Next(record.failing(reason))
    if record.pending:
        _deliver(context, Response.adopted(record.pending, endpoint), record, endpoint)
    return Next(record.answered().adopted())


def refuse_existing(_: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond that the existing endpoint is not in service."""
    return Next(record.failing(existing.not_in_service(endpoint)))


def existing_problems(
    context: Context, record: Record, wanted: Adoption, endpoint: EndpointDescription
) -> tuple[str, ...]:
    """Return what is wrong now, and log it. The owner may have changed the endpoint."""
    if endpoint.status.changing:
        return ()
    if endpoint.status is EndpointStatus.IN_SERVICE:
        misfits, missing = _differences(context, wanted, endpoint)
        found = (*misfits, missing) if missing else misfits
    else:
        found = (existing.not_in_service(endpoint),)
    for problem in found:
        context.note(f"existing endpoint is not suitable: {problem}", record, endpoint, error=True)
    return found


def failure(context: Context, record: Record) -> Next:
    """Respond to CloudFormation that its request failed, and why."""
    if record.pending:
        _deliver(context, Response.failed(record.pending, record.failure), record)
    # Where scaling is to be taken back, CloudFormation's own request to do so is on its way.
    return Next(record.answered(), pause=not record.registration.sure)


def removed(context: Context, record: Record) -> Next:
    """Respond to the Delete, or to the Create that was undone, that nothing is left."""
    if record.pending and record.failure:
        _deliver(context, Response.failed(record.pending, record.failure), record)
    elif record.pending:
        _deliver(context, Response.removed(record.pending), record)
    return Next(record.answered().removed(), farewell=record.pending is not None)


def timed_out(context: Context, record: Record, pending: PendingRequest) -> Next:
    """Stop responding: CloudFormation waits for an hour at most."""
    context.note(
        f"CloudFormation timed out waiting for {pending.type.value} {pending.request_id}",
        record,
        error=True,
    )
    if record.goal is Goal.SERVE and record.creating:
        # CloudFormation counts a Create without a response as failed: no stack owns the endpoint.
        reason = "CloudFormation timed out waiting for the endpoint"
        record = record.undoing(reason, context.clock.now())
    return Next(record.answered())


def wait(context: Context, record: Record, endpoint: EndpointDescription) -> Next | None:
    """Wait for SageMaker; CloudFormation's request fails after 52 minutes.

    A roll-out has as long as SageMaker takes: its deployment has a limit of its own.
    """
    pending = record.pending
    context.note("waiting", record, endpoint)
    if pending is None or context.clock.now() < pending.decided_by():
        return None
    waited = pending.decided_by() - pending.since
    return give_up(context, record, messages.too_late(record.endpoint_name, endpoint, waited))


def give_up(context: Context, record: Record, reason: str) -> Next:
    """Respond as soon as possible; undo a creation first where there is time."""
    now, pending = context.clock.now(), record.pending
    if pending and record.stack_change and now >= pending.decided_by():
        return Next(record.turned_down(reason))
    if record.goal is Goal.SERVE and record.creating:
        return Next(record.concluded(RollOutOutcome.FAILED, now, reason).undoing(reason, now))
    if record.goal is Goal.REMOVE and pending and now >= pending.decided_by():
        _deliver(context, Response.failed(pending, record.failure or reason), record)
        return Next(record.answered())  # and the removal goes on
    return abandon(context, record, reason)


def abandon(context: Context, record: Record, reason: str) -> Next:
    """Abandon the target; the previous configuration stays in service."""
    if record.roll_out and not record.begun_request:
        asked_by = record.roll_out.asked_by
        context.note(f"{asked_by}: failed: {reason}", record, error=True)
    concluded = record.concluded(RollOutOutcome.FAILED, context.clock.now(), reason)
    return Next(concluded.failing(reason))


def _differences(
    context: Context, wanted: Adoption, endpoint: EndpointDescription
) -> tuple[tuple[str, ...], str]:
    """What is wrong with the configuration, and what with the name of the variant."""
    setup = context.sagemaker.describe_config(endpoint.config)
    return wanted.problems(setup), wanted.missing_variant(setup)


def _deliver(
    context: Context,
    response: Response,
    record: Record,
    endpoint: EndpointDescription | None = None,
) -> None:
    context.responder.deliver(response)
    result = f"FAILED: {response.reason}" if response.reason else "SUCCESS"
    context.note(f"responded to {response.request.type.value} with {result}", record, endpoint)
