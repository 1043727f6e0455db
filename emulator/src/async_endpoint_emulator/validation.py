"""Checks requests against botocore's own service model, including what botocore leaves to AWS.

botocore checks types, required members and minimums only. Maximum lengths, patterns, enumerations
and ranges are in the same model; here they are enforced, with the words that AWS uses.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from async_endpoint_emulator.errors import AwsError

Document = dict[str, Any]

_WIRE_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "blob": (bytes, str),
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
}
# Java's classes. Python's `re` has no \p{L}, \p{N} and \p{Z}: \w and \s are a little wider.
_JAVA_CLASSES = {
    r"\p{ASCII}": r"\x00-\x7F",
    r"\p{Print}": r"\x20-\x7E",
    r"\p{L}": r"\w",
    r"\p{M}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": r"\s",
    # Java spells what lies beyond 16 bits as pairs of surrogates.
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
}

_PIECE = re.compile(r"\\p\{\w+\}|\\uD800\\uDC00-\\uDBFF\\uDFFF|\\.|.", re.DOTALL)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """botocore's description of one operation."""
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


def validate(operation: OperationModel, document: object, code: str) -> Document:
    """The members of `document` that the operation knows; others are dropped, as AWS does.

    Raises:
        AwsError: with `code` for a broken constraint (all of them in one message), or
            SerializationException for a value of the wrong type.
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    problems: list[str] = []
    checked = _check(shape, document, "", problems)
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise AwsError(
            code, f"{len(problems)} validation {plural} detected: " + "; ".join(problems)
        )
    result: Document = checked
    return result


def _check(shape: Shape, value: Any, path: str, problems: list[str]) -> Any:
    fits = isinstance(value, _WIRE_TYPES[shape.type_name])
    if not fits or (isinstance(value, bool) and shape.type_name != "boolean"):
        place = f" at '{path}'" if path else ""
        raise AwsError(
            "SerializationException", f"Expected a {shape.type_name}{place}, got {value!r:.80}"
        )
    if isinstance(shape, StructureShape):
        return _check_structure(shape, value, path, problems)
    _check_limits(shape, value, path, problems)
    if isinstance(shape, ListShape):
        return [
            _check(shape.member, item, f"{path}.{number}.member", problems)
            for number, item in enumerate(value, 1)
        ]
    if isinstance(shape, MapShape):
        for key in value:
            _check(shape.key, key, f"{path}.key", problems)
            _check(shape.value, value[key], f"{path}.{key}.value", problems)
    return value


def _check_structure(shape: StructureShape, value: Any, path: str, problems: list[str]) -> Document:
    result: Document = {}
    for name, member in shape.members.items():
        member_path = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        item: Any = value.get(name)
        if item is None:
            if name in shape.required_members:
                problems.append(
                    f"Value null at '{member_path}' failed to satisfy constraint: "
                    "Member must not be null"
                )
            continue
        result[name] = _check(member, item, member_path, problems)
    return result


def _check_limits(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    limits = shape.metadata
    sensitive = limits.get("sensitive", False)
    is_number = isinstance(value, int | float)
    measured = value if is_number else len(value)
    measure = "value" if is_number else "length"
    broken: list[str] = []
    if "min" in limits and measured < limits["min"]:
        broken.append(f"Member must have {measure} greater than or equal to {limits['min']}")
    if "max" in limits and measured > limits["max"]:
        broken.append(f"Member must have {measure} less than or equal to {limits['max']}")
    elif isinstance(value, str) and "pattern" in limits and not _matches(limits["pattern"], value):
        broken.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    if limits.get("enum") and value not in limits["enum"]:
        broken.append(f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]")
    shown = "at" if sensitive or isinstance(value, bytes | list | dict) else f"'{value}' at"
    problems.extend(f"Value {shown} '{path}' failed to satisfy constraint: {b}" for b in broken)


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    inside = False  # a bracket expression
    translated: list[str] = []
    for piece in _PIECE.findall(pattern):
        if piece in _JAVA_CLASSES:
            content = _JAVA_CLASSES[piece]
            translated.append(content if inside else f"[{content}]")
            continue
        if piece in "[]":
            inside = piece == "["
        translated.append(r"\Z" if piece == r"\z" else piece)
    return re.compile("".join(translated))


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
