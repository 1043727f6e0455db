"""Reconcile: reports overdue attempts, and answers queries for the state of requests."""

from aws_lambda_powertools.utilities.typing import LambdaContext
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.budget import Budget
from relay.delivery.responses import ends_at
from relay.reconcile.calls import Range, Scheduled, read_action
from relay.telemetry import Telemetry, new_logger

telemetry = Telemetry(new_logger(bootstrap.log_level()))
clock = SystemClock()
budget = Budget(clock)
reconcile, questions = bootstrap.reconcile(budget)


@telemetry.logger.inject_lambda_context
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Handle the schedule's event and direct calls (see `relay.reconcile.calls`).

    Return the counts of a run, or the answer to a question about requests.
    """
    budget.begin(ends_at(context, clock.now()))
    match read_action(event, questions.bucket):
        case Range(start, end):
            report = reconcile.between(start, end)
        case Scheduled():
            report = reconcile()
        case question:
            return questions(question)
    telemetry.write_report(report, deliveries=1)
    if report.failure is not None:
        raise report.failure
    counts = {str(name): number for name, number in report.counts.items()}
    return {"counts": counts, "minutes_behind": report.minutes_behind}
