"""The JSON in which provision's records are stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.provision.lifecycle.record import Record

# Short: a record has about a hundred of them.
_TEXTS = st.text(max_size=3)
_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=1) | st.dictionaries(_TEXTS, inner, max_size=1),
    max_leaves=3,
)


@cache
def values(type_: Any) -> st.SearchStrategy[Any]:
    """Values of a type that have something in every field, unlike Hypothesis's own."""
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=1).map(tuple)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=1)
    if origin in (dict, Mapping):
        return st.dictionaries(_TEXTS, values(arguments[1]), max_size=1)
    if type_ is object:
        return _JSON
    if type_ is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if type_ is datetime:
        return st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0))
    if type_ is str:
        return _TEXTS
    if isinstance(type_, type) and is_dataclass(type_):
        members = {name: values(hint) for name, hint in get_type_hints(type_).items()}
        build: Callable[..., Any] = type_
        return st.builds(build, **members)
    return st.from_type(type_)


@settings(max_examples=50, deadline=None)
@given(values(Record))
def test_every_record_is_read_as_it_was_written(record: Record) -> None:
    again = from_json(Record, to_json(record))

    assert again == record
    # Equality alone does not distinguish a StrEnum from its text, or 1 from True.
    assert repr(again) == repr(record)


@dataclass(frozen=True)
class Small:
    name: str
    count: int = 3


def test_a_missing_member_has_its_default_and_an_unknown_one_is_ignored() -> None:
    assert from_json(Small, '{"name": "a", "of_tomorrow": [1]}') == Small("a", 3)


@dataclass(frozen=True)
class Odd:
    value: Small | datetime
    other: complex = 0j


@pytest.mark.parametrize("text", ['{"value": {}}', '{"other": 1, "value": null}'])
def test_a_type_that_cannot_be_stored_is_named(text: str) -> None:
    with pytest.raises(TypeError, match=r"distinguished|complex"):
        from_json(Odd, text)


def test_a_value_that_cannot_be_stored_is_named() -> None:
    with pytest.raises(TypeError, match="complex cannot be stored"):
        to_json(Odd(Small("a"), 1j))
