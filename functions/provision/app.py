"""Provision: the endpoint, for CloudFormation, and whatever wakes this up meanwhile."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.provisioning.events import parse
from relay.report import Note
from relay.telemetry import new_logger, write

logger = new_logger()


def journal(note: Note) -> None:
    write(note, logger)


provision = bootstrap.provision(journal)


@logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Takes custom resource requests, endpoint state changes, the sweep, and `describe`.

    Answers how the endpoint stands when asked to describe it, and otherwise an empty object:
    CloudFormation gets its answer at its own address. Raises what the next wake-up has to repeat.
    """
    return provision.handle(parse(event))
