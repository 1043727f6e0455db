"""Route as it is usually written: Powertools all over, one record, one call after the other."""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.parser.models import SnsNotificationModel
from aws_lambda_powertools.utilities.typing import LambdaContext

QUEUE_URL = os.environ["BENCHMARK_QUEUE_URL"]

logger = Logger()
metrics = Metrics()
tracer = Tracer()
config = IdempotencyConfig(event_key_jmespath="inference_id")
persistence = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE_NAME"])
sqs = boto3.client("sqs")
jobs = boto3.resource("dynamodb").Table(os.environ["LEDGER_TABLE_NAME"])
processor = BatchProcessor(event_type=EventType.SQS)


class Output(BaseModel):
    outputLocation: str


class Inference(BaseModel):
    """The notification, as far as it is used."""

    eventName: str
    invocationStatus: str = ""
    inferenceId: str = ""
    failureReason: str | None = None
    responseParameters: Output | None = None


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    config.register_lambda_context(context)
    return process_partial_response(
        event=event, record_handler=route, processor=processor, context=context
    )


@tracer.capture_method
def route(record: SQSRecord) -> None:
    envelope = parse(event=record.json_body, model=SnsNotificationModel)
    inference = parse(event=json.loads(str(envelope.Message)), model=Inference)
    if inference.eventName != "TestNotification":
        send(key={"inference_id": inference.inferenceId}, inference=inference)


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="key", persistence_store=persistence, config=config
)
def send(key: dict[str, str], inference: Inference) -> dict[str, str]:
    job = jobs.get_item(Key={"id": inference.inferenceId}).get("Item", {})
    output = inference.responseParameters.outputLocation if inference.responseParameters else None
    result = {
        "id": inference.inferenceId,
        "status": inference.invocationStatus,
        "input": job.get("input"),
        "output": output,
        "reason": inference.failureReason,
    }
    sqs.send_message(
        QueueUrl=QUEUE_URL,
        MessageBody=json.dumps(result),
        MessageGroupId=inference.inferenceId,
        MessageDeduplicationId=inference.inferenceId,
    )
    jobs.update_item(
        Key={"id": inference.inferenceId},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": inference.invocationStatus},
    )
    logger.info("routed", extra={"inference_id": inference.inferenceId})
    metrics.add_metric(name="Routed", unit=MetricUnit.Count, value=1)
    return {"inference_id": inference.inferenceId}
