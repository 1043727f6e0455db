"""Steps about an existing endpoint, which the relay serves and never changes."""

from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import respond
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.specification import existing
from relay.provision.specification.existing import Adoption


def check(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond whether the existing endpoint has the configuration that the relay needs."""
    wanted = _wanted(record)
    setup = context.sagemaker.describe_config(endpoint.config)
    if problems := wanted.problems(setup):
        reason = existing.unsuitable(endpoint, problems)
    else:
        reason = wanted.missing_variant(setup)
    if reason:
        context.note(reason, record, endpoint, alarming=True)
        return Next(record.failing(reason))
    return respond.adopted(context, record, endpoint)


def refuse(_: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond that the existing endpoint is not in service."""
    return Next(record.failing(existing.not_in_service(endpoint)))


def problems(
    context: Context, record: Record, wanted: Adoption, endpoint: EndpointDescription
) -> tuple[str, ...]:
    """What is wrong now; also logged. The endpoint's owner may have changed it since."""
    if endpoint.status.changing:
        return ()
    if endpoint.status is not EndpointStatus.IN_SERVICE:
        found: tuple[str, ...] = (existing.not_in_service(endpoint),)
    else:
        setup = context.sagemaker.describe_config(endpoint.config)
        found = wanted.problems(setup)
        if missing := wanted.missing_variant(setup):
            found = (*found, missing)
    for problem in found:
        context.note(f"no longer fit: {problem}", record, endpoint, alarming=True)
    return found


def _wanted(record: Record) -> Adoption:
    if record.adoption is None:
        raise RuntimeError(f"{record.endpoint_name}: goal adopt without an adoption (bug)")
    return record.adoption
