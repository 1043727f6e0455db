"""Route: SageMaker's notifications to results on the downstream queues."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.events.envelopes import read_notifications
from relay.responses import respond, working_until
from relay.telemetry import Metrics, new_logger, tell

logger = new_logger(bootstrap.log_level())
metrics = Metrics()
clock = SystemClock()
route = bootstrap.route()


@logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Takes SQS batches of SNS messages, raw or not, and SNS events.

    Answers a partial batch response.
    """
    incoming = read_notifications(event, context.aws_request_id)
    report = route(incoming, working_until(context, clock.now()))
    tell(report, len(incoming), logger, metrics)
    return respond(incoming, report)
