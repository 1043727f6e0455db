"""The items of the ledger table, as DynamoDB keeps them, seen as attempts."""

from collections.abc import Iterator, Mapping, MutableMapping, ValuesView
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
        return iter(self._attempts())

    def _attempts(self) -> dict[str, Attempt]:
        read = {key: read_item(_typed(item)) for key, item in self._table.items()}
        return {key: attempt for key, attempt in read.items() if isinstance(attempt, Attempt)}

    def values(self) -> ValuesView[Attempt]:
        """The attempts of all items that can be read, each read once."""
        return self._attempts().values()

    def __len__(self) -> int:
        return len(self._attempts())

    def __eq__(self, other: object) -> bool:
        return self._attempts() == other

    def __repr__(self) -> str:
        return repr(self._attempts())


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
