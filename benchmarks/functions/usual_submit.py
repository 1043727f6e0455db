"""Submit as it is usually written: Powertools all over, one record, one call after the other."""

import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

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
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.parser.models import S3Model
from aws_lambda_powertools.utilities.typing import LambdaContext

ENDPOINT = os.environ["ENDPOINT_NAME"]

logger = Logger()
metrics = Metrics()
tracer = Tracer()
config = IdempotencyConfig(event_key_jmespath="[key, sequencer]")
persistence = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE_NAME"])
runtime = boto3.client("sagemaker-runtime")
jobs = boto3.resource("dynamodb").Table(os.environ["LEDGER_TABLE_NAME"])
processor = BatchProcessor(event_type=EventType.SQS)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    config.register_lambda_context(context)
    return process_partial_response(
        event=event, record_handler=submit, processor=processor, context=context
    )


@tracer.capture_method
def submit(record: SQSRecord) -> None:
    for upload in parse(event=record.json_body, model=S3Model).Records:
        made = upload.s3.object
        assert made is not None
        location = f"s3://{upload.s3.bucket.name}/{unquote_plus(made.key)}"
        invoke(upload={"key": made.key, "sequencer": made.sequencer}, location=location)


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="upload", persistence_store=persistence, config=config
)
def invoke(upload: dict[str, str], location: str) -> dict[str, str]:
    answer = runtime.invoke_endpoint_async(
        EndpointName=ENDPOINT, InputLocation=location, ContentType="text/csv"
    )
    jobs.put_item(
        Item={
            "id": answer["InferenceId"],
            "input": location,
            "output": answer["OutputLocation"],
            "status": "SUBMITTED",
            "submitted_at": datetime.now(UTC).isoformat(),
        }
    )
    logger.info("submitted", extra={"inference_id": answer["InferenceId"], "input": location})
    metrics.add_metric(name="Submitted", unit=MetricUnit.Count, value=1)
    return {"inference_id": answer["InferenceId"]}
