"""Backfill: sends requests for objects that exist, as fast as the endpoint infers."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.backfill.calls import Tick, read_call
from relay.budget import Budget
from relay.delivery.responses import ends_at
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()))
clock = SystemClock()
budget = Budget(clock)
backfill, operations = bootstrap.backfill(budget)


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Handle the schedule's event and direct calls (see `relay.backfill.calls`).

    Return the answer to a call.
    """
    budget.begin(ends_at(context, clock.now()))
    match read_call(event, operations.settings.inputs):
        case Tick():
            report = backfill()
            telemetry.write_report(report, deliveries=1)
            if report.failure is not None:
                raise report.failure
            return {}
        case call:
            return operations(call)
