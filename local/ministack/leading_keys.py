"""The condition key dynamodb:LeadingKeys: the partition keys that a call names.

It has the keys of all statements or items of a call together, so a call whose parts need different
permissions is refused more often than by DynamoDB, and never less often.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import dynamodb

_EQUALITY = re.compile(r"(#?\w+)\s*=\s*(:\w+)")
# The members of a part of a transaction or of a batch.
_ITEMS = ("Put", "Update", "Delete", "Get", "ConditionCheck", "PutRequest", "DeleteRequest")

_Request = Mapping[str, Any]


def leading_keys(request: _Request) -> list[str] | None:
    """The keys, sorted; None for a call that names none, or a part of which names none."""
    try:
        keys = sorted(set(_keys(request)))
    except (KeyError, TypeError, ValueError, AttributeError):
        # No key that is known. An absent key is refused where the policy asks for one.
        return None
    return keys or None


def _keys(request: _Request) -> Iterator[str]:
    for statement in _statements(request):
        yield _of_statement(statement)
    for table, part in _batched(request):
        yield _of_item(table, part)
    if "Key" in request or "Item" in request:
        yield _of_item(request["TableName"], request.get("Key") or request["Item"])
    if "KeyConditionExpression" in request:
        yield _of_query(request)


def _statements(request: _Request) -> Iterator[_Request]:
    if isinstance(request.get("Statement"), str):
        yield request
    yield from request.get("Statements", [])
    yield from request.get("TransactStatements", [])


def _batched(request: _Request) -> Iterator[tuple[str, _Request]]:
    for table, asked in request.get("RequestItems", {}).items():
        if isinstance(asked, dict):
            yield from ((table, key) for key in asked["Keys"])
            continue
        for part in asked:
            yield from ((table, each.get("Item") or each["Key"]) for each in _members(part))
    for part in request.get("TransactItems", []):
        for each in _members(part):
            yield each["TableName"], each.get("Item") or each["Key"]


def _members(part: _Request) -> Iterator[_Request]:
    return (part[name] for name in _ITEMS if name in part)


def _of_statement(statement: _Request) -> str:
    parsed = dynamodb._parse_partiql(statement["Statement"], statement.get("Parameters", []))
    if parsed["op"] == "INSERT":
        item = parsed["item"]
        return _of_item(parsed["table"], item.get("M", item))
    name = _partition_key(parsed["table"])
    (value,) = (value for key, sign, value in parsed["conditions"] if (key, sign) == (name, "="))
    return _text(value)


def _of_query(request: _Request) -> str:
    """The partition key of the table or the index that is queried."""
    name = _partition_key(request["TableName"], request.get("IndexName"))
    names = request.get("ExpressionAttributeNames", {})
    (value,) = (
        value
        for key, value in _EQUALITY.findall(request["KeyConditionExpression"])
        if names.get(key, key) == name
    )
    return _text(request["ExpressionAttributeValues"][value])


def _of_item(table: str, item: _Request) -> str:
    return _text(item[_partition_key(table)])


def _partition_key(table_name: str, index: str | None = None) -> str:
    table = dynamodb._tables[table_name.rpartition("/")[2]]  # an ARN or a name
    if index is None:
        return str(table["pk_name"])
    return str(dynamodb._resolve_index_keys(table, index)[0])


def _text(value: Mapping[str, object]) -> str:
    (text,) = value.values()
    return str(text)
