"""A pipeline whose results have several targets."""

import json

from relay.errors import PermanentError

from tests.support.pipeline.notifying import submitted
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import Json

ARCHIVE = "arn:aws:sqs:us-east-1:000000000000:archive"
TEAM = "arn:aws:sns:us-east-1:000000000000:team.fifo"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/results"
REST = "arn:aws:sqs:us-east-1:000000000000:rest"
GONE = PermanentError("AWS.SimpleQueueService.NonExistentQueue: it does not exist")


def routes(*named: Json) -> str:
    return json.dumps({"routes": named, "otherwise": {"to": REST}})


TO_ARCHIVE = {"name": "archive", "to": ARCHIVE}
TO_TEAM = {"name": "team", "when": "data.outcome == 'completed'", "to": TEAM}
TO_BUS = {"name": "bus", "to": BUS}


def pipeline_to_three() -> FakePipeline:
    """One whose routes send a completed result to three targets; an attempt is under way."""
    pipeline = FakePipeline()
    pipeline.routes.replace(routes(TO_ARCHIVE, TO_TEAM, TO_BUS))
    submitted(pipeline)
    return pipeline


def delivered(pipeline: FakePipeline, *targets: str) -> list[int]:
    return [len(pipeline.queues.delivered(target)) for target in targets]


def come_again(pipeline: FakePipeline, times: int = 1) -> None:
    for _ in range(times):
        pipeline.clock.advance(900)
        pipeline.deliver_to_route()
