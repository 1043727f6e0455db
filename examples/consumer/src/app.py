"""A consumer of results that handles each one once, however often it comes.

What it does with a result, and remembering that it did, are one conditional write. So there is no
moment at which a crash could leave the one without the other, and a repeat is simply refused.
"""

import base64
import json
import logging
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from result import Body, Failure, Output, Result

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

CONTRACT = "urn:async-inference-relay:result:1"
# No queue keeps a message, and no dead-letter queue its repeat, for longer than 14 days each.
REMEMBERED_SECONDS = 30 * 86_400
# What fits an item beside the rest; a larger answer stays where it is.
MAX_ANSWER_BYTES = 300_000

logger = logging.getLogger("consumer")
logger.setLevel(logging.INFO)


class Consumer:
    """Keeps the answer of every result in a table, by the result's id."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient", s3: "S3Client") -> None:
        self._table = table
        self._dynamodb = dynamodb
        self._s3 = s3

    def consume(self, result: Result, now: float) -> bool:
        """Whether the result was new.

        Raises:
            ValueError: the message does not follow the contract that this consumer knows.
        """
        if result.get("dataschema") != CONTRACT:
            raise ValueError(f"it follows {result.get('dataschema')!r}, not {CONTRACT!r}")
        data = result["data"]
        item = {
            "id": result["id"],
            "outcome": data["outcome"],
            "subject": result["subject"],
            **(
                self._answer(data["output"])
                if data["outcome"] == "completed"
                else _trouble(data["failure"])
            ),
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    **{name: {"S": text} for name, text in item.items()},
                    "expires": {"N": str(int(now) + REMEMBERED_SECONDS)},
                },
                ConditionExpression="attribute_not_exists(id)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _answer(self, output: Output) -> dict[str, str]:
        """The model's answer as text: from the message where it came along, else from S3."""
        location = {"location": output["location"]}
        if body := output.get("body"):
            return {**location, "answer": _text(body)}
        bucket, _, key = output["location"].removeprefix("s3://").partition("/")
        found = self._s3.get_object(Bucket=bucket, Key=key)
        if found["ContentLength"] > MAX_ANSWER_BYTES:
            return location
        return {**location, "answer": found["Body"].read().decode(errors="replace")}


def _text(body: Body) -> str:
    content = body["content"]
    if body["encoding"] == "json":
        return json.dumps(content)
    if body["encoding"] == "base64":
        return base64.b64decode(content).decode(errors="replace")
    return str(content)


def _trouble(failure: Failure) -> dict[str, str]:
    return {"reason": failure["reason"], "classification": failure["classification"]}


consumer = Consumer(os.environ["TABLE_NAME"], boto3.client("dynamodb"), boto3.client("s3"))


def handler(event: Mapping[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Takes batches of SQS. Only what failed comes again, and at last to the dead-letter queue."""
    failures = []
    for record in event["Records"]:
        try:
            result = json.loads(record["body"])
            new = consumer.consume(result, time.time())
            logger.info("%s %s", "consumed" if new else "had before", result["id"])
        except Exception:  # whatever it was, the others of the batch have nothing to do with it
            logger.exception("message %s failed", record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
