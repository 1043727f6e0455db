"""Settings, events and notifications as the local stack has them, and how to change a detail."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from relay.inputs.inputs import Inputs
from relay.model import Attempt, Delivery
from relay.s3uri import S3Uri
from relay.settings import BackfillSettings, ReconcileSettings, RouteSettings, SubmitSettings

Json = dict[str, Any]

EVENTS = Path(__file__).parents[2] / "events"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

BUCKET = "relay-data-000000000000-us-east-1"
INPUTS = S3Uri(BUCKET, "inputs/")
INPUT_FOLDERS = Inputs((INPUTS,))
OUTPUTS = S3Uri(BUCKET, "outputs/")
FAILURES = S3Uri(BUCKET, "failures/")
SUCCESS_TOPIC = "arn:aws:sns:us-east-1:000000000000:sagemaker-relay-success"
ERROR_TOPIC = "arn:aws:sns:us-east-1:000000000000:sagemaker-relay-error"

_QUEUES = "https://sqs.us-east-1.amazonaws.com/000000000000"
SUBMIT_QUEUE = f"{_QUEUES}/relay-SubmitQueue"
SUBMIT_DEAD_LETTERS = f"{_QUEUES}/relay-SubmitDeadLetterQueue"
NOTIFICATION_QUEUE = f"{_QUEUES}/relay-NotificationQueue"
NOTIFICATION_DEAD_LETTERS = f"{_QUEUES}/relay-NotificationDeadLetterQueue"
COMPLETED_QUEUE = "arn:aws:sqs:us-east-1:000000000000:relay-completed.fifo"
FAILED_QUEUE = "arn:aws:sqs:us-east-1:000000000000:relay-failed.fifo"

# What the template has by default.
ROUTES = json.dumps(
    {
        "routes": [
            {"name": "completed", "when": "data.outcome == 'completed'", "to": COMPLETED_QUEUE}
        ],
        "otherwise": {"to": FAILED_QUEUE},
    }
)

CLIENT_ERROR = (
    "ClientError: Received client error (400) from model. "
    "See the SageMaker Endpoint logs in your account for more information."
)
SERVER_ERROR = (
    "InternalServerError: Received server error (500) from model. "
    "See the SageMaker Endpoint logs in your account for more information."
)

SUBMIT_ENVIRONMENT: Mapping[str, str] = {
    "ENDPOINT_NAME": "relay",
    "INPUT_BUCKET": BUCKET,
    "INPUT_PREFIXES": "inputs/",
    "INPUT_DEFAULTS": "{}",
    "OUTPUT_PATH": str(OUTPUTS),
    "FAILURE_PATH": str(FAILURES),
    "MIRROR_INPUT_FOLDERS": "false",
    "LEDGER_TABLE_NAME": "relay-LedgerTable",
    "SUBMIT_QUEUE_URL": SUBMIT_QUEUE,
    "SUBMIT_DEAD_LETTER_QUEUE_URL": SUBMIT_DEAD_LETTERS,
    "NOTIFICATION_QUEUE_URL": NOTIFICATION_QUEUE,
    "DEFAULT_CONTENT_TYPE": "text/csv",
    "DEFAULT_ACCEPT": "",
    "REQUEST_TTL_SECONDS": "21600",
    "INVOCATION_TIMEOUT_SECONDS": "900",
    "OVERDUE_SLACK_SECONDS": "600",
}

ROUTE_ENVIRONMENT: Mapping[str, str] = {
    "ENDPOINT_NAME": "relay",
    "ENDPOINT_ARN": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay",
    "OUTPUT_PATH": str(OUTPUTS),
    "FAILURE_PATH": str(FAILURES),
    "SUCCESS_TOPIC_ARN": SUCCESS_TOPIC,
    "ERROR_TOPIC_ARN": ERROR_TOPIC,
    "LEDGER_TABLE_NAME": "relay-LedgerTable",
    "SUBMIT_QUEUE_URL": SUBMIT_QUEUE,
    "NOTIFICATION_DEAD_LETTER_QUEUE_URL": NOTIFICATION_DEAD_LETTERS,
    "NOTIFICATION_QUEUE_URL": NOTIFICATION_QUEUE,
    "ROUTES_PARAMETER_NAME": "/relay/routes",
    "MAX_ATTEMPTS": "3",
    "RETRY_DELAY_SECONDS": "30",
}


RECONCILE_ENVIRONMENT: Mapping[str, str] = {
    "INPUT_BUCKET": BUCKET,
    "INPUT_PREFIXES": "inputs/",
    "OUTPUT_PATH": str(OUTPUTS),
    "FAILURE_PATH": str(FAILURES),
    "LEDGER_TABLE_NAME": "relay-LedgerTable",
    "NOTIFICATION_QUEUE_URL": NOTIFICATION_QUEUE,
}


BACKFILL_ENVIRONMENT: Mapping[str, str] = {
    "STACK_NAME": "relay",
    "INPUT_BUCKET": BUCKET,
    "INPUT_PREFIXES": "inputs/",
    "INPUT_DEFAULTS": "{}",
    "BACKFILL_BUCKET_ARNS": "arn:aws:s3:::archive",
    "LEDGER_TABLE_NAME": "relay-LedgerTable",
    "SUBMIT_QUEUE_URL": SUBMIT_QUEUE,
    "SCHEDULE_RULE_NAME": "relay-backfill",
    "EVENT_BUS_ARN": "arn:aws:events:us-east-1:000000000000:event-bus/default",
    "REQUEST_TTL_SECONDS": "21600",
}


def submit_settings(**changes: str) -> SubmitSettings:
    return SubmitSettings.read({**SUBMIT_ENVIRONMENT, **changes})


def route_settings(**changes: str) -> RouteSettings:
    return RouteSettings.read({**ROUTE_ENVIRONMENT, **changes})


def reconcile_settings() -> ReconcileSettings:
    return ReconcileSettings.read(RECONCILE_ENVIRONMENT)


def backfill_settings(**changes: str) -> BackfillSettings:
    return BackfillSettings.read({**BACKFILL_ENVIRONMENT, **changes})


def event(name: str) -> Json:
    """An event file, such as `submit/s3-via-sqs`."""
    content: Json = json.loads((EVENTS / f"{name}.json").read_text())
    return content


def upload(
    key: str, *, sequencer: str = "00A1", size: int = 12, bucket: str = BUCKET, **members: str
) -> Json:
    """The S3 notification of one upload. `key` is the real key; S3 form-encodes it."""
    s3_object = {"key": quote_plus(key, safe="/"), "size": size, "eTag": "e1", **members}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {**s3_object, "sequencer": sequencer}},
    }
    return {"Records": [record]}


def sqs_record(body: str, *, message_id: str = "m-1", receive_count: int = 1) -> Json:
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt of {message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receive_count)},
        "eventSource": "aws:sqs",
    }


def sqs_attributes(delivery: Delivery) -> Json:
    """The attributes with which Lambda hands a message over."""
    attributes = {"ApproximateReceiveCount": str(delivery.receive_count)}
    if delivery.sent_at is not None:
        attributes["SentTimestamp"] = str(round(delivery.sent_at.timestamp() * 1000))
    return attributes


def sqs_event(*bodies: object) -> Json:
    """The event of Lambda for messages m-1, m-2, …; a body that is not text is sent as JSON."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {
        "Records": [
            sqs_record(text, message_id=f"m-{number}") for number, text in enumerate(texts, 1)
        ]
    }


def sns_event(message: object, topic_arn: str = SUCCESS_TOPIC, message_id: str = "sns-1") -> Json:
    text = message if isinstance(message, str) else json.dumps(message)
    sns = {"MessageId": message_id, "TopicArn": topic_arn, "Message": text}
    return {"Records": [{"EventSource": "aws:sns", "Sns": sns}]}


def sns_envelope(
    message: object, topic_arn: str = SUCCESS_TOPIC, message_id: str = "sns-1"
) -> Json:
    """What a subscription without raw delivery puts into a queue."""
    return {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic_arn,
        "Message": message if isinstance(message, str) else json.dumps(message),
    }


def completed(inference_id: str, **changes: object) -> Json:
    """SageMaker's notification of a success. `changes` replace members of the top level."""
    return {
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-20T12:00:09.306Z",
        "receivedTime": "2026-11-20T12:00:02.918Z",
        "invocationStatus": "Completed",
        "requestParameters": {"contentType": "text/csv", "endpointName": "relay"},
        "responseParameters": {
            "contentType": "application/json",
            "outputLocation": f"{OUTPUTS}{inference_id}.out",
        },
        "inferenceId": inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
        **changes,
    }


def failed(inference_id: str, reason: str | None = CLIENT_ERROR, **changes: object) -> Json:
    """SageMaker's notification of a failure, without `responseParameters`, as they come."""
    return {
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-20T12:00:09.306Z",
        "receivedTime": "2026-11-20T12:00:02.918Z",
        "invocationStatus": "Failed",
        "failureReason": reason,
        "requestParameters": {"endpointName": "relay"},
        "inferenceId": inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
        **changes,
    }


def attempt(inference_id: str = "a" * 32, **changes: Any) -> Attempt:
    """An open first attempt with everything set."""
    members: Json = {
        "id": inference_id,
        "request_id": inference_id,
        "number": 1,
        "claimed_by": "m-1",
        "endpoint": "relay",
        "submitted_at": NOON,
        "due_at": NOON + timedelta(hours=7),
        "location": S3Uri(BUCKET, "inputs/a.csv"),
        "version_id": "v1",
        "etag": "e1",
        "content_type": "text/csv",
        "accept": "application/json",
        "custom_attributes": "warehouse=north",
        "ttl_seconds": 3600,
        "timeout_seconds": 60,
        "requested_at": NOON - timedelta(seconds=3),
        "output_location": f"{OUTPUTS}{inference_id}",
    }
    return Attempt(**{**members, **changes})


def delivery(message_id: str = "m-1", body: str = "{}", receive_count: int = 1) -> Delivery:
    return Delivery(message_id, body, f"receipt of {message_id}", receive_count)


def outcomes(function: str) -> dict[str, dict[str, int]]:
    """What `events/README.md` says that a function counts for each of its events."""
    rows = re.findall(
        rf"^\| {function}/(\S+)\.json \|.*\| ([^|]+) \|$", (EVENTS / "README.md").read_text(), re.M
    )
    return {
        name: {count: int(number) for count, number in re.findall(r"(\w+) (\d+)", counts)}
        for name, counts in rows
    }
