"""The ledger in DynamoDB: one item for each attempt, written in batches of PartiQL statements.

Calls, not bytes, cost time and money: 25 statements or 100 look-ups go in one.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from relay.aws.dynamodb.attempt_items import (
    MEMBERS,
    NAMES,
    closed,
    expires,
    is_attempt_id,
    read_item,
    to_claim,
    to_end,
    to_held,
    to_item,
    to_value,
)
from relay.aws.dynamodb.index_keys import due_entry, due_shard, to_due
from relay.aws.errors import classify, classify_code, translated
from relay.delivery.isolation import unexpected
from relay.errors import RelayError, TransientError
from relay.model import Attempt, AttemptState, Closing, Holding
from relay.ports import Claims

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef

    _Statement = tuple[str, BatchStatementRequestTypeDef]

_STATEMENTS = 25
KEYS = 100
# DynamoDB leaves keys of a call unread when it throttles their partition.
_READS = 3

_EXISTS = "DuplicateItem"
CONDITION = "ConditionalCheckFailed"

_Thing = TypeVar("_Thing")


class DynamoDbLedger:
    """Implements `relay.ports.Ledger`. The table's key is `id`.

    `eventual`: look-ups cost half, and may miss what was written in the last second.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, *, eventual: bool = False) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._consistent = not eventual

    def claim(self, attempts: Sequence[Attempt]) -> Claims:
        failures = self._execute({each.id: partial(self._insert, each) for each in attempts})
        found = self.look_up([key for key, code in failures.items() if code == _EXISTS])
        existing = {key: item for key, item in found.items() if isinstance(item, Attempt)}
        unread = {key: item for key, item in found.items() if not isinstance(item, Attempt)}
        # A claim that failed for an item that is gone by now is an error: the item is not ours.
        absent = {key: code for key, code in failures.items() if key not in found}
        return Claims(existing, unread | self._errors("claim", absent))

    def renew(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        failures = self._execute({each.id: partial(self._renew, each) for each in attempts})
        return self._errors("renew", failures)

    def release(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        failures = self._execute({each.id: partial(self._release, each) for each in attempts})
        # Another delivery has renewed the claim, so it needs no release.
        return self._errors("release", failures, CONDITION)

    def look_up(self, ids: Collection[str]) -> Mapping[str, Attempt | RelayError]:
        found: dict[str, Attempt | RelayError] = {}
        for keys in chunks(sorted(filter(is_attempt_id, set(ids))), KEYS):
            left = keys
            why: RelayError = TransientError(
                f"look up in {self._table}: DynamoDB left keys unprocessed"
            )
            try:
                for _ in range(_READS):
                    left = self._get(left, found) if left else []
            except RelayError as error:
                why = error
            found |= dict.fromkeys(left, why)
        return found

    def _get(self, keys: Sequence[str], found: dict[str, Attempt | RelayError]) -> list[str]:
        """Add the attempts of keys to those that were found. Return the keys that are left."""
        with translated(f"look up in {self._table}"):
            answer = self._dynamodb.batch_get_item(
                RequestItems={
                    self._table: {
                        "Keys": [{"id": {"S": key}} for key in keys],
                        "ProjectionExpression": MEMBERS,
                        "ExpressionAttributeNames": NAMES,
                        # A notification may come within milliseconds of the claim.
                        "ConsistentRead": self._consistent,
                    }
                }
            )
        for item in answer["Responses"].get(self._table, []):
            found[item["id"]["S"]] = read_item(item)
        left = answer.get("UnprocessedKeys", {}).get(self._table)
        return [] if left is None else [key["id"]["S"] for key in left["Keys"]]

    def close(self, closings: Sequence[Closing]) -> Mapping[str, RelayError]:
        failures = self._execute({each.attempt.id: partial(self._close, each) for each in closings})
        # Closed before: by a concurrent delivery, which sent the same result.
        return self._errors("close", failures, CONDITION, _EXISTS)

    def hold(self, holdings: Sequence[Holding]) -> Mapping[str, RelayError]:
        failures = self._execute({each.attempt.id: partial(self._hold, each) for each in holdings})
        # Closed by a concurrent delivery, which found all targets ready.
        return self._errors("hold", failures, CONDITION, _EXISTS)

    def _insert(self, attempt: Attempt) -> "BatchStatementRequestTypeDef":
        item = to_item(attempt)
        members = ", ".join(f"'{name}': ?" for name in item)
        return {
            "Statement": f'INSERT INTO "{self._table}" VALUE {{{members}}}',
            "Parameters": list(item.values()),
        }

    def _renew(self, attempt: Attempt) -> "BatchStatementRequestTypeDef":
        return self._statement(
            f'UPDATE "{self._table}" SET "claim"=? SET "due_shard"=? SET "due"=? '
            'SET "expires"=? WHERE "id"=? AND "state"=?',
            to_claim(attempt),
            due_shard(attempt),
            to_due(due_entry(attempt)),
            expires(attempt),
            attempt.id,
            AttemptState.OPEN,
        )

    def _release(self, attempt: Attempt) -> "BatchStatementRequestTypeDef":
        return self._statement(
            f'DELETE FROM "{self._table}" WHERE "id"=? AND "claim"=? AND "state"=?',
            attempt.id,
            # A message that was delivered twice at once may have renewed it.
            to_claim(attempt),
            AttemptState.OPEN,
        )

    def _close(self, closing: Closing) -> "BatchStatementRequestTypeDef":
        if not closing.known:
            return self._insert(closed(closing))
        end = to_end(closing)
        members = " ".join(f'SET "{name}"=?' for name in end)
        return self._statement(
            f'UPDATE "{self._table}" {members} WHERE "id"=? AND "state"=?',
            *end.values(),
            closing.attempt.id,
            AttemptState.OPEN,
        )

    def _hold(self, holding: Holding) -> "BatchStatementRequestTypeDef":
        if not holding.known:
            return self._insert(replace(holding.attempt, held=holding.held))
        return self._statement(
            f'UPDATE "{self._table}" SET "held"=? WHERE "id"=? AND "state"=?',
            to_held(holding.held),
            holding.attempt.id,
            AttemptState.OPEN,
        )

    def _statement(self, statement: str, *values: str | int) -> "BatchStatementRequestTypeDef":
        return {"Statement": statement, "Parameters": [to_value(value) for value in values]}

    def _execute(
        self, makers: "Mapping[str, Callable[[], BatchStatementRequestTypeDef]]"
    ) -> dict[str, str | RelayError]:
        """What failed, by id: the error code of a condition, or an error.

        A statement that cannot be made fails its own attempt.
        """
        failures: dict[str, str | RelayError] = {}
        statements: list[_Statement] = []
        for inference_id, make in makers.items():
            try:
                statements.append((inference_id, make()))
            except Exception as bug:
                failures[inference_id] = unexpected(bug, f"write to {self._table}")
        for batch in chunks(statements, _STATEMENTS):
            failures |= self._write(batch)
        return failures

    def _write(self, batch: "Sequence[_Statement]") -> dict[str, str | RelayError]:
        """Execute statements in one call, or in one for each if DynamoDB refuses the call for good.

        One statement that DynamoDB cannot parse or validate can be why it refuses all of them.
        """
        try:
            answer = self._dynamodb.batch_execute_statement(
                Statements=[statement for _, statement in batch]
            )
        except (ClientError, BotoCoreError) as cause:
            error = classify(cause, f"write to {self._table}")
            error.__cause__ = cause
            if isinstance(error, TransientError) or len(batch) == 1:
                return {inference_id: error for inference_id, _ in batch}
            alone = [self._write([each]) for each in batch]
            return dict(chain.from_iterable(failures.items() for failures in alone))
        failures: dict[str, str | RelayError] = {}
        for (inference_id, _), response in zip(batch, answer["Responses"], strict=True):
            if "Error" in response:
                failures[inference_id] = self._failure(
                    response["Error"].get("Code", "Unknown"),
                    response["Error"].get("Message", ""),
                )
        return failures

    def _failure(self, code: str, message: str) -> str | RelayError:
        if code in (_EXISTS, CONDITION):
            return code
        return classify_code(code, message, f"write to {self._table}")

    def _errors(
        self, doing: str, failures: Mapping[str, str | RelayError], *expected: str
    ) -> dict[str, RelayError]:
        """The failures that are errors for this operation."""
        return {
            inference_id: failure
            if isinstance(failure, RelayError)
            else TransientError(f"{doing} in {self._table}: the item has changed ({failure})")
            for inference_id, failure in failures.items()
            if failure not in expected
        }


def chunks(things: Sequence[_Thing], size: int) -> Iterator[Sequence[_Thing]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
