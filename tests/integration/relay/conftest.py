"""DynamoDB and SQS for the adapters: a MiniStack of their own, or an endpoint of the environment.

    RELAY_CONTRACT_ENDPOINT_URL=https://127.0.0.1:4566 AWS_CA_BUNDLE=… \\
        pytest tests/integration/relay

runs the same tests against another one, such as the local stack's. Tables and queues have random
names, and are deleted afterwards.
"""

import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from local.machine.tcp_ports import free_ports
from tests.contract.queues import create_queues
from tests.support.emulator.stack import eventually

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(scope="session")
def endpoint_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("RELAY_CONTRACT_ENDPOINT_URL")
    if given is not None:
        yield given
        return
    directory = tmp_path_factory.mktemp("ministack")
    (port,) = free_ports(1)
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=_ministack_environment(port, directory),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as ministack,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _healthy(url) or ministack.poll() is not None, f"{url} is healthy")
            assert ministack.poll() is None, (directory / "log").read_text()
            yield url
        finally:
            ministack.terminate()


def _ministack_environment(port: int, directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "false",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.fixture(scope="session")
def dynamodb(session: boto3.Session, endpoint_url: str) -> Iterator["DynamoDBClient"]:
    client = session.client("dynamodb", endpoint_url=endpoint_url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def sqs(session: boto3.Session, endpoint_url: str) -> Iterator["SQSClient"]:
    client = session.client("sqs", endpoint_url=endpoint_url)
    yield client
    client.close()


@pytest.fixture
def s3(session: boto3.Session) -> Iterator["S3Client"]:
    """S3 of moto, without a bucket."""
    with mock_aws():
        client = session.client("s3")
        yield client
        client.close()


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> Iterator[str]:
    """An empty ledger table, as `template.yaml` makes it."""
    name = f"contract-{uuid.uuid4()}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "due_shard", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
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
def queue_urls(sqs: "SQSClient") -> Iterator[tuple[str, str, str]]:
    queue_urls = create_queues(sqs)
    yield queue_urls
    for queue_url in queue_urls:
        sqs.delete_queue(QueueUrl=queue_url)
