"""Steps that delete: the endpoint with all that was made for it, or only what is unused."""

from dataclasses import replace

from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle import respond, scale
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.specification.specification import Generation


def delete_endpoint(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Delete the endpoint, permanently or before it is created again.

    No other step does. What is attached to the endpoint by its name (a scalable target) is taken
    off first: SageMaker does not do so, and the next endpoint of this name would meet it.
    """
    if unsure := scale.detach(context, record, endpoint):
        return unsure
    context.sagemaker.delete_endpoint(endpoint.name)
    context.note("deleting", record, endpoint)
    return Next(replace(record, unseen_until=None), pause=True)


def leave_alone(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Delete the relay's models and configurations, not the endpoint, and respond."""
    text = f"not deleted: the relay did not make configuration {endpoint.config}"
    context.note(text, record, endpoint, error=True)
    return _delete_generations(context, record, endpoint)


def clear(context: Context, record: Record, endpoint: EndpointDescription) -> Next | None:
    """Delete all models and configurations, and respond.

    An endpoint that was just called for may not show yet.
    """
    if record.unseen_until and context.clock.now() < record.unseen_until:
        return respond.wait(context, record, endpoint)
    return scale.detach(context, record, endpoint) or _delete_generations(context, record, endpoint)


def collect(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Delete one unused model and configuration."""
    generation = record.unused[0]
    if generation.config == endpoint.config:
        # An update that came through after CloudFormation had stopped waiting for it.
        return Next(record.in_service(generation))
    _delete(context, generation, keep=record.generations)
    context.note(f"deleted {generation.config}, which was unused", record, endpoint)
    return Next(record.collected(generation))


def _delete_generations(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    for generation in record.made:
        _delete(context, generation, keep=())
    context.note("removed", record, endpoint)
    return Next(record.cleared()) if record.awaits_former else respond.removed(context, record)


def _delete(context: Context, generation: Generation, keep: tuple[Generation, ...]) -> None:
    """Delete the generation, except for what one of `keep` shares with it."""
    if generation.config not in {kept.config for kept in keep}:
        context.sagemaker.delete_config(generation.config)
    if generation.model not in {kept.model for kept in keep}:
        context.sagemaker.delete_model(generation.model)
