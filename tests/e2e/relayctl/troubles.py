"""What puts the stack of the runbooks into trouble, each until the end of a block."""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from async_endpoint_emulator.client import Client
from relay.aws.dynamodb.due_ledger import DynamoDbDueLedger
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.model import Attempt, Due
from relay.s3uri import S3Uri

from local.functions.deployed import built
from local.stack import root_user
from local.stack.emulator import set_faults
from local.stack.settings import REGION
from tests.acceptance.targets.target import eventually
from tests.e2e.relayctl.runbook_stack import ORDERS, SECONDS, RunbookStack

# What a person or a deployment has done to the code of a function.
WITHOUT_LOOK_UP = "import relay.route.route\nrelay.route.route.look_up = None\n"
ENDED_BY_A_MESSAGE = """
import json, os
_handler = handler
def handler(event, context):
    if "poison" in json.dumps(event):
        os._exit(1)
    return _handler(event, context)
"""


@contextmanager
def paused(relay: RunbookStack, function: str) -> Iterator[None]:
    """Submit or route takes no messages."""
    functions, name = relay.client("lambda"), relay.outputs[f"{function}FunctionName"]
    [mapping] = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]

    def switch(state: str) -> None:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=state == "Enabled")
        eventually(
            lambda: functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == state,
            SECONDS,
            f"{state} of {function}",
        )

    switch("Disabled")
    try:
        yield
    finally:
        switch("Enabled")


@contextmanager
def other_code(relay: RunbookStack, function: str, more: str) -> Iterator[None]:
    """A function runs its code with more lines after it."""
    functions, name = relay.client("lambda"), relay.outputs[f"{function}FunctionName"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        app = built(f"{function}Function", relay.stack.settings) / "app.py"
        file.writestr("app.py", f"{app.read_text()}\n{more}")
    place = relay.further.template["Resources"][f"{function}Function"]["Properties"]["CodeUri"]
    bucket, _, key = str(place).removeprefix("s3://").partition("/")
    functions.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
    try:
        yield
    finally:
        functions.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=key)


@contextmanager
def attributes(relay: RunbookStack, queue: str, **changes: str) -> Iterator[None]:
    """A queue has other attributes."""
    sqs, url = relay.client("sqs"), relay.resource(queue)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(changes))["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=changes)
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=found)


@contextmanager
def without_topics(relay: RunbookStack) -> Iterator[None]:
    """The queue of notifications permits no topic to send."""
    sqs, url = relay.client("sqs"), relay.resource("NotificationQueue")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    policy = json.loads(found["Policy"])
    left = [each for each in policy["Statement"] if each["Sid"] != "AllowNotificationTopics"]
    with attributes(relay, "NotificationQueue", Policy=json.dumps({**policy, "Statement": left})):
        yield


@contextmanager
def faults(relay: RunbookStack, **members: float) -> Iterator[None]:
    """The endpoint emulator has faults."""
    set_faults(relay.stack.settings, members)
    try:
        yield
    finally:
        set_faults(relay.stack.settings, {})


@contextmanager
def orders(relay: RunbookStack) -> Iterator[None]:
    """The end of a trouble: the target of the route `orders` is there."""
    sqs = relay.client("sqs")
    url = sqs.create_queue(QueueName=ORDERS.rpartition(":")[2])["QueueUrl"]
    try:
        yield
    finally:
        sqs.delete_queue(QueueUrl=url)


def overdue(relay: RunbookStack, minutes: float) -> None:
    """A notification was lost, and reconcile has not looked since then."""
    due = datetime.now(UTC) - timedelta(minutes=minutes)
    table, dynamodb = relay.outputs["LedgerTableName"], relay.client("dynamodb")
    bucket, name = relay.outputs["DataBucketName"], uuid.uuid4().hex
    attempt = Attempt(
        id=name,
        request_id=name,
        number=1,
        claimed_by="runbooks",
        endpoint=relay.outputs["EndpointName"],
        submitted_at=due - timedelta(minutes=10),
        due_at=due,
        location=S3Uri(bucket, relay.upload()),
        output_location=f"s3://{bucket}/outputs/{name}.out",
    )
    assert not DynamoDbLedger(dynamodb, table).claim([attempt]).unavailable
    DynamoDbDueLedger(dynamodb, table).move_cursor(Due(due - timedelta(minutes=1)))


def receive_in_vain(relay: RunbookStack, queue: str, text: str) -> None:
    """A consumer receives the message with that text until SQS moves it."""
    sqs, url = relay.client("sqs"), relay.resource(queue)

    def gone() -> bool:
        found = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10)
        return not any(text in each["Body"] for each in found.get("Messages", []))

    eventually(gone, SECONDS, f"{text} in the dead-letter queue")


def instances(relay: RunbookStack, number: int) -> None:
    """The endpoint has so many instances when this returns."""
    sagemaker, name = relay.client("sagemaker"), relay.outputs["EndpointName"]
    [variant] = sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
    wanted = {"VariantName": variant["VariantName"], "DesiredInstanceCount": number}
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[wanted]
    )

    def reached() -> bool:
        found = sagemaker.describe_endpoint(EndpointName=name)
        [variant] = found["ProductionVariants"]
        status, current = found["EndpointStatus"], variant["CurrentInstanceCount"]
        return (status, current) == ("InService", number)

    eventually(reached, SECONDS, f"{number} instances")


def pass_seconds(relay: RunbookStack, seconds: float) -> None:
    """So many seconds of AWS pass at once, for the endpoint."""
    root = root_user.read(relay.stack.settings)
    credentials = (root.access_key_id, root.secret_access_key)
    Client(relay.stack.settings.sagemaker_url, credentials, REGION).tick(seconds)
