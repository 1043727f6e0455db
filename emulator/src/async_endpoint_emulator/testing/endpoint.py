"""An asynchronous endpoint with all that it needs, made by calls of boto3."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.exceptions import WaiterError

from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.testing.last_words import last_words
from async_endpoint_emulator.testing.model_data import upload
from async_endpoint_emulator.validation import operation_model, validate

Clients = Callable[[str], Any]
"""Gives boto3's client for a service."""

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:*", "sns:Publish", "logs:*", "cloudwatch:DescribeAlarms"],
            "Resource": "*",
        }
    ],
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: 63 at most
_PREFIX_CHARACTERS = 54
ROLE_NAME = "async-endpoint-execution"


@dataclass(frozen=True, slots=True)
class Invocation:
    """An accepted request: what InvokeEndpointAsync answered."""

    inference_id: str
    output_location: str
    failure_location: str | None


@dataclass(frozen=True)
class AsyncEndpoint:
    """An endpoint in service, whose notifications come to one queue."""

    name: str
    clients: Clients
    bucket: str
    role_arn: str
    queue_url: str
    content_type: str | None
    """Of invocations that name none."""
    _received: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def invoke(self, body: bytes, **members: Any) -> Invocation:
        """Upload the body under `inputs/`, and invoke the endpoint with its location.

        `members` are those of InvokeEndpointAsync, such as ContentType and InferenceId.
        """
        key = f"inputs/{uuid4()}"
        self.clients("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        if self.content_type is not None:
            members.setdefault("ContentType", self.content_type)
        answer = self.clients("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=self.name, InputLocation=f"s3://{self.bucket}/{key}", **members
        )
        return Invocation(
            answer["InferenceId"], answer["OutputLocation"], answer.get("FailureLocation")
        )

    def notification(self, invocation: Invocation, timeout: float = 30.0) -> dict[str, Any]:
        """Receive notifications until one of the invocation comes, and return it. A second call
        returns the next one, if the notification came twice.

        Raises:
            TimeoutError: it did not come within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        sqs = self.clients("sqs")
        while not self._received[invocation.inference_id]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no notification of {invocation} within {timeout} s")
            answer = sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                notification = json.loads(message["Body"])
                if "inferenceId" in notification:  # and no TestNotification
                    self._received[notification["inferenceId"]].append(notification)
        return self._received[invocation.inference_id].pop(0)

    def read(self, location: str) -> bytes:
        """Return the object at an S3 URI, such as an invocation's output location."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        body: bytes = self.clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body


@dataclass(frozen=True, slots=True)
class Specification:
    """What is deployed. `model` is a file, a directory or an S3 URI."""

    name: str
    image: str
    model: Path | str | None = None
    content_type: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    instances: int = 1
    concurrency: int | None = None
    """MaxConcurrentInvocationsPerInstance."""
    include_responses: bool = False
    """Whether notifications have the response."""


def check_name(name: str) -> None:
    """Raises ValueError, in SageMaker's words, for a name that no endpoint can have."""
    try:
        validate(operation_model("sagemaker", "DescribeEndpoint"), {"EndpointName": name}, "")
    except AwsError as exc:
        raise ValueError(exc.message) from exc


def create(clients: Clients, wanted: Specification) -> AsyncEndpoint:
    """Create a bucket, a role, topics with a queue, a model, a configuration and an endpoint.

    Raises:
        botocore.exceptions.ClientError: a call was refused.
        botocore.exceptions.WaiterError: the endpoint failed. Its notes are the reason and the last
            lines of the model server.
    """
    bucket = f"{wanted.name.lower()[:_PREFIX_CHARACTERS]}-{uuid4().hex[:8]}"
    s3 = clients("s3")
    region = s3.meta.region_name
    if (
        region == "us-east-1"
    ):  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        s3.create_bucket(Bucket=bucket)
    else:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    role_arn = _role(clients("iam"))
    topics, queue_url = _notifications(clients, wanted.name)
    container: dict[str, Any] = {"Image": wanted.image, "Environment": dict(wanted.environment)}
    if wanted.model is not None:
        container["ModelDataUrl"] = upload(s3, bucket, wanted.model)
    _deploy(clients, wanted, bucket, role_arn, topics, container)
    return AsyncEndpoint(wanted.name, clients, bucket, role_arn, queue_url, wanted.content_type)


def _deploy(
    clients: Clients,
    wanted: Specification,
    bucket: str,
    role_arn: str,
    topics: dict[str, str],
    container: dict[str, Any],
) -> None:
    sagemaker = clients("sagemaker")
    notifications: dict[str, Any] = dict(topics)
    if wanted.include_responses:
        notifications["IncludeInferenceResponseIn"] = [
            "SUCCESS_NOTIFICATION_TOPIC",
            "ERROR_NOTIFICATION_TOPIC",
        ]
    client = (
        {}
        if wanted.concurrency is None
        else {"MaxConcurrentInvocationsPerInstance": wanted.concurrency}
    )
    sagemaker.create_model(
        ModelName=wanted.name, ExecutionRoleArn=role_arn, PrimaryContainer=container
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=wanted.name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": wanted.name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": wanted.instances,
            }
        ],
        AsyncInferenceConfig={
            "ClientConfig": client,
            "OutputConfig": {
                "S3OutputPath": f"s3://{bucket}/outputs/",
                "S3FailurePath": f"s3://{bucket}/failures/",
                "NotificationConfig": notifications,
            },
        },
    )
    since = time.time()
    sagemaker.create_endpoint(EndpointName=wanted.name, EndpointConfigName=wanted.name)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    try:
        waiter.wait(EndpointName=wanted.name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    except WaiterError as exc:
        if reason := exc.last_response.get("FailureReason"):
            exc.add_note(str(reason))
        if printed := last_words(clients("logs"), wanted.name, since):
            exc.add_note(f"The model server printed:\n{printed}")
        raise


def _role(iam: Any) -> str:
    try:
        arn: str = iam.get_role(RoleName=ROLE_NAME)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        role = iam.create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument=json.dumps(_TRUST))[
            "Role"
        ]
        iam.put_role_policy(
            RoleName=ROLE_NAME, PolicyName="Endpoint", PolicyDocument=json.dumps(_ALLOWED)
        )
        arn = role["Arn"]
    return arn


def _notifications(clients: Clients, name: str) -> tuple[dict[str, str], str]:
    """Both topics of a NotificationConfig, and the queue to which they deliver."""
    sns, sqs = clients("sns"), clients("sqs")
    queue_url = sqs.create_queue(QueueName=f"{name}-notifications")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    topics = {}
    for kind in ("Success", "Error"):
        arn = sns.create_topic(Name=f"{name}-{kind.lower()}")["TopicArn"]
        sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint=queue_arn,
            Attributes={"RawMessageDelivery": "true"},
        )
        topics[f"{kind}Topic"] = arn
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": list(topics.values())}},
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": json.dumps(policy)})
    return topics, queue_url
