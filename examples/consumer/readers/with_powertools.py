"""A function on CompletedQueue.fifo or FailedQueue.fifo, with Powertools for AWS Lambda.

Each request is a message group. So a result that fails holds back no other one of its batch.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.utilities.batch import (
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from result import Result

CONTRACT = "urn:async-inference-relay:result:1"

logger = Logger(service="results")
processor = SqsFifoPartialProcessor(skip_group_on_error=True)


def handle(record: SQSRecord) -> str:
    """Log one result. An exception returns its message to the queue."""
    result: Result = record.json_body
    if result["dataschema"] != CONTRACT:
        raise ValueError(f"it follows {result['dataschema']!r}, not {CONTRACT!r}")
    data = result["data"]
    if data["outcome"] == "completed":
        logger.info("completed", request_id=result["id"], output=data["output"]["location"])
    else:
        logger.warning(data["outcome"], request_id=result["id"], reason=data["failure"]["reason"])
    return result["id"]


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Return the messages that failed, for `ReportBatchItemFailures`."""
    return process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
