"""SageMaker's notifications as they arrive, read beside the relay from the same topics."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a topic: SNS's envelope, and the document that was published."""

    envelope: dict[str, Any]
    document: dict[str, Any]

    @property
    def encoding(self) -> str | None:
        """Of the model's answer, where the notification carries it."""
        found: str | None = self.document.get("responseBody", {}).get("encoding")
        return found


class Tap:
    """A queue of its own that is subscribed to the stack's topics; keeps what it receives."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sqs: SQSClient = target.client("sqs")
        self._sns: SNSClient = target.client("sns")
        self._heard: list[Heard] = []
        self._subscriptions: list[str] = []
        # A name of its own: a deleted queue's is not free for a minute.
        self._arn = target.routing.queue(f"further-tap-{uuid.uuid4().hex[:8]}")
        self._url = self._queue()

    def open(self) -> None:
        outputs = self._target.outputs
        for topic in {outputs[name] for name in ("SuccessTopicArn", "ErrorTopicArn")}:
            subscribed = self._sns.subscribe(
                TopicArn=topic, Protocol="sqs", Endpoint=self._arn, ReturnSubscriptionArn=True
            )
            self._subscriptions.append(subscribed["SubscriptionArn"])

    def close(self) -> None:
        for subscription in self._subscriptions:
            self._sns.unsubscribe(SubscriptionArn=subscription)
        self._sqs.delete_queue(QueueUrl=self._url)

    def about(self, inference_id: str) -> Heard:
        """The first notification of an inference."""
        return self._target.eventually(
            lambda: next(
                (each for each in self.heard() if each.document.get("inferenceId") == inference_id),
                None,
            ),
            15,
            f"SageMaker's notification of {inference_id}",
        )

    def heard(self) -> list[Heard]:
        """Everything so far."""
        self._heard += self._receive()
        return list(self._heard)

    def _receive(self) -> Iterator[Heard]:
        while found := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in found:
                envelope = json.loads(message["Body"])
                yield Heard(envelope, json.loads(envelope["Message"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _queue(self) -> str:
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        name = self._arn.split(":")[-1]
        return self._sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]


@contextmanager
def tapped(target: Target) -> Iterator[Tap]:
    """Listens to the topics that the stack has now."""
    tap = Tap(target)
    tap.open()
    try:
        yield tap
    finally:
        tap.close()
