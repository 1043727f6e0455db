"""What the account of a stack has, and what could change when a stranger reaches it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from botocore.config import Config

from local.stack.clients import Clients
from local.stack.emulator import read_counters
from local.stack.root_user import read, signed_headers
from local.stack.settings import StackSettings
from tests.support.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# How the emulator's log notes a request of which it has done nothing.
_REFUSALS = (
    " refused ",
    " MissingAuthenticationTokenException: ",
    " IncompleteSignatureException: ",
    " InvalidSignatureException: ",
    " UnrecognizedClientException: ",
    " UnknownOperationException: ",
)


@dataclass(frozen=True, slots=True)
class Belongings:
    """A queue with a message and a bucket with an object; the texts of both are `secret`."""

    settings: StackSettings
    clients: Clients
    iam: "IAMClient"
    bucket: str
    queue: str
    secret: str
    root_key: str
    root_secret: str
    endpoint: str
    function: str
    role: str
    key: str = "kept"

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.secret, self.root_secret

    def state(self) -> dict[str, object]:
        """What there is, by kind. Two are equal when nothing has changed between them."""
        clients, url = self.clients, self._queue_url
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        objects = clients.s3.list_objects_v2(Bucket=self.bucket)["Contents"]
        endpoint = clients.sagemaker.describe_endpoint(EndpointName=self.endpoint)
        counters = read_counters(self.settings)
        return {
            "buckets": [each["Name"] for each in clients.s3.list_buckets()["Buckets"]],
            "objects": [(each["Key"], each["ETag"]) for each in objects],
            "messages": clients.sqs.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=counts,  # type: ignore[arg-type]
            )["Attributes"],
            "queues": clients.sqs.list_queues()["QueueUrls"],
            "users": [each["UserName"] for each in self.iam.list_users()["Users"]],
            "models": [each["ModelName"] for each in clients.sagemaker.list_models()["Models"]],
            "endpoint": (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]),
            "requests": {name: counters[name] for name in ("invocations", "backlog")},
            "faults": self._faults(),
        }

    def calls_since(self, length: int) -> list[str]:
        """The lines of the emulator's log after so many characters, but for refused requests."""
        added = self.log()[length:].splitlines()
        return [line for line in added if not any(each in line for each in _REFUSALS)]

    def log(self) -> str:
        return (self.settings.logs / "sagemaker.log").read_text()

    @property
    def _queue_url(self) -> str:
        return f"{self.settings.aws_url}/000000000000/{self.queue}"

    def _faults(self) -> Any:
        url = f"{self.settings.sagemaker_url}/_emulator/faults"
        return urllib3.request(
            "GET", url, headers=signed_headers(self.settings, "GET", url, b"")
        ).json()


@contextmanager
def belongings(stack: RunningStack) -> Iterator[Belongings]:
    """They are deleted in the end."""
    clients, root = Clients(stack.settings), read(stack.settings)
    with stack.variables():
        # A stranger's fault, with which its calls hang, must show soon.
        config = Config(read_timeout=10, retries={"total_max_attempts": 1})
        iam = boto3.Session().client("iam", config=config)
    name, secret = f"strangers-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    function = stack.outputs["SubmitFunctionName"]
    mine = Belongings(
        stack.settings,
        clients,
        iam,
        bucket=name,
        queue=name,
        secret=secret,
        root_key=root.access_key_id,
        root_secret=root.secret_access_key,
        endpoint=stack.outputs["EndpointName"],
        function=function,
        role=clients.functions.get_function(FunctionName=function)["Configuration"]["Role"],
    )
    clients.s3.create_bucket(Bucket=name)
    clients.s3.put_object(Bucket=name, Key=mine.key, Body=secret.encode())
    queue = clients.sqs.create_queue(QueueName=name)["QueueUrl"]
    clients.sqs.send_message(QueueUrl=queue, MessageBody=secret)
    try:
        yield mine
    finally:
        clients.sqs.delete_queue(QueueUrl=queue)
        for each in clients.s3.list_objects_v2(Bucket=name).get("Contents", []):
            clients.s3.delete_object(Bucket=name, Key=each["Key"])
        clients.s3.delete_bucket(Bucket=name)
