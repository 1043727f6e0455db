"""Provision: the endpoint, for CloudFormation, and whatever wakes this up meanwhile."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.provision.events import parse
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()))
provision = bootstrap.provision(telemetry.write_step)


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Take custom resource requests, endpoint state changes, the sweep, and `describe`.

    Return how the endpoint stands when asked to describe it, and otherwise an empty object:
    CloudFormation gets its answer at its own address. Raise what the next wake-up has to repeat.
    """
    try:
        return provision.handle(parse(event))
    finally:
        telemetry.flush()
