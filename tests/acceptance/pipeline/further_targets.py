"""The targets besides the relay's own queues, and all that arrives at them."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.acceptance.targets.target import Target, await_routes

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# Topics and buses are read through queues of their own.
_READERS = {"topic": "further-topic-reader", "bus": "further-bus-reader"}
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

    def __init__(self, target: Target) -> None:
        self.arrived: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.groups: dict[str, str] = {}
        self._target = target
        self._routing = target.routing
        self._sqs: SQSClient = target.client("sqs")
        self._sns: SNSClient = target.client("sns")
        self._events: EventBridgeClient = target.client("events")
        self._urls: dict[str, str] = {}
        self._seen: set[str] = set()  # a standard queue may deliver a message twice

    def create(self) -> None:
        self.create_archive()
        self._urls["ordered"] = self._queue(self._routing.ordered, _FIFO)
        for kind, name in _READERS.items():
            self._urls[kind] = self._queue(self._routing.queue(name), {"Policy": _POLICY})
        topic = self._sns.create_topic(Name=self._routing.topic.split(":")[-1])["TopicArn"]
        assert topic == self._routing.topic
        self._sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=self._arn("topic"),
            Attributes={"RawMessageDelivery": "true"},
        )
        name = self._routing.bus.split("/")[-1]
        self._events.create_event_bus(Name=name)
        pattern = {"source": ["async-inference-relay"], "detail-type": [{"prefix": "relay."}]}
        self._events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps(pattern))
        self._events.put_targets(
            Rule="all", EventBusName=name, Targets=[{"Id": "reader", "Arn": self._arn("bus")}]
        )

    def create_archive(self) -> None:
        """The name of a queue is free again a minute after its deletion."""
        self._urls["archive"] = self._target.eventually(
            self._archive, 30, "the name of the deleted queue"
        )

    def delete_archive(self) -> None:
        """Until the deletion is through, AWS may still take messages, and loses them."""
        self._sqs.delete_queue(QueueUrl=self._urls.pop("archive"))
        time.sleep(self._target.pace.lag)

    def _archive(self) -> str | None:
        try:
            return self._queue(self._routing.archive, {})
        except ClientError as error:
            if "QueueDeletedRecently" in str(error):
                return None
            raise

    def receive(self) -> Mapping[str, list[dict[str, Any]]]:
        for route, url in self._urls.items():
            while found := self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                MessageSystemAttributeNames=["MessageGroupId"],
            ).get("Messages", []):
                for message in found:
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    if message["MessageId"] in self._seen:
                        continue
                    self._seen.add(message["MessageId"])
                    document = json.loads(message["Body"])
                    document = document["detail"] if route == "bus" else document
                    self.arrived[route].append(document)
                    group = message.get("Attributes", {}).get("MessageGroupId")
                    if group:
                        self.groups[document["id"]] = group
        return self.arrived

    def subjects(self, route: str, folder: str) -> list[str]:
        """What arrived by that route about inputs of a folder."""
        return sorted(
            document["subject"]
            for document in self.receive()[route]
            if f"/inputs/{folder}" in document["subject"]
        )

    def _queue(self, arn: str, attributes: dict[Any, str]) -> str:
        name = arn.split(":")[-1]
        return self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def _arn(self, kind: str) -> str:
        found = self._sqs.get_queue_attributes(
            QueueUrl=self._urls[kind], AttributeNames=["QueueArn"]
        )
        return found["Attributes"]["QueueArn"]


@contextmanager
def changed_routes(target: Target, document: str) -> Iterator[None]:
    """Change the routes; they are in force some seconds later. After the block the old ones are."""
    ssm: SSMClient = target.client("ssm")
    parameter = target.outputs["RoutesParameterName"]
    before = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    ssm.put_parameter(Name=parameter, Value=document, Overwrite=True)
    try:
        yield
    finally:
        ssm.put_parameter(Name=parameter, Value=before, Overwrite=True)
        await_routes()
