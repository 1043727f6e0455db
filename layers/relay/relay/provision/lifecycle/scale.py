"""Steps that register the endpoint in service with Application Auto Scaling, or deregister it.

An endpoint begins with its instance count and never below one: CreateEndpoint allows no less. From
then on Application Auto Scaling sets the capacity, and updates keep it.

Each function returns None where nothing is to do; a change takes two steps.
"""

from dataclasses import replace

from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.specification.properties import PropertyReader
from relay.provision.specification.scaling import Registration, Scaling
from relay.provision.specification.specification import Specification


def bring_about(
    context: Context,
    record: Record,
    scaling: Scaling | None,
    instance_count: int,
    endpoint: EndpointDescription,
) -> Next | None:
    """Set this scaling, or none: then the endpoint gets its instance count back.

    It may have zero instances at that moment, and nothing else would scale it out.
    """
    if record.registration.is_exactly(scaling):
        return None
    if unsure := about_to_change(record):
        return unsure
    if scaling is None:
        context.autoscaler.deregister(endpoint.name)
        if endpoint.desired_instances != instance_count:
            context.sagemaker.set_instance_count(endpoint.name, instance_count)
        context.note(f"no longer scaled: {instance_count} instances", record, endpoint)
    else:
        context.autoscaler.register(endpoint.name, scaling)
        span = f"{scaling.minimum} to {scaling.maximum}"
        context.note(f"scaled from {span} instances", record, endpoint)
    return Next(replace(record, registration=Registration(scaling)))


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
    if not record.registration.may_exist or _same_type(record, target):
        return None
    return detach(context, record, endpoint)


def _same_type(record: Record, target: Specification) -> bool:
    serving = record.serving
    return serving is not None and serving.properties.get("InstanceType") == target.instance_type
