"""What tests of submitting share: uploads, answers of the endpoint, and what was reported."""

import json
from typing import Any

from relay.delivery.report import Level, Report
from relay.errors import (
    AccessDenied,
    EndpointNotReady,
    TransientError,
    Unanswered,
)
from relay.events.direct_calls import write_call
from relay.ids import request_id_of_upload
from relay.model import InferenceRequest

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import BUCKET, NOTIFICATION_QUEUE, SUBMIT_QUEUE

THROTTLED = TransientError("invoke endpoint relay: ThrottlingException: Rate exceeded")
NOT_READY = EndpointNotReady("Endpoint relay of account 000000000000 not found.")
DENIED = AccessDenied("invoke endpoint relay: AccessDeniedException: not authorized")
UNANSWERED = Unanswered("invoke endpoint relay: read timed out")


def upload(pipeline: FakePipeline, *keys: str) -> list[str]:
    """One message of S3 for each; the ids of the requests."""
    for key in keys:
        pipeline.queues.put(SUBMIT_QUEUE, json.dumps(samples.upload(key)))
    return [request_id_of_upload(BUCKET, key, "", "00A1") for key in keys]


def put(pipeline: FakePipeline, message: object) -> None:
    pipeline.queues.put(SUBMIT_QUEUE, json.dumps(message))


def own_call(request_id: str, attempt: int) -> object:
    """The relay's own message of an attempt."""
    call: object = json.loads(write_call(InferenceRequest(request_id, body=b"1", attempt=attempt)))
    return call


def reports_of_rejection(pipeline: FakePipeline) -> list[dict[str, Any]]:
    messages = pipeline.queues.delivered(NOTIFICATION_QUEUE)
    return [json.loads(message.body) for message in messages]


def logged(report: Report, level: Level) -> list[str]:
    return [note.text for note in report.notes if note.level is level]
