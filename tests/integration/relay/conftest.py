"""AWS for the adapters: moto in this process, or an endpoint that the environment names.

    RELAY_CONTRACT_ENDPOINT_URL=https://127.0.0.1:4566 AWS_CA_BUNDLE=… pytest tests/integration/relay

runs the same tests against the local stack's AWS. Tables and queues have random names there, and are
deleted afterwards.
"""

import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

ENDPOINT_URL = os.environ.get("RELAY_CONTRACT_ENDPOINT_URL")


@pytest.fixture(scope="session", autouse=True)
def aws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        if ENDPOINT_URL is not None:
            yield
        else:
            with mock_aws():
                yield


@pytest.fixture(scope="session")
def dynamodb(aws: None) -> "DynamoDBClient":
    return boto3.client("dynamodb", endpoint_url=ENDPOINT_URL)


@pytest.fixture(scope="session")
def sqs(aws: None) -> "SQSClient":
    return boto3.client("sqs", endpoint_url=ENDPOINT_URL)


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> Iterator[str]:
    """An empty ledger table, as `template.yaml` makes it."""
    name = f"contract-{uuid.uuid4()}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "due_minute", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_minute", "KeyType": "HASH"},
                    {"AttributeName": "id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    dynamodb.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.fixture
def queue_urls(sqs: "SQSClient") -> Iterator[tuple[str, str]]:
    """A standard queue and a FIFO queue as `template.yaml` makes them, both empty."""
    name = f"contract-{uuid.uuid4()}"
    standard = sqs.create_queue(QueueName=name)["QueueUrl"]
    fifo = sqs.create_queue(
        QueueName=f"{name}.fifo",
        Attributes={
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        },
    )["QueueUrl"]
    yield standard, fifo
    for queue_url in (standard, fifo):
        sqs.delete_queue(QueueUrl=queue_url)
