"""A result, from what the status of its request says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from relay.inputs.defaults import RequestDefaults, read_defaults
from relay.model import Attempt, Notification, Outcome
from relay.route.result import Result
from relay.s3uri import S3Uri

from relayctl.deployment import Deployment
from relayctl.requests.search import input_prefixes


def rebuilt_result(
    deployment: Deployment, request_id: str, attempts: Sequence[Mapping[str, Any]]
) -> Mapping[str, object] | None:
    """Return the document of the result of a request; None if it has none yet.

    The ledger has neither the model's response nor what SageMaker said beside the outcome.
    """
    last = attempts[-1]
    state = last["held"]["outcome"] if "held" in last else str(last["state"]).lower()
    if state not in list(Outcome):
        return None
    outcome = Outcome(state)
    location = S3Uri.parse(last["input_location"]) if "input_location" in last else None
    defaults = _defaults(deployment, location)
    submitted = datetime.fromisoformat(last["submitted_at"])
    attempt = Attempt(
        id=last["inference_id"],
        request_id=request_id,
        number=last["attempt"],
        claimed_by="",
        endpoint=last["endpoint"],
        submitted_at=submitted,
        due_at=datetime.fromisoformat(last["due_at"]),
        location=location,
        content_type=defaults.content_type
        or deployment.parameters.get("DefaultContentType")
        or None,
        custom_attributes=defaults.custom_attributes,
        output_location=last.get("output_location"),
    )
    notification = Notification(
        inference_id=attempt.id,
        outcome=outcome,
        endpoint=attempt.endpoint,
        location=location,
        failure_reason=last.get("reason"),
        from_relay=outcome in (Outcome.REJECTED, Outcome.EXPIRED),
    )
    routed_at = datetime.fromisoformat(last["routed_at"]) if "routed_at" in last else submitted
    partition, _, region, account = str(deployment.description["StackId"]).split(":")[1:5]
    arn = f"arn:{partition}:sagemaker:{region}:{account}:endpoint/{attempt.endpoint.lower()}"
    return Result(request_id, notification, attempt, arn, routed_at).document()


def _defaults(deployment: Deployment, location: S3Uri | None) -> RequestDefaults:
    """Return what InputDefaults says about an input."""
    text = deployment.parameters.get("InputDefaults") or "{}"
    by_prefix, _ = read_defaults(text, input_prefixes(deployment))
    for prefix, defaults in by_prefix.items():  # the longest first
        if location is not None and location.key.startswith(prefix):
            return defaults
    return RequestDefaults()
