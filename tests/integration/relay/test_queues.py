"""SQS keeps the contract."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.queues import Queues as SqsQueues
from relay.aws.messaging.queues import SqsInbox
from relay.errors import PermanentError
from relay.model import Delivery, OutgoingMessage

from tests.contract.queues import Queues, QueuesContract, create_queues
from tests.support.fakes.budgets import ample

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class OnSqs:
    """The adapters as the contract wants them."""

    def __init__(self, sqs: "SQSClient", standard_url: str, fifo_url: str, small_url: str) -> None:
        self.standard_url = standard_url
        self.fifo_url = fifo_url
        self.small_url = small_url
        self.outbox = AwsOutbox(lambda _: SqsQueues(sqs), ample())
        self.inbox = SqsInbox(sqs, standard_url)
        self._sqs = sqs

    def receive(self, queue_url: str) -> list[Delivery]:
        received: list[Delivery] = []
        while messages := self._sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=270,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        ).get("Messages", []):
            received += [
                Delivery(
                    message["MessageId"],
                    message["Body"],
                    message["ReceiptHandle"],
                    int(message["Attributes"]["ApproximateReceiveCount"]),
                )
                for message in messages
            ]
        return received

    def advance(self, seconds: int) -> None:
        """Queues keep real time, so there is nothing to ask but the clock."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(0.05)  # noqa: TID251  # waiting is what this does


@pytest.fixture
def on_sqs(sqs: "SQSClient", queue_urls: tuple[str, str, str]) -> OnSqs:
    return OnSqs(sqs, *queue_urls)


class TestTheQueues(QueuesContract):
    @pytest.fixture
    def queues(self, on_sqs: OnSqs) -> Queues:
        return on_sqs


class TestTheQueuesOfMoto(QueuesContract):
    """moto has no say about the ledger: its PartiQL knows no INSERT with parameters."""

    @pytest.fixture
    def queues(self, session: boto3.Session) -> Iterator[Queues]:
        with mock_aws():
            sqs = session.client("sqs")
            yield OnSqs(sqs, *create_queues(sqs))
            sqs.close()


def test_a_queue_that_does_not_exist_fails_its_own_messages(on_sqs: OnSqs) -> None:
    nowhere = OutgoingMessage("lost", f"{on_sqs.standard_url}-nowhere", "lost")
    good = OutgoingMessage("good", on_sqs.standard_url, "good")

    failures = on_sqs.outbox.send([nowhere, good])

    assert {key: type(error) for key, error in failures.items()} == {"lost": PermanentError}
    assert len(on_sqs.receive(on_sqs.standard_url)) == 1
