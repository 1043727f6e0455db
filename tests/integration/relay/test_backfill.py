"""The adapters of backfill keep the contracts."""

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from relay.aws.dynamodb.backfill_store import DynamoDbBackfillStore
from relay.aws.listing import S3Listing
from relay.aws.messaging.queues import SqsBacklog
from relay.aws.schedule import RuleSchedule
from relay.errors import NewerFormat, PermanentError

from tests.contract.backfill import BackfillStoreContract, ListingContract, backfill

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class TestTheStore(BackfillStoreContract):
    @pytest.fixture
    def store(self, dynamodb: "DynamoDBClient", table: str) -> DynamoDbBackfillStore:
        return DynamoDbBackfillStore(dynamodb, table)

    def test_a_record_of_later_code_is_left_alone(
        self, dynamodb: "DynamoDBClient", table: str, store: DynamoDbBackfillStore
    ) -> None:
        store.save(backfill())
        dynamodb.update_item(
            TableName=table,
            Key={"id": {"S": "backfill#a"}},
            UpdateExpression="SET #format = :newer",
            ExpressionAttributeNames={"#format": "format"},
            ExpressionAttributeValues={":newer": {"N": "99"}},
        )

        with pytest.raises(NewerFormat, match="record of a backfill has format 99"):
            store.load("a")


class OnS3:
    """The adapter as the contract wants it."""

    name = "data"

    def __init__(self, s3: "S3Client") -> None:
        self.listing = S3Listing(s3)
        self._s3 = s3
        s3.create_bucket(Bucket=self.name)

    def put(self, key: str) -> None:
        self._s3.put_object(Bucket=self.name, Key=key, Body=b"1")


@pytest.fixture
def on_s3(s3: "S3Client") -> OnS3:
    return OnS3(s3)


class TestTheListing(ListingContract):
    @pytest.fixture
    def bucket(self, on_s3: OnS3) -> OnS3:
        return on_s3


def test_a_bucket_that_does_not_exist_cannot_be_listed(on_s3: OnS3) -> None:
    with pytest.raises(PermanentError, match="list s3://nowhere/inputs/: NoSuchBucket"):
        on_s3.listing.page("nowhere", "inputs/", "", 10)


def test_the_schedule_is_enabled_and_disabled(session: boto3.Session) -> None:
    with mock_aws():
        events = session.client("events")
        events.put_rule(Name="relay-backfill", ScheduleExpression="rate(1 minute)")
        schedule = RuleSchedule(events, "relay-backfill")

        for switch, state in (
            (schedule.disable, "DISABLED"),
            (schedule.disable, "DISABLED"),
            (schedule.enable, "ENABLED"),
        ):
            switch()
            assert events.describe_rule(Name="relay-backfill")["State"] == state


def test_every_message_of_the_queue_is_counted(
    sqs: "SQSClient", queue_urls: tuple[str, str, str]
) -> None:
    url = queue_urls[0]
    backlog = SqsBacklog(sqs, url)
    assert backlog.messages() == 0

    for delay in (0, 0, 600):
        sqs.send_message(QueueUrl=url, MessageBody="1", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)

    assert backlog.messages() == 3
