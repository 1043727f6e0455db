"""A further stack, on which the runbooks are followed."""

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from local.stack.settings import REGION
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.pipeline.routing import Routing
from tests.acceptance.targets.target import Target, eventually
from tests.e2e.further_stack import FurtherStack
from tests.e2e.permissions.roles import Roles
from tests.support.stack import RunningStack

NAME = "relay-runbooks"
ROUTING = Routing("aws", REGION, "000000000000", NAME)
ORDERS = ROUTING.queue("orders")
SECONDS = 60.0
_TEN_DAYS = 10 * 86_400 + 3_600


class RunbookStack:
    """The stack, with its own queues, functions, alarms and endpoint."""

    def __init__(self, stack: RunningStack, further: FurtherStack, target: Target) -> None:
        self.stack, self.further = stack, further
        self.client = target.client
        self.outputs = further.outputs()
        self.roles = Roles(stack, NAME)
        self._cloudformation = target.client("cloudformation")
        self._sqs, self._s3 = target.client("sqs"), target.client("s3")
        self._lambda = target.client("lambda")

    # --- what waits and what became of it --------------------------------------------------------

    def upload(self, folder: str = "any", body: str = GOOD) -> str:
        """Return the key of a new input."""
        key = f"inputs/{folder}/{uuid.uuid4().hex}.csv"
        self._s3.put_object(Bucket=self.outputs["DataBucketName"], Key=key, Body=body.encode())
        return key

    def request(self, key: str, state: str, seconds: float = SECONDS) -> str:
        """Return the id of the request of an input, once it is in that state."""

        def found() -> str | None:
            answer = self.invoke("Reconcile", {"action": "status", "key": key})
            return answer["requests"][0]["request_id"] if answer["state"] == state else None

        return eventually(found, seconds, f"{key} {state}")

    def notified(self) -> str:
        """Return the key of an input that has a result, as soon as one has."""

        def found() -> str | None:
            key = self.upload()
            with suppress(AssertionError):
                self.request(key, "completed", 5)
                return key
            return None

        return eventually(found, SECONDS, "a result")

    def alarms(self, state: str, *names: str) -> None:
        """Wait until each of the alarms has been in that state."""
        alarms, left = self.client("cloudwatch"), {self.resource(each) for each in names}

        def reached() -> bool:
            for each in alarms.describe_alarms(AlarmNames=list(left))["MetricAlarms"]:
                if each["StateValue"] == state:
                    left.remove(each["AlarmName"])
            return not left

        eventually(reached, SECONDS, f"{state} of {names}")

    def take(self, queue: str, text: str) -> str:
        """Return the message with that text, deleted from a queue, whatever else is on it."""
        url = self.resource(queue)

        def taken() -> str | None:
            found = self._sqs.receive_message(
                QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10
            )
            for each in found.get("Messages", []):
                if text in each["Body"]:
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
                    return str(each["Body"])
            return None

        return eventually(taken, SECONDS, f"{text} on {queue}")

    def send(self, queue: str, body: str) -> None:
        self._sqs.send_message(QueueUrl=self.resource(queue), MessageBody=body)

    # --- functions -------------------------------------------------------------------------------

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        answer = self._lambda.invoke(
            FunctionName=self.outputs[f"{function}FunctionName"], Payload=json.dumps(event)
        )
        outcome: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, outcome
        return outcome

    def invoke_later(self, function: str, event: object) -> None:
        """An asynchronous invocation, which Lambda tries three times."""
        self._lambda.invoke(
            FunctionName=self.outputs[f"{function}FunctionName"],
            InvocationType="Event",
            Payload=json.dumps(event),
        )

    def deliver(
        self, function: str, body: str, *, age: float = _TEN_DAYS, receives: int = 5
    ) -> None:
        """Invoke submit or route with a message that is so many seconds old."""
        record = {
            "messageId": str(uuid.uuid4()),
            "receiptHandle": "none",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": str(receives),
                "SentTimestamp": str(int((time.time() - age) * 1000)),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:runbooks",
        }
        self.invoke(function, {"Records": [record]})

    def resource(self, name: str) -> str:
        """The physical id of a resource of the template."""
        return self._resources[name]

    @cached_property
    def _resources(self) -> Mapping[str, str]:
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
        }


def routes() -> str:
    """The routes of the stack: results for inputs/orders/ go to a queue that is not there."""
    to_orders = {"name": "orders", "when": "contains(subject, '/inputs/orders/')", "to": ORDERS}
    completed = {
        "name": "completed",
        "when": "data.outcome == 'completed'",
        "to": ROUTING.own_completed,
    }
    return json.dumps({"routes": [to_orders, completed], "otherwise": {"to": ROUTING.own_failed}})


def parameters() -> dict[str, str]:
    """The template's parameters: everything happens soon, and ends at the first attempt."""
    return {
        "EndpointMode": "create",
        "EndpointName": NAME,
        "Routes": routes(),
        "RouteTargetArns": ORDERS,
        "MaxAttempts": "1",
        "ModelErrorsAlarmCount": "2",
        "FailedInferencesAlarmCount": "4",
        "ModelLatencyAlarmSeconds": "1",
        "OldestRequestAlarmSeconds": "60",
        "RequestTtlSeconds": "600",
        "DeploymentWaitSeconds": "0",
        "MinInstanceCount": "0",
        "MaxInstanceCount": "0",
    }


def log_in(environment_file: Path, outputs: Mapping[str, str]) -> str:
    """What the reader types first: the stack, its outputs, and an `aws` that is not installed."""
    exports = [f"export {name}='{value}'" for name, value in outputs.items()]
    aws = 'aws() { "$PYTHON" -m tests.support.pages.aws_stand_in "$@"; }'
    # As wide as no line is, so that none is folded.
    screen = "export TERM=xterm NO_COLOR=1 COLUMNS=500"
    return "\n".join(
        [f". '{environment_file}'", f"export STACK_NAME={NAME}", screen, *exports, aws]
    )
