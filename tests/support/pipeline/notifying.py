"""What tests of routing share: attempts, notifications about them, and their results."""

import json
from typing import Any

from relay.delivery.report import Level, Report
from relay.errors import TransientError
from relay.events.sagemaker import own_notification
from relay.model import Outcome

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import (
    NOTIFICATION_QUEUE,
    Json,
)

ID = "a" * 32
THROTTLED = TransientError("ThrottlingException: Rate exceeded")


def submitted(pipeline: FakePipeline, inference_id: str = ID, **changes: Any) -> None:
    pipeline.ledger.items[inference_id] = samples.attempt(inference_id, **changes)


def notify(pipeline: FakePipeline, *notifications: object) -> None:
    for notification in notifications:
        envelope = samples.sns_envelope(notification)
        pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(envelope))


def report_by_relay(pipeline: FakePipeline, outcome: Outcome, inference_id: str = ID) -> None:
    notification = own_notification(inference_id, outcome, "relay", "a reason")
    pipeline.queues.put(NOTIFICATION_QUEUE, notification)


def documents(pipeline: FakePipeline) -> list[Json]:
    return [json.loads(message.body) for message in pipeline.results()]


def logged(report: Report, level: Level) -> list[str]:
    return [note.text for note in report.notes if note.level is level]
