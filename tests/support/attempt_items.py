"""The items of the ledger table, as DynamoDB keeps them, seen as attempts."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, cast

from relay.aws.dynamodb.attempt_items import read_item, to_attempt, to_item
from relay.errors import NotUnderstood
from relay.model import Attempt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# An item by its attributes, such as {"id": {"S": "…"}}.
Item = dict[str, Any]
_READ: dict[str, Attempt] = {}
_MOST_READ = 10_000


class AttemptItems(MutableMapping[str, Attempt]):
    """Attempts by id: read from items, and written as items, by the codec of the adapter.

    Items that cannot be read are left out.
    """

    def __init__(self, table: dict[str, Item]) -> None:
        self._table = table

    def __getitem__(self, key: str) -> Attempt:
        found = read_once(self._table[key])
        return found if isinstance(found, Attempt) else to_attempt(_typed(self._table[key]))

    def __setitem__(self, key: str, attempt: Attempt) -> None:
        self._table[key] = cast(Item, to_item(attempt))

    def __delitem__(self, key: str) -> None:
        del self._table[key]

    def __iter__(self) -> Iterator[str]:
        readable = (isinstance(read_once(item), Attempt) for item in self._table.values())
        return (key for key, fine in zip(list(self._table), list(readable), strict=True) if fine)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return dict(self) == other

    def __repr__(self) -> str:
        return repr(dict(self))


def read_once(item: Item) -> Attempt | NotUnderstood:
    """As `read_item`, without reading the same content again: worlds look at all items often."""
    content = repr(item)
    if (known := _READ.get(content)) is not None:
        return known
    found = read_item(_typed(item))
    if isinstance(found, Attempt):
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        _READ[content] = found
    return found


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
