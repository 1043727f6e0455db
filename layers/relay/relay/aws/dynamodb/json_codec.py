"""Dataclasses as JSON, derived from their fields and types: how records are stored.

Every member is written. A member that is missing takes the default of its field, and a member that
no field has is ignored: so a record may be read by the version before or after the one that wrote
it, as happens when CloudFormation rolls an update of the stack back.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

_Stored = TypeVar("_Stored")
# What JSON has a type of its own for. `object` stands for any JSON value, which is kept as it is.
_JSON_TYPES = (str, int, float, bool, NoneType, object)


def to_json(value: object) -> str:
    """The JSON of a dataclass.

    Raises:
        TypeError: something in it has a type that cannot be stored.
    """
    return json.dumps(value, default=_plain)


def from_json(type_: type[_Stored], text: str) -> _Stored:
    """The counterpart of `to_json`.

    Raises:
        TypeError: a field has a type that cannot be stored.
        ValueError: the text is not the JSON of such a dataclass.
    """
    value: _Stored = _typed(type_, json.loads(text))
    return value


def _plain(value: object) -> object:
    """One level of what `json` does not know itself."""
    match value:
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case Mapping():
            return dict(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored")


# Types as values have no type of their own that says more than Any.
def _typed(type_: Any, value: Any) -> Any:
    """`value` as `type_`, one of those that `_plain` takes apart, or made of them."""
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
        types, make = get_type_hints(type_), cast(Any, type_)
        return make(**{name: _typed(types[name], value[name]) for name in types if name in value})
    if issubclass(type_, Enum):
        return type_(value)
    raise TypeError(f"{type_.__name__} cannot be stored")


def _one_of(types: tuple[Any, ...], value: Any) -> Any:
    """Of what JSON has no type for, a union has one at most: `datetime | None`, `int | float`."""
    others = [type_ for type_ in types if type_ not in _JSON_TYPES]
    if len(others) > 1:
        raise TypeError(f"{types} cannot be distinguished in JSON")
    return _typed(others[0], value) if others and value is not None else value
