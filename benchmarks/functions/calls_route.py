"""The calls that the relay's route makes, and nothing else: the least that one result each takes.

Looks up, sends and marks with the relay's own clients, and has the notification itself for a
result: it checks nothing, decides nothing, and reads nothing of what it looked up.
"""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from relay.aws.clients import Clients
from relay.aws.dynamodb.attempt_items import MEMBERS, NAMES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

QUEUE_URL = os.environ["BENCHMARK_QUEUE_URL"]
TABLE = os.environ["LEDGER_TABLE_NAME"]
MARK = f'UPDATE "{TABLE}" SET "state"=? SET "routed_at"=? WHERE "id"=? AND "state"=?'  # noqa: S608

clients = Clients()
sqs, dynamodb = clients.sqs, clients.dynamodb


def handler(event: Mapping[str, Any], context: object) -> dict[str, object]:
    messages = {}
    for record in event["Records"]:
        text = json.loads(record["body"])["Message"]
        messages[json.loads(text)["inferenceId"]] = text
    dynamodb.batch_get_item(
        RequestItems={
            TABLE: {
                "Keys": [{"id": {"S": inference_id}} for inference_id in messages],
                "ConsistentRead": True,
                "ProjectionExpression": MEMBERS,
                "ExpressionAttributeNames": NAMES,
            }
        }
    )
    entries = [_entry(inference_id, text) for inference_id, text in messages.items()]
    for start in range(0, len(entries), 10):
        sqs.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries[start : start + 10])
    marks = [_mark(inference_id) for inference_id in messages]
    for start in range(0, len(marks), 25):
        dynamodb.batch_execute_statement(Statements=marks[start : start + 25])
    return {"batchItemFailures": []}


def _entry(inference_id: str, text: str) -> "SendMessageBatchRequestEntryTypeDef":
    return {
        "Id": inference_id,
        "MessageBody": text,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": inference_id}
            for name in ("outcome", "endpoint", "route", "request_id")
        },
        "MessageGroupId": inference_id,
        "MessageDeduplicationId": inference_id,
    }


def _mark(inference_id: str) -> "BatchStatementRequestTypeDef":
    values = ("COMPLETED", "2026-11-20T09:01:50.512000+00:00", inference_id, "OPEN")
    return {"Statement": MARK, "Parameters": [{"S": value} for value in values]}
