"""The items of one table, written one after the other."""

from typing import Any, Final

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.errors import Refused
from tests.support.aws_fake.expressions import Expression, Item

_CONDITION: Final = "The conditional request failed"


class Tables:
    """GetItem, PutItem, UpdateItem and DeleteItem.

    A read that is not consistent gives the item before its last write: nothing may rely on one.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self._before: dict[str, Item] = {}
        self.there = True

    @property
    def operations(self) -> dict[str, Operation]:
        return {
            "get_item": self._get_item,
            "put_item": self._put_item,
            "update_item": self._update_item,
            "delete_item": self._delete_item,
        }

    def remove(self) -> None:
        """Delete the table with its stack."""
        self.items, self._before, self.there = {}, {}, False

    def _get_item(self, *, Key: Item, ConsistentRead: bool = False, **_: Any) -> Document:
        self._require_table()
        item = (self.items if ConsistentRead else self._before).get(_id(Key))
        return {} if item is None else {"Item": dict(item)}

    def _put_item(self, *, Item: Item, **request: Any) -> Document:
        return self._write(_id(Item), dict(Item), request)

    def _delete_item(self, *, Key: Item, **request: Any) -> Document:
        return self._write(_id(Key), None, request)

    def _update_item(self, *, Key: Item, UpdateExpression: str, **request: Any) -> Document:
        item = self.items.get(_id(Key), dict(Key))
        changed = _expression(UpdateExpression, item, request).updated()
        return self._write(_id(Key), changed, request)

    def _write(self, key: str, item: Item | None, request: Document) -> Document:
        self._require_table()
        stored = self.items.get(key)
        condition = request.get("ConditionExpression")
        if condition and not _expression(condition, stored or {}, request).holds():
            raise Refused("ConditionalCheckFailedException", _CONDITION)
        if stored is None:
            self._before.pop(key, None)
        else:
            self._before[key] = stored
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item
        match request.get("ReturnValues"):
            case "ALL_NEW":
                return {"Attributes": dict(item or {})}
            case "ALL_OLD":
                return {"Attributes": dict(stored)} if stored else {}
        return {}

    def _require_table(self) -> None:
        if not self.there:
            raise Refused("ResourceNotFoundException", "Requested resource not found")


def _id(key: Item) -> str:
    return str(key["id"]["S"])


def _expression(text: str, item: Item, request: Document) -> Expression:
    return Expression(
        text,
        item,
        request.get("ExpressionAttributeNames", {}),
        request.get("ExpressionAttributeValues", {}),
    )
