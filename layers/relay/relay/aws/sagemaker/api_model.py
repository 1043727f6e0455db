"""Checks a request against botocore's description of SageMaker's API, before it is sent.

botocore itself checks types, required members and minimums; longest texts, patterns, enumerations,
ranges and unknown members are described in the same file and left to the service, which refuses
them one by one, in its own words, or drops what it does not know.

The layer must therefore keep `botocore/data/sagemaker/*/service-2.json`: everything in it but the
documentation is read here.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Final

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from relay.provision.specification.api_requests import Flaw, Request
from relay.reading import SURROGATE

# What a JSON document may hold for each of the API's types, and its name.
_TYPES: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "string": ((str,), "a string"),
    "integer": ((int,), "a whole number"),
    "long": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "double": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "structure": ((dict,), "a JSON object"),
    "map": ((dict,), "a JSON object"),
    "list": ((list,), "a list"),
}
# Java's character classes, which Python's `re` does not have. \w holds all letters and numbers.
_CLASSES: Final = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
# Values that may be secrets though the model does not say so.
_SECRETS: Final = frozenset({"EnvironmentValue", "RepositoryCredentialsProviderArn"})
_LONGEST_SHOWN: Final = 60
_MOST_SHOWN: Final = 12


def flaws(service: ServiceModel, operation: str, request: Request) -> Iterator[Flaw]:
    """Everything in the request that the API's model forbids."""
    shape = service.operation_model(operation).input_shape
    if shape is not None:
        yield from _flaws(shape, request, "")


def _flaws(shape: Shape, value: object, path: str) -> Iterator[Flaw]:
    types, name = _TYPES[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        yield Flaw(path, f"must be {name}{_shown(shape, value)}")
    elif isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _of_structure(shape, value, path)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from _of_size(shape, len(value), path, "entries")
        for key, member in value.items():
            yield from _flaws(shape.key, key, f"{path}.{key[:_LONGEST_SHOWN]}")
            yield from _flaws(shape.value, member, f"{path}.{key[:_LONGEST_SHOWN]}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _of_size(shape, len(value), path, "entries")
        for index, member in enumerate(value):
            yield from _flaws(shape.member, member, f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _of_text(shape, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _of_number(shape, value, path)


def _of_structure(shape: StructureShape, value: Request, path: str) -> Iterator[Flaw]:
    inside = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield Flaw(f"{inside}{name}", "is missing")
    for name, member in value.items():
        known = shape.members.get(name)
        if known is not None:
            if member is not None or name not in shape.required_members:
                yield from _flaws(known, member, f"{inside}{name}")
        else:
            nearest = get_close_matches(name, shape.members, 1)
            meant = f"; did you mean {nearest[0]}?" if nearest else ""
            yield Flaw(f"{inside}{name[:_LONGEST_SHOWN]}", f"is not known to SageMaker{meant}")


def _of_text(shape: Shape, value: str, path: str) -> Iterator[Flaw]:
    limits = shape.metadata
    if SURROGATE.search(value):
        yield Flaw(path, "holds half a character (a lone surrogate)")
        return
    allowed: list[str] = limits.get("enum", [])
    if allowed and value not in allowed:
        yield Flaw(path, f"must be {_one_of(value, allowed)}{_shown(shape, value)}")
        return
    yield from _of_size(shape, len(value), path, "characters")
    pattern = limits.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield Flaw(path, f"must match the pattern {pattern}{_shown(shape, value)}")


def _of_number(shape: Shape, value: float, path: str) -> Iterator[Flaw]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        span = f"from {low} to {high}" if high is not None else f"at least {low}"
        yield Flaw(path, f"must be {span}{_shown(shape, value)}")


def _of_size(shape: Shape, size: int, path: str, unit: str) -> Iterator[Flaw]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    if size < low or (high is not None and size > high):
        span = f"from {low} to {high}" if high is not None else f"at least {low}"
        yield Flaw(path, f"must have {span} {unit}, not {size}")


def _one_of(value: str, allowed: list[str]) -> str:
    if len(allowed) <= _MOST_SHOWN:
        return f"one of {', '.join(allowed)}"
    nearest = get_close_matches(value, allowed, 5, 0.5)
    like = f" (such as {', '.join(nearest)})" if nearest else ""
    return f"one of the {len(allowed)} that the relay's SDK knows{like}"


def _shown(shape: Shape, value: object) -> str:
    if shape.name in _SECRETS or shape.metadata.get("sensitive") or isinstance(value, dict | list):
        return ""
    text = ascii(value)
    return f", not {text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '…'}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
