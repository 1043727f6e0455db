"""SQS, SNS and EventBridge keep the contract, each read through a queue."""

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from relay.aws.messaging.buses import Buses
from relay.aws.messaging.outbox import AwsOutbox, Service
from relay.aws.messaging.queues import Queues
from relay.aws.messaging.topics import Topics

from tests.contract.targets import KINDS, Arrived, Targets, TargetsContract
from tests.support.emulator.stack import eventually
from tests.support.fakes.budgets import ample

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_FIFO = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
_FIFO |= {"FifoThroughputLimit": "perMessageGroupId"}


class OnAws:
    """One target of each kind. Topics and the bus forward to queues of their own."""

    def __init__(self, session: boto3.Session, endpoint_url: str | None = None) -> None:
        self._sqs: SQSClient = session.client("sqs", endpoint_url=endpoint_url)
        self._sns: SNSClient = session.client("sns", endpoint_url=endpoint_url)
        self._events: EventBridgeClient = session.client("events", endpoint_url=endpoint_url)
        self._name = f"contract-{uuid.uuid4()}"
        self._urls: dict[str, str] = {}
        self._arns: dict[str, str] = {}
        for kind in KINDS:
            self._urls[kind], self._arns[kind] = self._queue(kind)
        self._arns["topic"] = self._topic("topic", self._name)
        self._arns["fifo_topic"] = self._topic("fifo_topic", f"{self._name}.fifo")
        self._arns["bus"] = self._bus()
        services: dict[str, Service] = {
            "sqs": Queues(self._sqs),
            "sns": Topics(self._sns),
            "events": Buses(self._events),
        }
        self.outbox = AwsOutbox(lambda address: services[str(address).split(":")[2]], ample())

    def arn(self, kind: str) -> str:
        return self._arns[kind]

    def arrived(self, kind: str, count: int) -> list[Arrived]:
        found: list[Arrived] = []

        def enough() -> bool:
            while messages := self._receive(kind):
                found.extend(_arrived(kind, message) for message in messages)
            return len(found) >= count

        eventually(enough, f"{count} messages of the {kind}")
        return found

    def delete(self) -> None:
        self._events.remove_targets(Rule="all", EventBusName=self._name, Ids=["queue"])
        self._events.delete_rule(Name="all", EventBusName=self._name)
        self._events.delete_event_bus(Name=self._name)
        for kind in ("topic", "fifo_topic"):
            self._sns.delete_topic(TopicArn=self._arns[kind])
        for url in self._urls.values():
            self._sqs.delete_queue(QueueUrl=url)
        for client in (self._sqs, self._sns, self._events):
            client.close()

    def _queue(self, kind: str) -> tuple[str, str]:
        name, attributes = f"{self._name}-{kind}", dict[Any, str]()
        if "fifo" in kind:
            name, attributes = f"{name}.fifo", {**_FIFO}
        url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, arn["Attributes"]["QueueArn"]

    def _topic(self, kind: str, name: str) -> str:
        attributes = {"FifoTopic": "true"} if "fifo" in kind else {}
        arn = self._sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        self._sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint=self._arns[kind],
            Attributes={"RawMessageDelivery": "true"},
        )
        return arn

    def _bus(self) -> str:
        arn = self._events.create_event_bus(Name=self._name)["EventBusArn"]
        pattern = {"source": ["async-inference-relay"]}
        self._events.put_rule(Name="all", EventBusName=self._name, EventPattern=json.dumps(pattern))
        self._events.put_targets(
            Rule="all",
            EventBusName=self._name,
            Targets=[{"Id": "queue", "Arn": self._arns["bus"]}],
        )
        return arn

    def _receive(self, kind: str) -> "list[MessageTypeDef]":
        messages = self._sqs.receive_message(
            QueueUrl=self._urls[kind], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in messages:
            self._sqs.delete_message(
                QueueUrl=self._urls[kind], ReceiptHandle=message["ReceiptHandle"]
            )
        return messages


def _arrived(kind: str, message: "MessageTypeDef") -> Arrived:
    if kind == "bus":
        event = json.loads(message["Body"])
        detail = json.dumps(event["detail"], separators=(",", ":"), ensure_ascii=False)
        return Arrived(detail, {}, event["detail-type"], tuple(event["resources"]))
    attributes = {
        name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()
    }
    return Arrived(message["Body"], attributes)


class TestTheTargets(TargetsContract):
    @pytest.fixture
    def targets(self, session: boto3.Session, endpoint_url: str) -> Iterator[Targets]:
        on_aws = OnAws(session, endpoint_url)
        yield on_aws
        on_aws.delete()


class TestTheTargetsOfMoto(TargetsContract):
    """moto has no say about buses: its rules pass events on only with a package of its own."""

    kinds = KINDS[:-1]

    @pytest.fixture
    def targets(self, session: boto3.Session) -> Iterator[Targets]:
        with mock_aws():
            on_aws = OnAws(session)
            yield on_aws
            on_aws.delete()
