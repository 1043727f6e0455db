"""Route, and nothing else: notifications to a queue, ten a call. No ledger, no result document."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

QUEUE_URL = os.environ["BENCHMARK_QUEUE_URL"]

session = boto3.Session()
sqs = session.client("sqs")
# The relay's other clients, so that cold starts compare.
dynamodb, ssm = session.client("dynamodb"), session.client("ssm")


def handler(event: Mapping[str, Any], context: object) -> dict[str, object]:
    entries: list[SendMessageBatchRequestEntryTypeDef] = []
    for index, record in enumerate(event["Records"]):
        text = json.loads(record["body"])["Message"]
        notification = json.loads(text)
        if notification["eventName"] == "TestNotification":
            continue
        inference_id = notification["inferenceId"]
        entries.append(
            {
                "Id": str(index),
                "MessageBody": text,
                "MessageGroupId": inference_id,
                "MessageDeduplicationId": inference_id,
            }
        )
    for start in range(0, len(entries), 10):
        sqs.send_message_batch(QueueUrl=QUEUE_URL, Entries=entries[start : start + 10])
    return {"batchItemFailures": []}
