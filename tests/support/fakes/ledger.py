"""The ledger in memory. It passes the same contract as the adapter."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from relay.aws.dynamodb.attempt_items import (
    closed,
    is_attempt_id,
    to_claim,
    to_end,
    to_held,
    to_item,
    to_value,
)
from relay.delivery.isolation import unexpected
from relay.errors import RelayError, TransientError
from relay.model import Attempt, AttemptState, Closing, Holding
from relay.ports import Claims

from tests.support.attempt_items import AttemptItems, Item, read_once
from tests.support.fakes.ports import Faults

_Item = TypeVar("_Item")


class FakeLedger:
    """The table, in memory, with the conditions of the real one.

    `table` has the items as DynamoDB keeps them; `items` are their attempts, and writes them with
    the codec of the adapter. Nothing expires. `unread` are ids that it does not read, as DynamoDB
    leaves keys unprocessed.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.table: dict[str, Item] = {}
        self.unread: set[str] = set()
        self._faults = faults or Faults()

    @property
    def items(self) -> AttemptItems:
        return AttemptItems(self.table)

    @property
    def states(self) -> dict[str, AttemptState]:
        """How every attempt stands, by id."""
        return {key: AttemptState(item["state"]["S"]) for key, item in self.table.items()}

    def claim(self, attempts: Sequence[Attempt]) -> Claims:
        existing: dict[str, Attempt] = {}

        def insert(attempt: Attempt) -> None:
            if attempt.id not in self.table:
                self._insert(attempt)
                return
            item = self._read(attempt.id)
            if isinstance(item, RelayError):
                raise item
            existing[attempt.id] = item

        unavailable = self._each("ledger.claim", _by_id(attempts), insert)
        known = {key: attempt for key, attempt in existing.items() if key not in unavailable}
        return Claims(known, unavailable)

    def renew(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        def update(attempt: Attempt) -> None:
            if not self._is_open(attempt.id):
                raise TransientError("it changed meanwhile")
            claim = ("claim", "due_shard", "due", "expires")
            renewed = to_item(attempt)
            self.table[attempt.id] |= {name: renewed[name] for name in claim if name in renewed}

        return self._each("ledger.renew", _by_id(attempts), update)

    def release(self, attempts: Sequence[Attempt]) -> Mapping[str, RelayError]:
        def delete(attempt: Attempt) -> None:
            claim = to_value(to_claim(attempt))
            if self._is_open(attempt.id) and self.table[attempt.id]["claim"] == claim:
                del self.table[attempt.id]

        return self._each("ledger.release", _by_id(attempts), delete)

    def look_up(self, ids: Collection[str]) -> Mapping[str, Attempt | RelayError]:
        found: dict[str, Attempt | RelayError] = {}

        def read(key: str) -> None:
            if key in self.unread or key in self.table:
                found[key] = self._read(key)

        keys = {key: key for key in ids if is_attempt_id(key)}
        return found | self._each("ledger.look_up", keys, read)

    def close(self, closings: Sequence[Closing]) -> Mapping[str, RelayError]:
        def end(closing: Closing) -> None:
            attempt = closing.attempt
            if closing.known and self._is_open(attempt.id):
                ended = {name: to_value(value) for name, value in to_end(closing).items()}
                self.table[attempt.id] |= ended
            elif not closing.known and attempt.id not in self.table:
                self._insert(closed(closing))

        by_id = {closing.attempt.id: closing for closing in closings}
        assert len(by_id) == len(closings), "DynamoDB refuses a batch that names an item twice"
        return self._each("ledger.close", by_id, end)

    def hold(self, holdings: Sequence[Holding]) -> Mapping[str, RelayError]:
        def remember(holding: Holding) -> None:
            attempt = holding.attempt
            if holding.known and self._is_open(attempt.id):
                self.table[attempt.id]["held"] = to_value(to_held(holding.held))
            elif not holding.known and attempt.id not in self.table:
                self._insert(replace(attempt, held=holding.held))

        by_id = {holding.attempt.id: holding for holding in holdings}
        assert len(by_id) == len(holdings), "DynamoDB refuses a batch that names an item twice"
        return self._each("ledger.hold", by_id, remember)

    def _read(self, key: str) -> Attempt | RelayError:
        if key in self.unread:
            return TransientError(f"the key {key} is left unprocessed")
        return read_once(self.table[key])

    def _is_open(self, key: str) -> bool:
        return key in self.table and self.table[key]["state"]["S"] == AttemptState.OPEN

    def _insert(self, attempt: Attempt) -> None:
        try:
            self.items[attempt.id] = attempt
        except ValueError as error:
            raise unexpected(error) from error

    def _each(
        self, step: str, items: Mapping[str, _Item], act: Callable[[_Item], None]
    ) -> dict[str, RelayError]:
        """Acts on every item and answers what failed, by id."""
        if items and (error := self._faults.hang(step)):
            return dict.fromkeys(items, error)
        failures: dict[str, RelayError] = {}
        for key, item in items.items():
            try:
                with self._faults.step(step):
                    self._faults.perform(partial(act, item))
            except RelayError as error:
                failures[key] = error
        return failures


def _by_id(attempts: Sequence[Attempt]) -> dict[str, Attempt]:
    by_id = {attempt.id: attempt for attempt in attempts}
    assert len(by_id) == len(attempts), "DynamoDB refuses a batch that names an item twice"
    return by_id
