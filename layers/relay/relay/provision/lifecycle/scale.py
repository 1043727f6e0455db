"""Steps that register the endpoint in service with Application Auto Scaling, or deregister it.

An endpoint begins with its instance count and never below one: CreateEndpoint allows no less. From
then on Application Auto Scaling sets the capacity, and updates keep it.

Each function returns None where nothing is to do; a change takes two steps.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.specification.properties import PropertyReader
from relay.provision.specification.scaling import Registration, Scaling
from relay.provision.specification.specification import Specification

# How long after its deregistration Application Auto Scaling may still change the capacity.
_SCALED_IN_WITHIN: Final = timedelta(minutes=1)


def bring_about(
    context: Context,
    record: Record,
    scaling: Scaling | None,
    instance_count: int,
    endpoint: EndpointDescription,
) -> Next | None:
    """Set this scaling, or none: then the endpoint gets its instance count back."""
    if record.registration.is_exactly(scaling):
        return None
    if unsure := about_to_change(record):
        return unsure
    if scaling is None:
        return _turn_off(context, record, instance_count, endpoint)
    context.autoscaler.register(endpoint.name, scaling)
    span = f"{scaling.minimum} to {scaling.maximum}"
    context.note(f"scaled from {span} instances", record, endpoint)
    return Next(replace(record, registration=Registration(scaling)))


def _turn_off(
    context: Context, record: Record, instance_count: int, endpoint: EndpointDescription
) -> Next:
    """Deregister, and give the endpoint its instance count back once nothing changes it any more.

    A scale-in that began before can take the last instance away afterwards, and nothing else would
    bring it back. So the count must be right a minute after the deregistration.
    """
    registration, now = record.registration, context.clock.now()
    if registration.ended_at is None:
        context.autoscaler.deregister(endpoint.name)
        return Next(replace(record, registration=registration.ended(now)))
    if endpoint.desired_instances != instance_count:
        context.sagemaker.set_instance_count(endpoint.name, instance_count)
        context.note(f"no longer scaled: {instance_count} instances", record, endpoint)
        return Next(record, pause=True)
    if now < registration.ended_at + _SCALED_IN_WITHIN:
        return Next(record, pause=True)
    return Next(replace(record, registration=Registration()))


def restore(context: Context, record: Record, endpoint: EndpointDescription) -> Next | None:
    """Restore the scaling of the generation in service."""
    if record.serving is None:
        return None
    reader = PropertyReader(record.serving.properties)
    count = reader.whole_number("InstanceCount", 1)
    return bring_about(context, record, Scaling.read(reader), count, endpoint)


def about_to_change(record: Record) -> Next | None:
    """Store that it is unknown what is registered, before anything changes there."""
    if not record.registration.sure:
        return None
    return Next(replace(record, registration=record.registration.unsure()))


def detach(context: Context, record: Record, endpoint: EndpointDescription) -> Next | None:
    """Deregister before the endpoint is deleted or made anew.

    A scalable target that was left would meet the next endpoint of this name.
    """
    if record.registration.may_exist and (unsure := about_to_change(record)):
        return unsure
    context.autoscaler.deregister(endpoint.name)
    return None


def detach_if_retyped(
    context: Context, record: Record, target: Specification, endpoint: EndpointDescription
) -> Next | None:
    """SageMaker changes the instance type of no variant that is a scalable target."""
    # What the endpoint has: an update that failed after it had changed the type counts.
    recipe = record.recipes.get(endpoint.config)
    same_type = recipe and recipe.properties.get("InstanceType") == target.instance_type
    if not record.registration.may_exist or same_type:
        return None
    return detach(context, record, endpoint)
