"""The smallest calls that need each permission. Each returns what was refused, or nothing.

All of them use ids of their own, so that they can be repeated.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
from async_endpoint_emulator.autoscaling.api import SERVICE_LINKED_ROLE
from botocore.exceptions import ClientError
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.aws.sagemaker.autoscaling import ApplicationAutoScaling
from relay.errors import RelayError
from relay.model import Attempt, Held, Holding, Outcome
from relay.provision.specification.endpoint_properties import STACK_TAG
from relay.provision.specification.scaling import Scaling
from relay.s3uri import S3Uri

from local.functions.deployed import role_session
from local.functions.lambda_runtime import Answer, Failure
from local.stack.clients import Clients
from local.stack.emulator import read_counters, set_faults
from local.stack.settings import REPOSITORY, STACK_NAME
from tests.acceptance.pipeline.ends import Downstream
from tests.e2e.endpoint.capacity import awake
from tests.e2e.permissions.roles import Roles
from tests.support.functions import Functions
from tests.support.stack import RunningStack

_RESULT_SECONDS = 30.0
_FEATURES = ",".join(["0.5"] * 30)


class Scenarios:
    def __init__(self, stack: RunningStack, functions: Functions, downstream: Downstream) -> None:
        self.roles = Roles(stack)
        self._stack = stack
        self._functions = functions
        self._downstream = downstream
        self._clients = Clients(stack.settings)
        self._bucket = stack.outputs["DataBucketName"]

    def discard_what_waits(self) -> None:
        """Requests that were put off wait in the queues; no other test should wait for them."""
        for queue in ("SubmitQueueUrl", "NotificationQueueUrl"):
            self._clients.sqs.purge_queue(QueueUrl=self._stack.outputs[queue])

    # submit

    def submit(self) -> str:
        return self.invoke("submit", {"requests": [self._request()]})

    def submit_while_throttled(self) -> str:
        """A direct call hands its request over to the queue."""
        with self._throttled():
            return self.submit()

    def submit_from_the_queue_while_throttled(self) -> str:
        """A message stays on the queue, and comes back after a growing delay."""
        with self._throttled():
            return self.invoke("submit", _message(json.dumps(self._request())))

    def submit_what_sagemaker_refuses(self) -> str:
        location = f"s3://{self._bucket}/elsewhere/{uuid4().hex}.csv"
        return self.invoke("submit", {"requests": [{"input_location": location}]})

    def submit_an_unreadable_message(self) -> str:
        return self.invoke("submit", _message("not JSON"))

    # route

    def route(self) -> str:
        return self.invoke("route", _message(self._notification("completed-via-sqs-raw")))

    def route_a_failure_that_may_pass(self) -> str:
        attempt = self._open_attempt(datetime.now(UTC) + timedelta(hours=7))
        body = self._notification("failed-server-error", attempt)
        return self.invoke("route", _message(body))

    def route_to_what_does_not_exist(self) -> str:
        """Such a result is held: its notification comes back after a while."""
        location = f"s3://{self._bucket}/inputs/absent/{uuid4().hex}.csv"
        body = json.loads(self._notification("completed-via-sqs-raw"))
        body["requestParameters"]["inputLocation"] = location
        return self.invoke("route", _message(json.dumps(body)))

    def route_an_unreadable_message(self) -> str:
        return self.invoke("route", _message("not JSON"))

    # reconcile

    def reconcile(self) -> str:
        """Finds an attempt of which nothing was heard."""
        return self._reconcile(self._open_attempt(_some_time()))

    def reconcile_on_schedule(self) -> str:
        """Reads the cursor, and moves it."""
        return self.invoke("reconcile", {"action": "reconcile"})

    def postpone(self) -> str:
        """Finds an attempt whose result is held."""
        attempt = self._open_attempt(_some_time())
        held = Held(Outcome.COMPLETED, missing=("nowhere",))
        failures = self._ledger().hold([Holding(attempt, held)])
        assert not failures
        return self._reconcile(attempt)

    def _reconcile(self, attempt: Attempt) -> str:
        start, end = attempt.due_at, attempt.due_at + timedelta(milliseconds=1)
        event = {"action": "reconcile", "from": start.isoformat(), "to": end.isoformat()}
        return self.invoke("reconcile", event)

    def ask_for_a_status(self) -> str:
        return self.invoke("reconcile", {"action": "status", "request_id": uuid4().hex})

    def ask_for_the_status_of_an_input(self) -> str:
        return self.invoke("reconcile", {"action": "status", "key": f"inputs/{uuid4().hex}"})

    # provision

    def describe(self) -> str:
        return self.invoke("provision", {"action": "describe"})

    def sweep(self) -> str:
        return self.invoke("provision", {"detail-type": "Scheduled Event", "detail": {}})

    def create_and_delete_a_model(self) -> str:
        name = f"{self._stack.outputs['EndpointName']}-{uuid4().hex[:12]}"
        sagemaker = self._sagemaker("ProvisionRole")
        deployed = self._clients.sagemaker.list_models()["Models"][0]["ModelName"]
        model = self._clients.sagemaker.describe_model(ModelName=deployed)
        try:
            sagemaker.create_model(
                ModelName=name,
                ExecutionRoleArn=model["ExecutionRoleArn"],
                PrimaryContainer={"Image": model["PrimaryContainer"]["Image"]},
                Tags=[{"Key": "team", "Value": "fraud"}],
            )
            sagemaker.delete_model(ModelName=name)
        except ClientError as refused:
            return str(refused)
        return ""

    def delete_a_model_of_another_name(self) -> str:
        """One that the stack created under a former name of its endpoint."""
        name, root = f"former-{uuid4().hex[:12]}", self._clients.sagemaker
        deployed = root.describe_model(ModelName=root.list_models()["Models"][0]["ModelName"])
        stack = self._clients.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        root.create_model(
            ModelName=name,
            ExecutionRoleArn=deployed["ExecutionRoleArn"],
            PrimaryContainer={"Image": deployed["PrimaryContainer"]["Image"]},
            Tags=[{"Key": STACK_TAG, "Value": stack["StackId"]}],
        )
        try:
            self._sagemaker("ProvisionRole").delete_model(ModelName=name)
        except ClientError as refused:
            root.delete_model(ModelName=name)
            return str(refused)
        return ""

    def delete_a_configuration(self) -> str:
        name = f"{self._stack.outputs['EndpointName']}-{uuid4().hex[:12]}"
        try:
            self._sagemaker("ProvisionRole").delete_endpoint_config(EndpointConfigName=name)
        except ClientError as refused:
            # Only a caller that may delete it learns that there is no such configuration.
            return "" if "Could not find" in str(refused) else str(refused)
        return ""

    def scale(self) -> str:
        """Registers the endpoint and takes it off again, as provision does."""
        name = self._stack.outputs["EndpointName"]
        try:
            scaler = self._autoscaler(self._session("ProvisionRole"))
            scaler.register(name, Scaling(0, 2, 5, 300, 300))
            scaler.deregister(name)
        except RelayError as refused:
            return str(refused)
        finally:
            self._autoscaler(boto3.Session(**self._keys())).deregister(name)
            awake(self._clients.sagemaker, name)
        return ""

    def scale_for_the_first_time(self) -> str:
        """In an account in which no endpoint has been scaled yet."""
        with suppress(ClientError):
            self._clients.iam.delete_role(RoleName=SERVICE_LINKED_ROLE)
        return self.scale()

    # the endpoint

    def infer(self) -> str:
        """Uploads an input and waits for its result, or for SageMaker to stop publishing."""
        key = f"inputs/permissions/{uuid4().hex}.csv"
        untold = read_counters(self._stack.settings)["notification_failures"]
        self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=_FEATURES.encode())
        deadline = time.monotonic() + _RESULT_SECONDS
        while time.monotonic() < deadline:
            for result in self._downstream.so_far(f"s3://{self._bucket}/{key}"):
                data = result.event["data"]
                return "" if data["outcome"] == "completed" else f"{data['failure']['reason']}"
            if read_counters(self._stack.settings)["notification_failures"] > untold:
                return "sns:Publish was refused"
        raise AssertionError(f"{key} had no result within {_RESULT_SECONDS} s")

    def read_the_artifact(self) -> str:
        """As SageMaker does when an instance starts."""
        artifact = S3Uri.parse(self._stack.artifact)
        return self._read_as_the_endpoint(artifact.bucket, artifact.key)

    def read_a_model(self) -> str:
        """As SageMaker does when an instance starts after a roll-out by upload."""
        key = f"models/permissions/{uuid4().hex}.tar.gz"
        self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=b"no archive")
        refused = self._read_as_the_endpoint(self._bucket, key)
        self._clients.s3.delete_object(Bucket=self._bucket, Key=key)
        return refused

    def _read_as_the_endpoint(self, bucket: str, key: str) -> str:
        s3 = self._session("EndpointExecutionRole").client("s3", **self._aws())
        try:
            s3.get_object(Bucket=bucket, Key=key)
        except ClientError as refused:
            return f"s3:GetObject {refused}"
        return ""

    def watch_an_alarm(self) -> str:
        """As SageMaker does during an update that an alarm may roll back."""
        cloudwatch = self._session("EndpointExecutionRole").client("cloudwatch", **self._aws())
        try:
            cloudwatch.describe_alarms(AlarmNames=["relay-failures"])
        except ClientError as refused:
            return f"cloudwatch:DescribeAlarms {refused}"
        return ""

    def look_for_an_object(self) -> str:
        """As SageMaker does to distinguish a missing input from one that it may not read."""
        s3 = self._session("EndpointExecutionRole").client("s3", **self._aws())
        try:
            s3.list_objects_v2(Bucket=self._bucket, Prefix="inputs/", MaxKeys=1)
        except ClientError as refused:
            return f"s3:ListBucket {refused}"
        return ""

    def invoke(self, name: str, event: object) -> str:
        """The lines of the log and the error that name a refusal."""
        invocation = self._functions.invoke(name, event)
        said = list(invocation.log)
        if isinstance(invocation.outcome, Failure):
            said.append(invocation.outcome.message)
        return "\n".join(line for line in said if "not authorized" in line)

    def answer(self, name: str, event: object) -> dict[str, Any]:
        """What a function answers that does not fail."""
        outcome = self._functions.invoke(name, event).outcome
        assert isinstance(outcome, Answer) and isinstance(outcome.payload, dict), outcome
        return outcome.payload

    def upload(self, key: str) -> None:
        """Put an input that the model takes."""
        self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=_FEATURES.encode())

    def _request(self) -> dict[str, str]:
        return {"input_location": f"s3://{self._bucket}/inputs/permissions/{uuid4().hex}.csv"}

    def _notification(self, case: str, attempt: Attempt | None = None) -> str:
        """A body like the event's, about the attempt, or about an inference of its own."""
        event = json.loads((REPOSITORY / f"events/route/{case}.json").read_text())
        body = json.loads(event["Records"][0]["body"])
        notification = json.loads(body["Message"]) if "Message" in body else body
        notification["inferenceId"] = attempt.id if attempt else uuid4().hex
        if attempt:
            notification["requestParameters"]["inputLocation"] = str(attempt.location)
        if "Message" not in body:
            return json.dumps(notification)
        return json.dumps({**body, "Message": json.dumps(notification)})

    def _open_attempt(self, due_at: datetime) -> Attempt:
        name = uuid4().hex
        attempt = Attempt(
            id=name,
            request_id=name,
            number=1,
            claimed_by="permissions",
            endpoint=self._stack.outputs["EndpointName"],
            submitted_at=due_at - timedelta(hours=1),
            due_at=due_at,
            location=S3Uri(self._bucket, f"inputs/permissions/{name}.csv"),
            output_location=f"s3://{self._bucket}/outputs/{name}.out",
        )
        claims = self._ledger().claim([attempt])
        assert not claims.unavailable
        return attempt

    def _ledger(self) -> DynamoDbLedger:
        table = self._stack.outputs["LedgerTableName"]
        return DynamoDbLedger(boto3.client("dynamodb", **self._root()), table)

    @contextmanager
    def _throttled(self) -> Iterator[None]:
        set_faults(self._stack.settings, {"throttle": 1.0})
        try:
            yield
        finally:
            set_faults(self._stack.settings, {})

    def _session(self, role: str) -> boto3.Session:
        session = role_session(self.roles.arn(role), "permissions", self._clients)
        return boto3.Session(
            aws_access_key_id=session["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=session["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=session["AWS_SESSION_TOKEN"],
            region_name=self._stack.environment["AWS_REGION"],
        )

    def _autoscaler(self, session: boto3.Session) -> ApplicationAutoScaling:
        url = self._stack.settings.sagemaker_url
        return ApplicationAutoScaling(
            lambda: session.client("application-autoscaling", endpoint_url=url),
            lambda: session.client("cloudwatch", **self._aws()),
            STACK_NAME,
        )

    def _sagemaker(self, role: str) -> Any:
        url = self._stack.settings.sagemaker_url
        return self._session(role).client("sagemaker", endpoint_url=url)

    def _aws(self) -> dict[str, Any]:
        return {
            "endpoint_url": self._stack.settings.aws_url,
            "verify": self._stack.environment["AWS_CA_BUNDLE"],
        }

    def _root(self) -> dict[str, Any]:
        return {**self._aws(), **self._keys()}

    def _keys(self) -> dict[str, Any]:
        return {
            "aws_access_key_id": self._stack.environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self._stack.environment["AWS_SECRET_ACCESS_KEY"],
            "region_name": self._stack.environment["AWS_REGION"],
        }


def _some_time() -> datetime:
    """A time within the 25 days before yesterday."""
    now = datetime.now(UTC)
    return now - timedelta(days=1, milliseconds=uuid4().int % (25 * 86_400_000))


def _message(body: str) -> dict[str, object]:
    """A batch of one message, which no queue knows."""
    return {
        "Records": [
            {
                "messageId": str(uuid4()),
                "receiptHandle": "none",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:permissions",
            }
        ]
    }
