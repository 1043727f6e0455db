"""Submit: submits uploads and direct calls to the asynchronous endpoint."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.events.envelopes import read_submissions
from relay.responses import respond, working_until
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()))
clock = SystemClock()
submit = bootstrap.submit()


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Handle SQS batches, S3, SNS and EventBridge events, and direct calls.

    Return a partial batch response, or the status of each request of a direct call.
    """
    incoming = read_submissions(event, context.aws_request_id)
    report = submit(incoming, working_until(context, clock.now()))
    telemetry.write_report(report, len(incoming))
    return respond(incoming, report)
