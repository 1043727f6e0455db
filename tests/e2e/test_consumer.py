"""The example consumer, deployed beside the relay and reached by a route of its own."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.stack.deployment import machine_parameters
from local.stack.settings import REPOSITORY
from tests.acceptance.pipeline.ends import Downstream, depth
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.targets.target import Target, eventually
from tests.support.stack import RunningStack
from tests.support.targets import PARAMETERS

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

EXAMPLE = REPOSITORY / "examples" / "consumer"
NAME = "consumer"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:000000000000:{NAME}-results"


@pytest.fixture(scope="module")
def dynamodb(target: Target) -> "DynamoDBClient":
    client: DynamoDBClient = target.client("dynamodb")
    return client


@pytest.fixture(scope="module")
def consumer(
    stack: RunningStack,
    target: Target,
    cloudformation: "CloudFormationClient",
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, str]]:
    """Deploys the example as its README says; its outputs. The relay sends to it meanwhile."""
    deploy(stack, tmp_path_factory.mktemp("consumer"))
    document = {
        "routes": [
            {"name": "keep", "to": QUEUE_ARN},
            {
                "name": "completed",
                "when": "data.outcome == 'completed'",
                "to": "arn:aws:sqs:us-east-1:000000000000:relay-completed.fifo",
            },
        ],
        "otherwise": {"to": "arn:aws:sqs:us-east-1:000000000000:relay-failed.fifo"},
    }
    changed = target.updated(RouteTargetArns=QUEUE_ARN, Routes=json.dumps(document))
    assert changed == ("UPDATE_COMPLETE", [])
    found = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["Outputs"]
    yield {each["OutputKey"]: each["OutputValue"] for each in found}
    assert target.updated(**dict(PARAMETERS)) == ("UPDATE_COMPLETE", [])


def deploy(stack: RunningStack, directory: Path) -> None:
    bucket = stack.outputs["DataBucketName"]
    with stack.variables():
        done = subprocess.run(
            [
                *(sys.executable, "-m", "samcli", "deploy", "--region", "us-east-1"),
                *("--template-file", EXAMPLE / "template.yaml", "--stack-name", NAME),
                *("--resolve-s3", "--capabilities", "CAPABILITY_IAM"),
                *("--parameter-overrides", f"DataBucketName={bucket}", *machine_parameters()),
            ],
            cwd=directory,
            env={**os.environ, "TMPDIR": str(directory)},  # the SAM CLI leaves empty folders in it
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_result_that_comes_twice_is_handled_once(
    stack: RunningStack,
    consumer: Mapping[str, str],
    s3: "S3Client",
    sqs: "SQSClient",
    dynamodb: "DynamoDBClient",
    downstream: Downstream,
) -> None:
    bucket, key = stack.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    event = downstream.result(f"s3://{bucket}/{key}", seconds=30).event

    item = eventually(lambda: kept(dynamodb, consumer, event["id"]), 30, "the consumed result")
    location = event["data"]["output"]["location"].removeprefix(f"s3://{bucket}/")
    output = s3.get_object(Bucket=bucket, Key=location)["Body"].read().decode()
    assert item["answer"] == output
    assert item["outcome"] == "completed"

    event["data"]["output"]["body"] = {"encoding": "text", "content": "a repeat"}
    for _ in range(2):
        sqs.send_message(QueueUrl=consumer["ResultQueueUrl"], MessageBody=json.dumps(event))
    eventually(lambda: not depth(sqs, consumer["ResultQueueUrl"]), 30, "an empty queue")
    assert kept(dynamodb, consumer, event["id"]) == item
    assert depth(sqs, consumer["DeadLetterQueueUrl"]) == 0


def kept(
    dynamodb: "DynamoDBClient", consumer: Mapping[str, str], result_id: str
) -> dict[str, str] | None:
    item = dynamodb.get_item(
        TableName=consumer["AnswerTableName"], Key={"id": {"S": result_id}}, ConsistentRead=True
    ).get("Item")
    if item is None:
        return None
    return {name: str(next(iter(value.values()))) for name, value in item.items()}
