"""The index and the cursor: which queries a search takes, and what it does on bad days.

What the queries find is the contract's business (`tests/contract`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError
from relay.aws.dynamodb.attempt_items import closed, to_item
from relay.aws.dynamodb.due_ledger import DynamoDbDueLedger
from relay.aws.dynamodb.index_keys import due_shard, from_due, to_due
from relay.errors import TransientError, UnexpectedError
from relay.model import AttemptState, Closing, Due
from relay.s3uri import S3Uri

from tests.contract.due_ledger import unexpected_error
from tests.support import samples
from tests.support.samples import BUCKET, NOON

TABLE = "relay-LedgerTable"
ID, OTHER = "a" * 32, "b" * 31 + "c"


class Table:
    """A client whose index has the entries of `pages`, by partition key.

    `texts` are the sort keys of entries that cannot be read.
    """

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.pages: dict[str, list[list[Due]]] = {}
        self.texts: dict[Due, str] = {}
        self.error: ClientError | None = None
        self.cursor: dict[str, object] = {}
        self._lock = Lock()

    def get_item(self, **_: object) -> Mapping[str, object]:
        return {"Item": self.cursor}

    def query(self, **query: Any) -> Mapping[str, object]:
        if self.error is not None:
            raise self.error
        key = query["ExpressionAttributeValues"][":key"]["S"]
        number = int(query.get("ExclusiveStartKey", {"page": {"N": "0"}})["page"]["N"])
        with self._lock:
            self.keys.append(key)
        pages = self.pages.get(key, [[]])
        items = [
            {"id": {"S": entry.id}, "due": {"S": self.texts.get(entry, to_due(entry))}}
            for entry in pages[number]
        ]
        if number + 1 < len(pages):
            return {"Items": items, "LastEvaluatedKey": {"page": {"N": str(number + 1)}}}
        return {"Items": items}


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def ledger(table: Table) -> DynamoDbDueLedger:
    client: Any = table
    return DynamoDbDueLedger(client, TABLE)


def test_a_search_queries_each_shard_of_the_last_hours_once(
    ledger: DynamoDbDueLedger, table: Table
) -> None:
    assert list(ledger.due(Due(NOON), NOON + timedelta(minutes=5), unexpected_error)) == []

    hours = [f"2026-11-20T{hour:02}" for hour in range(4, 13)]
    shards = [f"{hour}#{digit}" for hour in [*hours, "late"] for digit in "0123456789abcdef"]
    assert sorted(table.keys) == sorted(shards)


def test_pages_of_several_shards_are_merged_and_read_when_they_are_needed(
    ledger: DynamoDbDueLedger, table: Table
) -> None:
    def entry(seconds: int, digit: str) -> Due:
        return Due(NOON + timedelta(seconds=seconds), digit * 32)

    table.pages["2026-11-20T05#a"] = [[entry(1, "a"), entry(4, "a")], [], [entry(5, "a")]]
    table.pages["late#b"] = [[entry(2, "b")], [entry(3, "b")]]
    found = ledger.due(Due(NOON), NOON + timedelta(minutes=5), unexpected_error)
    queries = len(table.keys)

    assert [next(found) for _ in range(2)] == [entry(1, "a"), entry(2, "b")]
    assert len(table.keys) == queries
    assert list(found) == [entry(3, "b"), entry(4, "a"), entry(5, "a")]
    assert len(table.keys) == queries + 3


def test_a_query_that_fails_fails_the_search(ledger: DynamoDbDueLedger, table: Table) -> None:
    details: Any = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
    table.error = ClientError(details, "Query")

    with pytest.raises(TransientError, match="query index due of relay-LedgerTable"):
        ledger.due(Due(NOON), NOON + timedelta(minutes=5), unexpected_error)


def test_the_order_of_the_keys_is_that_of_the_entries() -> None:
    entries = [
        Due(NOON),
        Due(NOON, ID),
        Due(NOON, "b" * 32),
        Due(NOON + timedelta(milliseconds=1)),
        Due(NOON + timedelta(milliseconds=1), ID),
        Due(NOON + timedelta(days=100)),
    ]

    assert sorted(map(to_due, entries)) == [to_due(entry) for entry in entries]
    assert [from_due(to_due(entry)) for entry in entries] == entries


# A direct call with every member, and an upload.
USUAL = [{}, {"version_id": None, "accept": None, "custom_attributes": None}]


@pytest.mark.parametrize("members", USUAL)
@pytest.mark.parametrize("letter", ["x", "行", "\N{OIL DRUM}"])
def test_a_usual_item_with_a_reason_and_its_deliveries_is_one_write_unit(
    letter: str, members: dict[str, Any]
) -> None:
    attempt = samples.attempt(
        ID,
        claimed_by="2a4abf0b-c32d-41c6-b8fc-1b9f9c323459",
        submitted_at=NOON + timedelta(microseconds=123_456),
        due_at=NOON + timedelta(hours=7, microseconds=123_456),
        requested_at=NOON - timedelta(milliseconds=3_117),
        etag="9b2cf535f27731c974343645a3985328",
        location=S3Uri(BUCKET, "inputs/orders/order-17.csv"),
        **members,
    )
    closing = Closing(
        attempt,
        AttemptState.FAILED,
        NOON + timedelta(microseconds=123_456),
        reason=letter * 1_000,
        delivered=("failed-orders", "archive", "otherwise"),
    )
    item: dict[str, Any] = to_item(closed(closing))

    size = sum(
        len(name) + len(text.encode())
        for name, value in item.items()
        for text in map(str, value.values())
    )

    kept = item["reason"]["S"]
    assert kept == letter * len(kept)
    assert 100 <= len(kept.encode()) <= 200
    assert size <= 1_024


@pytest.mark.parametrize("key_bytes", range(20, 900, 40))
def test_an_item_that_leaves_little_room_costs_another_write_unit(key_bytes: int) -> None:
    location = S3Uri(BUCKET, "inputs/".ljust(key_bytes, "k"))
    attempt = samples.attempt(ID, location=location)

    ended = closed(Closing(attempt, AttemptState.FAILED, NOON, reason="x" * 1_000))

    assert 100 <= len(ended.reason or "") <= 200


def test_an_offset_does_not_change_the_hour() -> None:
    submitted_at = NOON.astimezone(tz=None)

    attempt = samples.attempt(ID, submitted_at=submitted_at, location=None)
    assert due_shard(attempt) == "2026-11-20T12#a"


def test_attempts_of_one_input_have_one_shard() -> None:
    """The first digit of `printf s3://… | sha256sum`."""
    shards = {due_shard(samples.attempt(digit * 32)) for digit in "0123456789abcdef"}

    assert shards == {"2026-11-20T12#c"}


@pytest.mark.parametrize("text", ["2026-11-20T12:garbage", "2026-11-20T12:00:00.000#x", "2026"])
def test_an_entry_that_cannot_be_read_is_told_of_and_keeps_back_no_other(
    ledger: DynamoDbDueLedger, table: Table, text: str
) -> None:
    first, bad, last = (Due(NOON + timedelta(seconds=1), digit * 32) for digit in "abc")
    table.pages["2026-11-20T05#a"] = [[first, bad], [last]]
    table.pages["2026-11-20T06#b"] = [[bad], [replace(bad, id=OTHER)]]
    table.texts = {bad: text}
    errors: dict[str, UnexpectedError] = {}

    found = ledger.due(Due(NOON), NOON + timedelta(minutes=5), errors.__setitem__)

    assert list(found) == [first, replace(bad, id=OTHER), last]
    assert set(errors) == {bad.id}
    assert f"entry of {bad.id} in the index" in str(errors[bad.id])


@pytest.mark.parametrize("position", ["yesterday", "2026-11-20T12:00:00.000#", ""])
def test_a_cursor_that_cannot_be_read_is_an_error_of_the_relay(
    ledger: DynamoDbDueLedger, table: Table, position: str
) -> None:
    table.cursor = {"id": {"S": "reconcile#cursor"}, "position": {"S": position}}

    with pytest.raises(UnexpectedError, match="the cursor in relay-LedgerTable cannot be read"):
        ledger.cursor()
