"""The items of the ledger table, as DynamoDB keeps them, seen as attempts."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, cast

from relay.aws.dynamodb.attempt_items import read_item, to_attempt, to_item
from relay.model import Attempt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# An item by its attributes, such as {"id": {"S": "…"}}.
Item = dict[str, Any]


class AttemptItems(MutableMapping[str, Attempt]):
    """Attempts by id: read from items, and written as items, by the codec of the adapter.

    Items that cannot be read are left out.
    """

    def __init__(self, table: dict[str, Item]) -> None:
        self._table = table

    def __getitem__(self, key: str) -> Attempt:
        return to_attempt(_typed(self._table[key]))

    def __setitem__(self, key: str, attempt: Attempt) -> None:
        self._table[key] = cast(Item, to_item(attempt))

    def __delitem__(self, key: str) -> None:
        del self._table[key]

    def __iter__(self) -> Iterator[str]:
        readable = (isinstance(read_item(_typed(item)), Attempt) for item in self._table.values())
        return (key for key, fine in zip(list(self._table), list(readable), strict=True) if fine)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return dict(self) == other

    def __repr__(self) -> str:
        return repr(dict(self))


def unreadable_item(inference_id: str, **attributes: Any) -> Item:
    """An item of an open attempt whose request is not JSON; `attributes` replace its own."""
    return {
        "id": {"S": inference_id},
        "state": {"S": "OPEN"},
        "request": {"S": "not JSON"},
        "claim": {"S": "{}"},
        **attributes,
    }


def _typed(item: Item) -> "Mapping[str, AttributeValueTypeDef]":
    return cast("Mapping[str, AttributeValueTypeDef]", item)
