"""Dataclasses as JSON, derived from their fields and types: how records are stored.

Every member is written. A member that is missing takes the default of its field, and a member that
no field has is ignored: so a record may be read by the version before or after the one that wrote
it, as happens when CloudFormation rolls an update of the stack back.

Long texts, such as the environment of a container, occur in several members. Each is written once,
in the member `texts` by its digest, and its places refer to it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

_Stored = TypeVar("_Stored")
# Characters from which on a text is written once.
_LONG = 2_000
# What JSON has a type of its own for. `object` stands for any JSON value, which is kept as it is.
_JSON_TYPES = (str, int, float, bool, NoneType, object)


def to_json(value: object) -> str:
    """The JSON of a dataclass.

    Raises:
        TypeError: something in it has a type that cannot be stored.
    """
    texts: dict[str, str] = {}
    document = _document(value, texts)
    return json.dumps({**document, "texts": texts} if texts else document)


def from_json(type_: type[_Stored], text: str) -> _Stored:
    """The counterpart of `to_json`.

    Raises:
        TypeError: a field has a type that cannot be stored.
        ValueError: the text is not the JSON of such a dataclass.
    """
    document = json.loads(text)
    if isinstance(document, dict) and "texts" in document:
        document = _restored(document, document["texts"])
    value: _Stored = _typed(type_, document)
    return value


def _restored(value: object, texts: Mapping[str, str]) -> object:
    """The value with the long texts in the places that refer to them."""
    match value:
        case {"sha256": str(digest), **others} if not others and digest in texts:
            return texts[digest]
        case dict():
            return {name: _restored(member, texts) for name, member in value.items()}
        case list():
            return [_restored(member, texts) for member in value]
    return value


def _document(value: object, texts: dict[str, str]) -> Any:
    """The value as JSON's types. Each long text goes into `texts`, and its place refers to it."""
    match value:
        case Enum():
            return value.value
        case str() if len(value) >= _LONG:
            digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
            texts[digest] = value
            return {"sha256": digest}
        case str() | int() | float() | None:
            return value
        case datetime():
            return value.isoformat()
        case Mapping():
            return {name: _document(member, texts) for name, member in value.items()}
        case list() | tuple():
            return [_document(member, texts) for member in value]
    if is_dataclass(value):
        return {field.name: _document(getattr(value, field.name), texts) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored")


# Types as values have no type of their own that says more than Any.
def _typed(type_: Any, value: Any) -> Any:
    """`value` as `type_`, one of those that `_document` takes apart, or made of them."""
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (Union, UnionType):
        return _one_of(arguments, value)
    if origin is tuple:
        return tuple(_typed(arguments[0], member) for member in value)
    if origin is list:
        return [_typed(arguments[0], member) for member in value]
    if origin in (dict, Mapping):
        return {name: _typed(arguments[1], member) for name, member in value.items()}
    if type_ in _JSON_TYPES or origin is Literal:
        return value
    if type_ is datetime:
        return datetime.fromisoformat(value)
    if is_dataclass(type_):
        types, make = _members(cast(Any, type_)), cast(Any, type_)
        return make(**{name: _typed(types[name], value[name]) for name in types if name in value})
    if issubclass(type_, Enum):
        return type_(value)
    raise TypeError(f"{type_.__name__} cannot be stored")


@cache
def _members(type_: type) -> dict[str, Any]:
    """The types of a dataclass's members, which take long to find."""
    return get_type_hints(type_)


def _one_of(types: tuple[Any, ...], value: Any) -> Any:
    """Of what JSON has no type for, a union has one at most: `datetime | None`, `int | float`."""
    others = [type_ for type_ in types if type_ not in _JSON_TYPES]
    if len(others) > 1:
        raise TypeError(f"{types} cannot be distinguished in JSON")
    return _typed(others[0], value) if others and value is not None else value
