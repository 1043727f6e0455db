"""The ledger in DynamoDB keeps the contract."""

from typing import TYPE_CHECKING

import pytest
from relay.aws.dynamodb.due_ledger import DynamoDbDueLedger
from relay.ports import Ledger

from tests.contract.due_ledger import DueLedgerContract, SearchedLedger
from tests.contract.ledger import LedgerContract

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def in_dynamodb(dynamodb: "DynamoDBClient", table: str) -> DynamoDbDueLedger:
    return DynamoDbDueLedger(dynamodb, table)


class TestTheLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, in_dynamodb: DynamoDbDueLedger) -> Ledger:
        return in_dynamodb


class TestTheIndexOfWhatIsDue(DueLedgerContract):
    @pytest.fixture
    def due_ledger(self, in_dynamodb: DynamoDbDueLedger) -> SearchedLedger:
        return in_dynamodb
