"""Intrinsic functions as they are written in a template."""

from collections.abc import Iterator
from typing import Any


def references(value: Any) -> Iterator[str]:
    """The names in every Ref, Fn::GetAtt and Fn::Sub, parameters included."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from _substituted(text)
        case {"Fn::Sub": [str(text), dict(given)]}:
            yield from (each for each in _substituted(text) if each not in given)
            yield from references(given)
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


def _substituted(text: str) -> Iterator[str]:
    for part in text.split("${")[1:]:
        name = part.partition("}")[0]
        if not name.startswith("!"):
            yield name.partition(".")[0]


def constants(value: Any) -> Iterator[int]:
    """The `id` of every list and mapping below, and of the value, that has no function in it."""
    if isinstance(value, (dict, list)):
        members = list(value.values() if isinstance(value, dict) else value)
        below = set[int]()
        for each in members:
            below.update(constants(each))
        yield from below
        nested = [each for each in members if isinstance(each, (dict, list))]
        if not _is_function(value) and all(id(each) in below for each in nested):
            yield id(value)


def _is_function(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) == 1
        and str(next(iter(value))).startswith(("Fn::", "Ref"))
    )


def leaves(value: Any) -> Iterator[Any]:
    """The value once for each of its leaves, holding that one alone; both sides of every Fn::If."""
    match value:
        case {"Fn::If": [_, then, otherwise]}:
            yield from leaves(then)
            yield from leaves(otherwise)
        case {"Ref": "AWS::NoValue"}:
            return
        case dict() if _is_function(value):
            yield value
        case dict():
            for key, each in value.items():
                yield from ({key: leaf} for leaf in leaves(each))
        case list():
            for each in value:
                yield from ([leaf] for leaf in leaves(each))
        case _:
            yield value
