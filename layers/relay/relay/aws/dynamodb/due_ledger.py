"""The ledger as reconcile sees it: the index `due` of the table, and the cursor.

The index has an entry for each tracked attempt. Its partition key is the hour of submission with a
shard, or `late` with a shard; its sort key is the time of `Due` with the id. Closing an attempt
changes neither key, so it writes nothing into the index.
"""

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from relay.aws.dynamodb.index_keys import (
    LONGEST_LIFE,
    SHARDS,
    from_due,
    read_entry,
    shard_key,
    shard_of,
    to_due,
)
from relay.aws.dynamodb.ledger import CONDITION, KEYS, DynamoDbLedger, chunks
from relay.aws.errors import translated
from relay.delivery.isolation import unexpected
from relay.errors import RelayError, UnexpectedError
from relay.model import Attempt, AttemptState, Due
from relay.ports import Unreadable
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        BatchStatementRequestTypeDef,
        QueryInputTypeDef,
    )

# The id is also the format of the cursor (see `relay.formats`).
_CURSOR = "reconcile#cursor"
_HOUR = timedelta(hours=1)
_QUERIES_AT_A_TIME = 10
# Entries of one query, so that the first pages of all partitions fit into memory.
_ENTRIES = 500
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Search:
    """What every query of a search has in common."""

    after: Due
    end: datetime
    unreadable: Unreadable


@dataclass(frozen=True, slots=True)
class _Page:
    """The answer to a query; `start` is where the next page begins, empty on the last one."""

    entries: Sequence[Due]
    errors: Mapping[str, UnexpectedError]
    start: "dict[str, AttributeValueTypeDef]"


class DynamoDbDueLedger(DynamoDbLedger):
    """Implements `relay.ports.DueLedger`."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        super().__init__(dynamodb, table)
        self._threads = ThreadPoolExecutor(_QUERIES_AT_A_TIME, thread_name_prefix="query")

    def look_up(self, ids: Collection[str]) -> Mapping[str, Attempt | RelayError]:
        """Look attempts up, a hundred in a call, ten calls at a time."""
        found = self._threads.map(super().look_up, chunks(sorted(set(ids)), KEYS))
        return dict(chain.from_iterable(part.items() for part in found))

    def cursor(self) -> Due | None:
        with translated(f"read the cursor in {self._table}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key={"id": {"S": _CURSOR}}, ConsistentRead=True
            )
        item = answer.get("Item")
        try:
            return None if item is None else from_due(item["position"]["S"])
        except Exception as error:
            raise unexpected(error, f"the cursor in {self._table} cannot be read") from error

    def move_cursor(self, position: Due) -> None:
        with translated(f"move the cursor in {self._table}"):
            self._dynamodb.put_item(
                TableName=self._table,
                Item={"id": {"S": _CURSOR}, "position": {"S": to_due(position)}},
            )

    def due(self, after: Due, end: datetime, unreadable: Unreadable) -> Iterator[Due]:
        hours = [*_hours(after.at - LONGEST_LIFE, end), None]
        return self._entries(hours, _Search(after, end, unreadable))

    def postpone(self, entries: Sequence[Due], at: datetime) -> Mapping[str, RelayError]:
        to = Due.of(at)
        failures = self._execute({each.id: partial(self._postpone, each, to) for each in entries})
        return self._errors("postpone", failures, CONDITION)

    def _postpone(self, entry: Due, to: Due) -> "BatchStatementRequestTypeDef":
        return self._statement(
            f'UPDATE "{self._table}" SET "due_shard"=? SET "due"=? '
            'WHERE "id"=? AND "state"=? AND "due"=?',
            shard_key(None, entry.shard or entry.id[:1]),
            to_due(Due(to.at, entry.id)),
            entry.id,
            AttemptState.OPEN,
            to_due(entry),
        )

    def submitted(
        self,
        hour: datetime | None,
        after: Due,
        unreadable: Unreadable,
        location: S3Uri | None = None,
    ) -> Iterator[Due]:
        shards = SHARDS if location is None else shard_of(location)
        return self._entries([hour], _Search(after, _END_OF_TIME, unreadable), shards)

    def _entries(
        self, hours: Sequence[datetime | None], search: _Search, shards: str = SHARDS
    ) -> Iterator[Due]:
        """Yield the entries of the shards of the hours in order, after a position, before `end`."""
        keys = [shard_key(hour, shard) for hour in hours for shard in shards]
        first_pages = self._threads.map(lambda key: self._query(key, search), keys)
        streams = [
            self._stream(key, page, search) for key, page in zip(keys, first_pages, strict=True)
        ]
        return heapq.merge(*streams)

    def _stream(self, key: str, page: _Page, search: _Search) -> Iterator[Due]:
        while True:
            for inference_id, error in page.errors.items():
                search.unreadable(inference_id, error)
            yield from page.entries
            if not page.start:
                return
            page = self._query(key, search, page.start)

    def _query(
        self,
        key: str,
        search: _Search,
        start: "dict[str, AttributeValueTypeDef] | None" = None,
    ) -> _Page:
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": "due",
            # A position without an id is less than every entry of its time.
            "KeyConditionExpression": "due_shard = :key AND due BETWEEN :after AND :end",
            "ExpressionAttributeValues": {
                ":key": {"S": key},
                ":after": {"S": to_due(search.after)},
                ":end": {"S": to_due(Due.of(search.end))},
            },
            "ProjectionExpression": "id, due",
            "Limit": _ENTRIES,
        }
        if start:
            query["ExclusiveStartKey"] = start
        with translated(f"query index due of {self._table}"):
            answer = self._dynamodb.query(**query)
        entries: list[Due] = []
        errors: dict[str, UnexpectedError] = {}
        for item in answer["Items"]:
            entry = read_entry(item)
            if isinstance(entry, UnexpectedError):
                errors[item["id"]["S"]] = entry
            elif entry > search.after:
                entries.append(replace(entry, shard=key[-1:]))
        return _Page(entries, errors, answer.get("LastEvaluatedKey", {}))


def _hours(start: datetime, end: datetime) -> list[datetime]:
    """Return every hour from that of `start` to that of `end`."""
    hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = []
    while hour <= end:
        hours.append(hour)
        hour += _HOUR
    return hours
