"""The targets besides the relay's own queues, and all that arrives at them."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3

from tests.targets import ARCHIVE, BUS, ORDERED, TOPIC

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# Topics and buses are read through queues of their own.
_READERS = {"topic": "e2e-topic-reader", "bus": "e2e-bus-reader"}
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        ],
    }
)
_FIFO = {"FifoQueue": "true", "ContentBasedDeduplication": "false"}


class FurtherTargets:
    """Keeps every document that arrived, by route, in the order in which it came."""

    def __init__(self) -> None:
        self.arrived: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.groups: dict[str, str] = {}
        self._sqs: SQSClient = boto3.client("sqs")
        self._sns: SNSClient = boto3.client("sns")
        self._events: EventBridgeClient = boto3.client("events")
        self._urls: dict[str, str] = {}

    def create(self) -> None:
        self.create_archive()
        self._urls["ordered"] = self._queue(ORDERED.split(":")[-1], _FIFO)
        for kind, name in _READERS.items():
            self._urls[kind] = self._queue(name, {"Policy": _POLICY})
        topic = self._sns.create_topic(Name=TOPIC.split(":")[-1])["TopicArn"]
        assert topic == TOPIC
        self._sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=self._arn("topic"),
            Attributes={"RawMessageDelivery": "true"},
        )
        name = BUS.split("/")[-1]
        self._events.create_event_bus(Name=name)
        pattern = {"source": ["async-inference-relay"], "detail-type": [{"prefix": "relay."}]}
        self._events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps(pattern))
        self._events.put_targets(
            Rule="all", EventBusName=name, Targets=[{"Id": "reader", "Arn": self._arn("bus")}]
        )

    def create_archive(self) -> None:
        self._urls["archive"] = self._queue(ARCHIVE.split(":")[-1], {})

    def delete_archive(self) -> None:
        self._sqs.delete_queue(QueueUrl=self._urls.pop("archive"))

    def receive(self) -> Mapping[str, list[dict[str, Any]]]:
        for route, url in self._urls.items():
            while found := self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                MessageSystemAttributeNames=["MessageGroupId"],
            ).get("Messages", []):
                for message in found:
                    document = json.loads(message["Body"])
                    document = document["detail"] if route == "bus" else document
                    self.arrived[route].append(document)
                    group = message.get("Attributes", {}).get("MessageGroupId")
                    if group:
                        self.groups[document["id"]] = group
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return self.arrived

    def subjects(self, route: str, folder: str) -> list[str]:
        """What arrived by that route about inputs of a folder."""
        return sorted(
            document["subject"]
            for document in self.receive()[route]
            if f"/inputs/{folder}" in document["subject"]
        )

    def _queue(self, name: str, attributes: dict[Any, str]) -> str:
        return self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def _arn(self, kind: str) -> str:
        found = self._sqs.get_queue_attributes(
            QueueUrl=self._urls[kind], AttributeNames=["QueueArn"]
        )
        return found["Attributes"]["QueueArn"]


@contextmanager
def changed_routes(parameter: str, document: str) -> Iterator[None]:
    """Other routes inside the block, and the old ones afterwards."""
    ssm = boto3.client("ssm")
    before = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    ssm.put_parameter(Name=parameter, Value=document, Overwrite=True)
    try:
        yield
    finally:
        ssm.put_parameter(Name=parameter, Value=before, Overwrite=True)
