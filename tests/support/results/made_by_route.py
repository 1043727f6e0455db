"""Results as route makes them, for targets of every kind."""

from datetime import timedelta
from typing import Any

from relay.model import Attempt, Notification, Outcome
from relay.route.result import Result
from relay.routes.target import Addressed, Target, TargetKind

from tests.support.samples import COMPLETED_QUEUE, NOON, OUTPUTS, Json

ID = "a" * 32
ENDPOINT_ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"
_ARN = "us-east-1:000000000000"
ARNS = {
    TargetKind.QUEUE: f"arn:aws:sqs:{_ARN}:all",
    TargetKind.FIFO_QUEUE: COMPLETED_QUEUE,
    TargetKind.TOPIC: f"arn:aws:sns:{_ARN}:all",
    TargetKind.FIFO_TOPIC: f"arn:aws:sns:{_ARN}:all.fifo",
    TargetKind.BUS: f"arn:aws:events:{_ARN}:event-bus/results",
}


def to(kind: TargetKind, route: str = "to-all", group: str = ID, delay: int = 0) -> Addressed:
    return Addressed(route, Target(ARNS[kind], kind), group, delay)


TO_QUEUE = to(TargetKind.FIFO_QUEUE)


def result(
    outcome: Outcome = Outcome.COMPLETED, attempt: Attempt | None = None, **members: Any
) -> Result:
    defaults: Json = {
        "received_at": NOON + timedelta(seconds=2),
        "finished_at": NOON + timedelta(seconds=9, microseconds=306_000),
    }
    if outcome is Outcome.COMPLETED:
        defaults["output_location"] = f"{OUTPUTS}{ID}"
    notification = Notification(ID, outcome, "relay", **{**defaults, **members})
    return Result(ID, notification, attempt, ENDPOINT_ARN, NOON + timedelta(seconds=10))
