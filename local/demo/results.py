"""Reads result messages from the downstream queues and outputs from S3."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from local.stack.clients import Clients
from local.stack.settings import STACK_NAME

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo looks at in a result message (CloudEvents 1.0, see docs/)."""

    id: str
    type: str
    outcome: str
    subject: str
    output_location: str | None
    reason: str
    queue: str

    @classmethod
    def parse(cls, body: str, queue: str) -> Self:
        event = json.loads(body)
        data = event["data"]
        return cls(
            id=event["id"],
            type=event["type"],
            outcome=data["outcome"],
            subject=event.get("subject") or "",
            output_location=(data.get("output") or {}).get("location"),
            reason=(data.get("failure") or {}).get("reason") or "",
            queue=queue,
        )


class Inbox:
    """Receives and deletes results from CompletedQueue and FailedQueue."""

    def __init__(self, sqs: "SQSClient", completed_queue_url: str, failed_queue_url: str) -> None:
        self._sqs = sqs
        self._queues = {"CompletedQueue": completed_queue_url, "FailedQueue": failed_queue_url}

    def receive(self) -> Iterator[Result]:
        """What lies on the queues at this moment; waits for nothing."""
        for name, url in self._queues.items():
            while True:
                found = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
                messages = found.get("Messages", [])
                if not messages:
                    break
                for message in messages:
                    yield Result.parse(message["Body"], name)
                self._sqs.delete_message_batch(
                    QueueUrl=url,
                    Entries=[
                        {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                        for n, message in enumerate(messages)
                    ],
                )


def read_output(s3: "S3Client", location: str) -> str:
    """The text of an output object at `s3://bucket/key`."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def queue_depths(clients: Clients) -> dict[str, int]:
    """Messages on each queue of the application, by its name in the template: visible, in flight
    and delayed."""
    found = clients.cloudformation.describe_stack_resources(StackName=STACK_NAME)
    depths = {}
    for resource in found["StackResources"]:
        if resource["ResourceType"] != "AWS::SQS::Queue":
            continue
        attributes = clients.sqs.get_queue_attributes(
            QueueUrl=resource["PhysicalResourceId"], AttributeNames=["All"]
        )["Attributes"]
        depths[resource["LogicalResourceId"]] = sum(
            int(number)
            for name, number in attributes.items()
            if name.startswith("ApproximateNumberOfMessages")
        )
    return depths
