"""Reads result messages from the downstream queues and outputs from S3."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from local.stack.clients import Clients
from local.stack.settings import STACK_NAME

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_THREADS = 8


@dataclass(frozen=True, slots=True)
class Result:
    """What a run looks at in a result message (CloudEvents 1.0, see docs/).

    `message` is the model's own, where the result of a failure has it.
    """

    id: str
    type: str
    outcome: str
    subject: str
    output_location: str | None
    reason: str
    queue: str
    message: str = ""

    @classmethod
    def parse(cls, body: str, queue: str) -> Self:
        event = json.loads(body)
        data = event["data"]
        failure = data.get("failure") or {}
        return cls(
            id=event["id"],
            type=event["type"],
            outcome=data["outcome"],
            subject=event.get("subject") or "",
            output_location=(data.get("output") or {}).get("location"),
            reason=failure.get("reason") or "",
            queue=queue,
            message=(failure.get("body") or {}).get("content") or "",
        )


def receive_results(sqs: "SQSClient", outputs: Mapping[str, str]) -> Iterator[Result]:
    """What lies on CompletedQueue and FailedQueue at this moment; it is deleted.

    `outputs` are the stack's.
    """
    for name in ("CompletedQueue", "FailedQueue"):
        for body in received(sqs, outputs[f"{name}Url"]):
            yield Result.parse(body, name)


def parked_ids(sqs: "SQSClient", url: str) -> set[str]:
    """The ids that the parked messages of a dead-letter queue had; they are deleted."""
    return {each["MessageAttributes"]["message_id"]["StringValue"] for each in _taken(sqs, url)}


def received(sqs: "SQSClient", url: str) -> Iterator[str]:
    """The bodies of the messages that lie on a queue at this moment; they are deleted."""
    return (message["Body"] for message in _taken(sqs, url))


def _taken(sqs: "SQSClient", url: str) -> "Iterator[MessageTypeDef]":
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        yield from messages
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(messages)
            ],
        )


def read_outputs(s3: "S3Client", results: Iterable[Result]) -> dict[str, str]:
    """The text of every output object that a result names, by its location (`s3://bucket/key`)."""

    def read(location: str) -> str:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    locations = {result.output_location for result in results if result.output_location}
    with ThreadPoolExecutor(_THREADS) as threads:
        return dict(zip(locations, threads.map(read, locations), strict=True))


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
