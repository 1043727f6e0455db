"""What a test of the SageMaker emulator needs around it: AWS resources, clients, and patience."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import boto3
from botocore.config import Config

T = TypeVar("T")

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SCRIPTED = "example/scripted:1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(look: Callable[[], T], what: str, seconds: float = 60) -> T:
    """Poll until the answer is truthy; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return answer


def alive(process: int) -> bool:
    """Whether it runs; a zombie does not."""
    command = ["ps", "-o", "stat=", "-p", str(process)]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in ("", "Z")


def processes_with(text: str) -> list[int]:
    """The processes with this text in their command line or environment. On Linux alone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            content = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in content and alive(int(process.name)):
            found.append(int(process.name))
    return found


def await_health(url: str) -> None:
    def healthy() -> bool:
        try:
            with urllib.request.urlopen(f"{url}/_emulator/health") as answer:  # noqa: S310
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    eventually(healthy, f"{url} is healthy")


class Clients:
    """boto3 clients of both servers. Slow to make, so made once."""

    def __init__(self, aws_url: str, emulator_url: str) -> None:
        self.emulator_url = emulator_url
        session = boto3.Session("test", "test", region_name="us-east-1")
        config = Config(retries={"total_max_attempts": 1})

        def client(service: str, url: str) -> Any:
            return session.client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]

        self.s3, self.sns, self.sqs, self.iam, self.cloudwatch, self.logs = (
            client(name, aws_url) for name in ("s3", "sns", "sqs", "iam", "cloudwatch", "logs")
        )
        self.sagemaker = client("sagemaker", emulator_url)
        self.autoscaling = client("application-autoscaling", emulator_url)
        self.runtime = client("sagemaker-runtime", emulator_url)

    def close(self) -> None:
        for client in vars(self).values():
            if not isinstance(client, str):
                client.close()


class Stack:
    """A bucket, an execution role, two topics with queues, and names of its own."""

    def __init__(self, clients: Clients, artifact: Path) -> None:
        self.emulator_url = clients.emulator_url
        self.s3, self.sns, self.sqs, self.iam = clients.s3, clients.sns, clients.sqs, clients.iam
        self.sagemaker, self.runtime = clients.sagemaker, clients.runtime
        self.autoscaling, self.cloudwatch = clients.autoscaling, clients.cloudwatch
        self.logs = clients.logs
        self.suffix = uuid4().hex[:8]
        self.name = f"endpoint-{self.suffix}"
        self.bucket = f"data-{self.suffix}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.upload_file(str(artifact), self.bucket, "models/model.tar.gz")
        self.role_arn = self.iam.create_role(
            RoleName=f"execution-{self.suffix}", AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        self.success_topic, self.successes = self._topic("success")
        self.error_topic, self.errors = self._topic("error")

    def close(self) -> None:
        """Deletes the endpoint, if there is one."""
        if self.name in self.state()["endpoints"]:
            if self.status() not in ("Deleting", "gone"):
                eventually(lambda: self.status() in ("InService", "Failed"), "a settled endpoint")
                self.sagemaker.delete_endpoint(EndpointName=self.name)
            eventually(lambda: self.status() == "gone", "the endpoint is gone")

    def create_model(self, name: str = "", image: str = XGBOOST, **container: Any) -> str:
        name = name or f"model-{self.suffix}"
        container.setdefault("ModelDataUrl", f"s3://{self.bucket}/models/model.tar.gz")
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self.role_arn,
            PrimaryContainer={"Image": image, **container},
        )
        return name

    def create_config(self, name: str = "", **changes: Any) -> str:
        """`changes`: model, count, instance_type, concurrency, include, output and failure path."""
        name = name or f"config-{self.suffix}"
        output = {
            "S3OutputPath": changes.get("output_path", f"s3://{self.bucket}/outputs/"),
            "S3FailurePath": f"s3://{self.bucket}/failures/",
            "NotificationConfig": {
                "SuccessTopic": self.success_topic,
                "ErrorTopic": self.error_topic,
                "IncludeInferenceResponseIn": changes.get("include", []),
            },
        }
        if not changes.get("failure_path", True):
            del output["S3FailurePath"]
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": changes.get("model", f"model-{self.suffix}"),
                    "InstanceType": changes.get("instance_type", "ml.m5.large"),
                    "InitialInstanceCount": changes.get("count", 1),
                }
            ],
            AsyncInferenceConfig={
                "OutputConfig": output,
                "ClientConfig": {
                    "MaxConcurrentInvocationsPerInstance": changes.get("concurrency", 4)
                },
            },
        )
        return name

    def create_endpoint(self, image: str = XGBOOST, **changes: Any) -> str:
        """A model, a configuration and an endpoint in service."""
        self.create_model(image=image)
        config = self.create_config(**changes)
        self.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=config)
        self.await_status("InService")
        return self.name

    def describe(self) -> Any:
        return self.sagemaker.describe_endpoint(EndpointName=self.name)

    def status(self) -> str:
        try:
            return str(self.describe()["EndpointStatus"])
        except self.sagemaker.exceptions.ClientError as exc:
            assert "Could not find endpoint" in str(exc)
            return "gone"

    def await_status(self, status: str) -> None:
        eventually(lambda: self.status() == status, f"status {status}")

    def upload(self, body: bytes, key: str = "inputs/a.csv") -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def read(self, location: str) -> bytes:
        key = location.removeprefix(f"s3://{self.bucket}/")
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def invoke(self, **members: Any) -> Any:
        return self.runtime.invoke_endpoint_async(EndpointName=self.name, **members)

    def notifications(self, queue: str, number: int = 1) -> list[str]:
        """The next inference results on the queue, verbatim; test notifications are skipped."""
        found: list[str] = []

        def enough() -> bool:
            found.extend(text for text in self.receive(queue) if "TestNotification" not in text)
            return len(found) >= number

        eventually(enough, f"{number} notifications")
        return found

    def receive(self, queue: str) -> list[str]:
        """What waits on the queue now, verbatim."""
        answer = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def state(self) -> Any:
        return self._call("GET", "state")

    def pace(self, time_factor: float) -> None:
        """Seconds that a second of alarms and cooldowns takes."""
        self._call("PUT", "pace", {"time_factor": time_factor})

    def faults(self, **faults: Any) -> Any:
        return self._call("PUT", "faults", faults)

    def force_status(self, status: str) -> None:
        """Put the endpoint into a status that no call of AWS brings about."""
        self._call("PUT", f"endpoints/{self.name}/status", {"status": status})

    def _call(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{self.emulator_url}/_emulator/{path}",
            data=None if document is None else json.dumps(document).encode(),
            method=method,
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def _topic(self, kind: str) -> tuple[str, str]:
        topic = self.sns.create_topic(Name=f"sagemaker-{kind}-{self.suffix}")["TopicArn"]
        queue = self.sqs.create_queue(QueueName=f"{kind}-{self.suffix}")["QueueUrl"]
        self.sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])[
                "Attributes"
            ]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )
        return topic, queue
