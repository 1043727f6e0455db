"""Provision: creates, updates and deletes the endpoint for CloudFormation and operators."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.events.endpoint_events import read_event
from relay.provision.metrics import counted
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()), counted=counted)
provision = bootstrap.provision(telemetry.write)


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Handle custom resource requests, endpoint state changes, the sweep, and direct calls.

    Return the endpoint's state for `describe`, and an empty object otherwise: CloudFormation gets
    its response at the request's URL. Raise an error if the invocation must be repeated.
    """
    try:
        return provision.handle(read_event(event))
    finally:
        telemetry.flush()
