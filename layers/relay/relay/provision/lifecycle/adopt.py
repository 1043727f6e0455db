"""Steps about an existing endpoint, which the relay serves and never changes."""

from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle import respond
from relay.provision.lifecycle.ports import Context, Next
from relay.provision.lifecycle.record import Record
from relay.provision.specification import existing
from relay.provision.specification.existing import Adoption


def check(context: Context, record: Record, endpoint: EndpointDescription) -> Next:
    """Respond whether the existing endpoint has the configuration that the relay needs."""
    if record.adoption is None:
        raise RuntimeError(f"{record.endpoint_name}: goal adopt without an adoption (bug)")
    misfits, missing = _differences(context, record.adoption, endpoint)
    if reason := existing.unsuitable(endpoint, misfits) if misfits else missing:
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
    if endpoint.status is EndpointStatus.IN_SERVICE:
        misfits, missing = _differences(context, wanted, endpoint)
        found = (*misfits, missing) if missing else misfits
    else:
        found = (existing.not_in_service(endpoint),)
    for problem in found:
        context.note(f"no longer fit: {problem}", record, endpoint, alarming=True)
    return found


def _differences(
    context: Context, wanted: Adoption, endpoint: EndpointDescription
) -> tuple[tuple[str, ...], str]:
    """What is wrong with the configuration, and what with the name of the variant."""
    setup = context.sagemaker.describe_config(endpoint.config)
    return wanted.problems(setup), wanted.missing_variant(setup)
