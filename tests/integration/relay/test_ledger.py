"""The ledger in DynamoDB keeps the contract, and finds what is overdue."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from relay.aws.ledger import DynamoDbLedger
from relay.ports import Ledger

from tests import samples
from tests.contract.ledger import LedgerContract
from tests.samples import NOON

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def in_dynamodb(dynamodb: "DynamoDBClient", table: str) -> DynamoDbLedger:
    return DynamoDbLedger(dynamodb, table)


class TestTheLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, in_dynamodb: DynamoDbLedger) -> Ledger:
        return in_dynamodb


def test_attempts_are_found_in_the_minute_in_which_they_are_overdue(
    in_dynamodb: DynamoDbLedger,
) -> None:
    due = {f"{number:x}" * 32: NOON + timedelta(seconds=number) for number in range(16)}
    attempts = [samples.attempt(key, due_at=time) for key, time in due.items()]
    later = samples.attempt("0" * 31 + "1", due_at=NOON + timedelta(seconds=60))
    in_dynamodb.claim([*attempts, later])

    found = [key for page in in_dynamodb.due_in(NOON) for key in page]

    assert sorted(found) == sorted(due)


def test_a_renewed_attempt_is_overdue_later(in_dynamodb: DynamoDbLedger) -> None:
    attempt = samples.attempt(due_at=NOON)
    in_dynamodb.claim([attempt])

    in_dynamodb.renew([samples.attempt(due_at=NOON + timedelta(minutes=1))])

    assert list(in_dynamodb.due_in(NOON)) == []
    assert list(in_dynamodb.due_in(NOON + timedelta(minutes=1))) == [[attempt.id]]


def test_the_cursor_is_where_it_was_moved_to(in_dynamodb: DynamoDbLedger) -> None:
    assert in_dynamodb.cursor() is None

    in_dynamodb.move_cursor(NOON)

    assert in_dynamodb.cursor() == NOON
