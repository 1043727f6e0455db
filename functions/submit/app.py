"""Submit: submits uploads and direct calls to the asynchronous endpoint."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.budget import Budget
from relay.delivery.responses import ends_at, respond
from relay.events.envelopes import read_submissions
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()))
clock = SystemClock()
budget = Budget(clock)
submit = bootstrap.submit(budget)


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Handle SQS batches, S3, SNS and EventBridge events, and direct calls.

    Return a partial batch response, or the status of each request of a direct call.
    """
    budget.begin(ends_at(context, clock.now()))
    incoming = read_submissions(event, context.aws_request_id)
    report = submit(incoming)
    telemetry.write_report(report, len(incoming))
    return respond(incoming, report)
