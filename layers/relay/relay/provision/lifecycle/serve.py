"""Steps towards the target in service, from the choice of the target on."""

from dataclasses import replace
from typing import NoReturn

from relay.errors import AccessDenied, ConfigurationError, PermanentError, TransientError
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import messages, remove, respond, scale
from relay.provision.lifecycle.custom_resource import PendingRequest, StackChange
from relay.provision.lifecycle.ports import Context, FormerName, Next, ServingConfigGone
from relay.provision.lifecycle.record import VISIBLE_WITHIN, Record
from relay.provision.lifecycle.rollouts import (
    CREATED_WITHIN,
    DEPLOY_AGAIN,
    Properties,
    Recipe,
    RollOut,
    RollOutKind,
    RollOutOutcome,
    keeps_capacity,
    stacked,
)
from relay.provision.specification.deployment import IGNORED, WATCH_ALARMS, Deployment
from relay.provision.specification.specification import Specification
from relay.provision.texts import endings, refusals


def begin(context: Context, record: Record) -> Next:
    """Begin the stack's pending change, which has a deadline, or else the queued roll-out."""
    if record.pending and record.stack_change:
        return _stack_change(context, record, record.pending, record.stack_change)
    if record.queued:
        return _roll_out(context, record, record.queued)
    raise RuntimeError(f"{record.endpoint_name}: nothing to begin (bug)")


def create(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Create the model, the configuration and the endpoint."""
    target = _target(record)
    if record.registration.may_exist and (unsure := scale.about_to_change(record)):
        return unsure  # it is unknown what is left of the endpoint that was here
    if not record.prepared:
        attempting = record.attempting(target.generation.config, None)
        # Whoever deleted the endpoint, which should serve: it must not stay absent.
        return Next(replace(attempting, recreating=record.recreating or not record.creating))
    context.sagemaker.create_model(target)
    context.sagemaker.create_config(target)
    context.sagemaker.create_endpoint(target)
    context.note(f"creating with {target.generation.config}", record, endpoint)
    return Next(record.called(context.clock.now()), pause=True)


def recreate(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Delete a failed endpoint, which takes no update, in order to create it anew.

    What it is created from is made first: what AWS refuses here would leave no endpoint.
    """
    target = _target(record)
    context.sagemaker.create_model(target)
    context.sagemaker.create_config(target)
    following = remove.delete_endpoint(context, record, endpoint)
    return replace(following, record=replace(following.record, recreating=True))


def update(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Create the model and the configuration, and store that the endpoint is to be updated.

    Also where only the capacity is wrong, or SageMaker serves two configurations mixed. The update
    is stored before it is called: an update that fails between two invocations is not called again.
    """
    target = _target(record)
    count = _instances_that_go_over(record, target, endpoint)
    if not _deployment(target, count).suits(count):
        again = record.roll_out.again if record.roll_out else DEPLOY_AGAIN
        reason = messages.too_few_instances(target, count, again)
        return respond.abandon(context, record, reason)
    if unsure := scale.detach_if_retyped(context, record, target, endpoint):
        return unsure
    context.sagemaker.create_model(target)
    context.sagemaker.create_config(target)
    # Before the update, or a crash in between would leave the endpoint without them for good.
    context.sagemaker.tag(endpoint.arn, target)
    return Next(
        record.attempting(target.generation.config, endpoint.last_modified, endpoint.failure_reason)
    )


def call_update(context: Context, record: Record, endpoint: EndpointDescription) -> Next | None:
    """Update the endpoint, again where the call before has had no effect."""
    target, attempt, now = _target(record), record.attempt, context.clock.now()
    if attempt and attempt.called_at and now < attempt.called_at + VISIBLE_WITHIN:
        return respond.wait(context, record, endpoint)
    count = _instances_that_go_over(record, target, endpoint)
    deployed = replace(target, deployment=_deployment(target, count))
    try:
        context.sagemaker.update_endpoint(deployed, retain_capacity=record.retain_capacity)
    except ServingConfigGone as error:
        _create_serving_again(context, record, endpoint, error)
    config = target.generation.config
    context.note(f"updating from {endpoint.config} to {config}", record, endpoint)
    return Next(record.called(now), pause=True)


def _create_serving_again(
    context: Context, record: Record, endpoint: EndpointDescription, gone: ServingConfigGone
) -> NoReturn:
    """Create what serves again, without which SageMaker takes no update.

    Raises:
        TransientError: the next invocation updates.
        ServingConfigGone: the relay does not know what the configuration was made of.
    """
    recipe = record.recipes.get(endpoint.config)
    serving = context.resolve(recipe.properties) if recipe else None
    if serving is None or serving.generation.config != endpoint.config:
        raise gone
    context.sagemaker.create_model(serving)
    context.sagemaker.create_config(serving)
    context.note(f"created configuration {endpoint.config} again", record, endpoint)
    raise TransientError(str(gone)) from gone


def arrive(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Set the scaling, then respond that the target is in service.

    Also where only the scaling changes. The scaling is set before the response, so that it is
    repeated, and its errors are handled, like any step's. Only an update that CloudFormation takes
    back succeeds without it, or the stack would be stuck: the sweep restores the scaling.
    """
    target = _target(record)
    try:
        scaled = scale.bring_about(context, record, target.scaling, target.instance_count, endpoint)
    except (AccessDenied, PermanentError) as error:
        denied = isinstance(error, AccessDenied)
        if not record.goes_back or (denied and record.is_patient(context.clock.now())):
            raise
        context.note(messages.scaling_not_restored(record, error), record, endpoint, error=True)
        scaled = None
    return scaled or respond.in_service(context, record, target.generation, endpoint)


def refuse(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Fail: the relay did not make the endpoint, and leaves it alone."""
    text = f"refused: the relay did not make configuration {endpoint.config}"
    context.note(text, record, endpoint, error=True)
    return respond.abandon(context, record, messages.not_ours(endpoint, record))


def fail(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Fail with SageMaker's reason; undo a creation, or restore the previous configuration once."""
    target, cause = _target(record), endpoint.failure_reason
    context.note(f"did not come into service: {cause}", record, endpoint, error=True)
    if record.creating:
        return respond.give_up(context, record, messages.not_created(endpoint, target))
    reason = messages.not_updated(endpoint, target, record)
    failed = respond.abandon(context, record, reason).record
    if endpoint.status is not EndpointStatus.IN_SERVICE:
        # One whose rollback failed serves two configurations mixed, and a failed one none.
        failed = respond.repairing(context, failed, record, endpoint.status.value)
    return Next(failed)


def _stack_change(
    context: Context, record: Record, request: PendingRequest, change: StackChange
) -> Next:
    before = record.serving or change.before
    properties = stacked(change.properties, before)
    try:
        target = context.resolve(properties)
    except ConfigurationError as error:
        return Next(record.turned_down(messages.properties_wrong(error)))
    if change.creating and not target.can_go_over_in_parts:
        # Only where nothing serves yet: an Update with which CloudFormation rolls back must
        # succeed, whatever the stack's parameters were.
        reason = messages.too_few_instances(target, target.instance_count)
        return Next(record.turned_down(reason))
    asked_by = f"CloudFormation {request.type.value} {request.request_id}"
    roll_out = RollOut(request.request_id, RollOutKind.STACK, asked_by, request.since)
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
        if now < roll_out.asked_at + CREATED_WITHIN:
            return Next(record, pause=True)
        reason = endings.NO_ENDPOINT_TO_CHANGE.text()
        return Next(record.dropping(RollOutOutcome.REFUSED, now, reason))
    properties = {**serving.properties, **roll_out.changes}
    try:
        target = _resolved(context, properties, roll_out)
    except FormerName:
        return Next(record, pause=True)
    except ConfigurationError as error:
        reason = refusals.WRONG.text(cause=error, again=roll_out.again)
        context.note(f"roll-out of {roll_out.asked_by} refused: {reason}", record, error=True)
        return Next(record.dropping(RollOutOutcome.REFUSED, now, reason))
    return Next(
        record.serve(
            target,
            Recipe(properties, serving.stack),
            _begun(context, record, roll_out, target),
            retain_capacity=keeps_capacity(serving.properties, properties),
        )
    )


def _resolved(context: Context, properties: Properties, roll_out: RollOut) -> Specification:
    """Resolve the target of a roll-out.

    A rollback or a repair is all at once and without alarms, unless its settings differ: the alarms
    may be in ALARM because of the generation that it replaces.

    Raises:
        ConfigurationError: naming every property that is wrong.
    """
    going_back = roll_out.kind in (RollOutKind.ROLLBACK, RollOutKind.REPAIR)
    if going_back and roll_out.settings in ({}, {WATCH_ALARMS: IGNORED}):
        return replace(context.resolve(properties), deployment=Deployment.at_once())
    return context.resolve({**properties, **roll_out.settings})


def _begun(context: Context, record: Record, roll_out: RollOut, target: Specification) -> RollOut:
    serving_config = record.generations[0].config if record.generations else ""
    return roll_out.begun(serving_config, target.generation.config, context.clock.now())


def _instances_that_go_over(
    record: Record, target: Specification, endpoint: EndpointDescription
) -> int:
    """The smaller of both fleets; 0 where the endpoint is scaled to zero."""
    desired = endpoint.desired_instances
    return desired if record.retain_capacity else min(desired, target.instance_count)


def _deployment(target: Specification, count: int) -> Deployment:
    """Return the deployment for this number of instances.

    AWS documents no guardrails for an endpoint without instances: UpdateEndpoint gets no
    DeploymentConfig then. An endpoint that scales, or that gets more instances, may have only one
    now, which no deployment in parts suits: it is updated in one step.
    """
    if count == 0:
        return Deployment.at_once()
    if target.deployment.suits(count) or not target.can_go_over_in_parts:
        return target.deployment
    return target.deployment.whole()


def _target(record: Record) -> Specification:
    if record.target is None:
        raise RuntimeError(f"{record.endpoint_name}: goal serve without a target (bug)")
    return record.target
