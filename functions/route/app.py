"""Route: sends a result for each of SageMaker's notifications to the targets of its routes."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.budget import Budget
from relay.delivery.responses import ends_at, respond
from relay.events.envelopes import read_notifications
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()))
clock = SystemClock()
budget = Budget(clock)
route = bootstrap.route(budget)


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Handle SQS batches of SNS messages, raw or not, and SNS events.

    Return a partial batch response.
    """
    budget.begin(ends_at(context, clock.now()))
    incoming = read_notifications(event, context.aws_request_id)
    report = route(incoming)
    telemetry.write_report(report, len(incoming))
    return respond(incoming, report)
