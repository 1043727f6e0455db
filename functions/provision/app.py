"""Provision: the endpoint, for CloudFormation, and whatever wakes this up meanwhile."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.provision.events import parse
from relay.telemetry import Journal, Metrics, new_logger

logger = new_logger(bootstrap.log_level())
journal = Journal(logger, Metrics())
provision = bootstrap.provision(journal)


@logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Takes custom resource requests, endpoint state changes, the sweep, and `describe`.

    Answers how the endpoint stands when asked to describe it, and otherwise an empty object:
    CloudFormation gets its answer at its own address. Raises what the next wake-up has to repeat.
    """
    try:
        return provision.handle(parse(event))
    finally:
        journal.flush()
