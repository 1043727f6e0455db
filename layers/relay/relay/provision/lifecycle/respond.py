"""Steps that decide the response to CloudFormation, also about an existing endpoint, or wait.

A response is stored when it is decided, and delivered by a later step. A crash in between delivers
it again, and never another one.
"""

from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import messages
from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType, Response
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import RollOut, RollOutKind, RollOutOutcome
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.specification.existing import Adoption
from relay.provision.specification.specification import Generation
from relay.provision.texts import endings


def in_service(
    context: Context, record: Record, generation: Generation, endpoint: EndpointDescription
) -> Next:
    request = record.begun_request
    roll_out, now = record.roll_out, context.clock.now()
    if roll_out and roll_out.changes_what_serves:
        record = record.concluded(RollOutOutcome.SUCCEEDED, now)
    elif roll_out and roll_out.kind is not RollOutKind.STACK:
        record = record.concluded(RollOutOutcome.UNCHANGED, now, "it served already")
    if roll_out and not request:
        context.note(f"{roll_out.asked_by}: in service", record, endpoint)
    record = record.in_service(generation)
    if request:
        record = record.decided(Response.in_service(request, endpoint, generation))
    return Next(record)


def check_existing(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond whether the existing endpoint has the configuration that the relay needs."""
    if record.adoption is None:
        raise RuntimeError(f"{record.endpoint_name}: goal adopt without an adoption (bug)")
    misfits, missing = _differences(context, record.adoption, endpoint)
    reason = ""
    if misfits:
        reason = messages.existing_unsuitable(endpoint, misfits)
    elif missing:
        reason = messages.variant_missing(endpoint, missing)
    if reason:
        context.note(reason, record, endpoint, error=True)
        return Next(record.failing(reason))
    if record.pending:
        record = record.decided(Response.adopted(record.pending, endpoint))
    return Next(record.adopted())


def refuse_existing(_: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond that the existing endpoint is not in service."""
    return Next(record.failing(messages.existing_not_in_service(endpoint)))


def existing_problems(
    context: Context, record: Record, wanted: Adoption, endpoint: EndpointDescription
) -> tuple[str, ...]:
    """Return what is wrong now, and log it. The owner may have changed the endpoint."""
    if endpoint.status.changing:
        return ()
    if endpoint.status is EndpointStatus.IN_SERVICE:
        misfits, missing = _differences(context, wanted, endpoint)
        found = misfits
        if missing:
            found = (*misfits, messages.variant_missing(endpoint, missing))
    else:
        found = (messages.existing_not_in_service(endpoint),)
    for problem in found:
        context.note(f"existing endpoint is not suitable: {problem}", record, endpoint, error=True)
    return found


def failure(_: Context, record: Record) -> Next:
    """Decide that CloudFormation's request has failed."""
    if record.pending is None:
        raise RuntimeError(f"{record.endpoint_name}: a failure without a request (bug)")
    return Next(record.decided(Response.failed(record.pending, record.failure)))


def deliver(context: Context, record: Record) -> Next:
    """Deliver the response that is decided, for as long as CloudFormation waits for it.

    Raises ResponseNotDelivered: the next invocation delivers it.
    """
    response = record.response
    if response is None:
        raise RuntimeError(f"{record.endpoint_name}: no response to deliver (bug)")
    request = f"{response.request.type.value} {response.request.request_id}"
    if context.clock.now() >= response.request.delivered_by():
        context.note(endings.RESPONSE_DROPPED.text(request=request), record, error=True)
        return Next(record.delivered())
    context.responder.deliver(response)
    result = f"FAILED: {response.reason}" if response.reason else "SUCCESS"
    context.note(f"responded to {request} with {result}", record)
    # Where scaling is to be taken back, CloudFormation's own request to do so is on its way.
    taken_back = bool(response.reason) and not record.registration.sure
    return Next(record.delivered(), pause=taken_back, farewell=not record.made)


def removed(_: Context, record: Record) -> Next:
    """Decide the response to the Delete, or to the Create that was undone: nothing is left.

    A change of the stack that waited for the removal begins.
    """
    gone, pending = record.removed(), record.pending
    if pending and record.failure:
        gone = gone.decided(Response.failed(pending, record.failure))
    elif pending and pending.type is RequestType.DELETE:
        gone = gone.decided(Response.removed(pending))
    return Next(gone)


def timed_out(context: Context, record: Record, pending: PendingRequest) -> Next:
    """Stop responding: CloudFormation waits for an hour at most."""
    request = f"{pending.type.value} {pending.request_id}"
    context.note(endings.NOT_RESPONDED.text(request=request), record, error=True)
    if record.goal is Goal.SERVE and record.creating:
        # CloudFormation counts a Create without a response as failed: no stack owns the endpoint.
        reason = "CloudFormation timed out waiting for the endpoint"
        record = record.undoing(reason, context.clock.now())
    return Next(record.unanswered())


def wait(context: Context, record: Record, endpoint: EndpointDescription) -> Next | None:
    """Wait for SageMaker; CloudFormation's request fails after 52 minutes.

    A roll-out has as long as SageMaker takes: its deployment has a limit of its own.
    """
    pending = record.pending
    context.note("waiting", record, endpoint)
    if pending is None or context.clock.now() < pending.decided_by():
        return None
    waited = pending.decided_by() - pending.since
    return give_up(context, record, messages.too_late(record, endpoint, waited))


def wait_for_former(context: Context, record: Record) -> Next:
    """Wait until nothing is left at former names; the Delete fails after 52 minutes"""
    pending, now = record.pending, context.clock.now()
    if pending and now >= pending.decided_by():
        waited = pending.decided_by() - pending.since
        return give_up(context, record, messages.former_left(record, waited))
    return Next(record, pause=True)


def give_up(context: Context, record: Record, reason: str) -> Next:
    """Respond as soon as possible; undo a creation first where there is time.

    A removal, and the creation of an endpoint that was deleted in order to create it anew, go on
    after the response.
    """
    now, pending = context.clock.now(), record.pending
    if pending and record.stack_change and now >= pending.decided_by():
        return Next(record.decided(Response.failed(pending, reason)))
    if record.goal is Goal.SERVE and record.creating:
        return Next(record.concluded(RollOutOutcome.FAILED, now, reason).undoing(reason, now))
    goes_on = record.goal is Goal.REMOVE or record.recreating
    if goes_on and pending and not record.stack_change:
        return Next(record.decided(Response.failed(pending, record.failure or reason)))
    return abandon(context, record, reason)


def abandon(context: Context, record: Record, reason: str) -> Next:
    """Abandon the target; the previous configuration stays in service, or is created anew."""
    if record.roll_out and not record.begun_request:
        asked_by = record.roll_out.asked_by
        context.note(f"{asked_by}: failed: {reason}", record, error=True)
    failed = record.concluded(RollOutOutcome.FAILED, context.clock.now(), reason).failing(reason)
    return Next(repairing(context, failed, record, "Absent") if record.recreating else failed)


def repairing(context: Context, failed: Record, before: Record, status: str) -> Record:
    """Queue a roll-out of what served `before`, once, as the endpoint has this status.

    A change that has not begun repairs the endpoint as well, and goes first.
    """
    if not before.repairable or failed.change_waits:
        return failed
    now = context.clock.now()
    asked_by = f"the relay, since the endpoint was {status}"
    return failed.queue(
        RollOut(f"repair-{now.isoformat()}", RollOutKind.REPAIR, asked_by, now), now
    )


def _differences(
    context: Context, wanted: Adoption, endpoint: EndpointDescription
) -> tuple[tuple[str, ...], str]:
    """What is wrong with the configuration, and what with the name of the variant."""
    setup = context.sagemaker.describe_config(endpoint.config)
    return wanted.problems(setup), wanted.missing_variant(setup)
