"""The ledger in DynamoDB keeps the contract."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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

    @pytest.fixture
    def leave_unread(
        self, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[str], None]:
        """Has the client leave a key unprocessed, which MiniStack does not."""
        read = dynamodb.batch_get_item

        def leave(key: str) -> None:
            def reads_others(RequestItems: dict[str, Any]) -> Any:  # noqa: N803
                ((table, wanted),) = RequestItems.items()
                left = [each for each in wanted["Keys"] if each["id"]["S"] == key]
                keys = [each for each in wanted["Keys"] if each not in left]
                asked: Any = {table: {**wanted, "Keys": keys}}
                answer: Any = read(RequestItems=asked) if keys else {"Responses": {}}
                return {**answer, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}

            monkeypatch.setattr(dynamodb, "batch_get_item", reads_others)

        return leave


class TestTheIndexOfWhatIsDue(DueLedgerContract):
    @pytest.fixture
    def due_ledger(self, in_dynamodb: DynamoDbDueLedger) -> SearchedLedger:
        return in_dynamodb
