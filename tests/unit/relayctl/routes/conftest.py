"""A stack whose route document is a parameter of moto's."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from tests.support.relayctl.commands import FakeDeployment

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PARAMETER = "/async-inference-relay/relay/routes"
ACCOUNT = "123456789012"
SQS = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
OWN = {
    "routes": [
        {"name": "done", "when": "data.outcome == 'completed'", "to": f"{SQS}relay-completed.fifo"}
    ],
    "otherwise": {"to": f"{SQS}relay-failed.fifo"},
}
# One for all tests, and for what they make: it reads the model of a service once.
SESSION = boto3.Session(
    aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
)


def routes_with(*routes: dict[str, Any], otherwise: str = "relay-failed.fifo") -> str:
    """Return a document with these routes."""
    return json.dumps({"routes": routes, "otherwise": {"to": f"{SQS}{otherwise}"}})


@pytest.fixture
def ssm() -> Iterator["SSMClient"]:
    with mock_aws():
        client = SESSION.client("ssm")
        client.put_parameter(Name=PARAMETER, Value=json.dumps(OWN), Type="String")
        sqs = SESSION.client("sqs")
        for name in ("relay-completed", "relay-failed"):
            sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})
        yield client


@pytest.fixture
def stack(ssm: "SSMClient", deployment: FakeDeployment) -> FakeDeployment:
    """A stack with the parameter, its own queues, and one more target that is permitted."""
    deployment.session = SESSION
    deployment.__dict__["outputs"] = {
        **deployment.outputs,
        "RoutesParameterName": PARAMETER,
        "CompletedQueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/relay-completed.fifo",
        "FailedQueueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/relay-failed.fifo",
    }
    deployment.__dict__["description"] = {
        "StackStatus": "CREATE_COMPLETE",
        "StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/relay/1",
    }
    deployment.__dict__["parameters"] = {
        "RouteTargetArns": f"{SQS}team,arn:aws:sns:us-east-1:{ACCOUNT}:likely,"
        f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/ops,arn:aws:sqs:eu-west-1:{ACCOUNT}:far"
    }
    return deployment
