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
_COMPOUND = ("structure", "list", "map")
_NOT_NULL = "Member must not be null"
_NUMBERS = ("integer", "long", "float", "double")
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
    _require_type(shape, value, path)
    if isinstance(shape, StructureShape):
        return _check_structure(shape, value, path, problems)
    problems.extend(_problem(shape, value, path, broken) for broken in _broken(shape, value))
    if isinstance(shape, ListShape):
        return _check_list(shape, value, path, problems)
    if isinstance(shape, MapShape):
        _check_map(shape, value, path, problems)
    return value


def _check_list(shape: ListShape, items: list[Any], path: str, problems: list[str]) -> list[Any]:
    if shape.member.type_name in _COMPOUND:
        return [
            _check_item(shape.member, item, f"{path}.{number}.member", problems)
            for number, item in enumerate(items, 1)
        ]
    texts = [item for item in items if item is not None]
    for item in texts:
        _require_type(shape.member, item, f"{path}.member")
    null = [_NOT_NULL] if len(texts) < len(items) else []
    if null or any(_broken(shape.member, item) for item in texts):
        rule = f"Member must satisfy constraint: [{', '.join(_constraints(shape.member) + null)}]"
        problems.append(_problem(shape, items, path, rule))
    return items


def _check_item(shape: Shape, item: Any, path: str, problems: list[str]) -> Any:
    if item is None:
        problems.append(_null(path))
        return None
    return _check(shape, item, path, problems)


def _null(path: str) -> str:
    return f"Value null at '{path}' failed to satisfy constraint: {_NOT_NULL}"


def _check_map(shape: MapShape, entries: Document, path: str, problems: list[str]) -> None:
    for words, part, items in (
        ("Map keys", shape.key, entries.keys()),
        ("Map value", shape.value, entries.values()),
    ):
        for item in items:
            _require_type(part, item, f"{path}.{part.name}")
        if any(_broken(part, item) for item in items):
            rule = f"{words} must satisfy constraint: [{', '.join(_constraints(part))}]"
            problems.append(_problem(shape, entries, path, rule))


def _check_structure(shape: StructureShape, value: Any, path: str, problems: list[str]) -> Document:
    result: Document = {}
    for name, member in shape.members.items():
        member_path = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        item: Any = value.get(name)
        if item is None:
            if name in shape.required_members:
                problems.append(_null(member_path))
            continue
        result[name] = _check(member, item, member_path, problems)
    return result


def _require_type(shape: Shape, value: Any, path: str) -> None:
    fits = isinstance(value, _WIRE_TYPES[shape.type_name])
    if not fits or (isinstance(value, bool) and shape.type_name != "boolean"):
        place = f" at '{path}'" if path else ""
        raise AwsError(
            "SerializationException", f"Expected a {shape.type_name}{place}, got {value!r:.80}"
        )


def _broken(shape: Shape, value: Any) -> list[str]:
    """The constraints that the value breaks, in the order in which SageMaker names them.

    As recorded: https://github.com/zenml-io/zenml/issues/1502
    """
    return [
        words
        for name, words in reversed(_named_constraints(shape))
        if not _holds(shape, name, value)
    ]


def _constraints(shape: Shape) -> list[str]:
    """All constraints of what a list or a map contains: its message names those that hold, too."""
    return [words for _, words in _named_constraints(shape)]


def _named_constraints(shape: Shape) -> list[tuple[str, str]]:
    limits = shape.metadata
    measure = "value" if shape.type_name in _NUMBERS else "length"
    enum = limits.get("enum") or ()
    words = {
        "max": f"Member must have {measure} less than or equal to {limits.get('max')}",
        "min": f"Member must have {measure} greater than or equal to {limits.get('min')}",
        "pattern": f"Member must satisfy regular expression pattern: {limits.get('pattern')}",
        "enum": f"Member must satisfy enum value set: [{', '.join(enum)}]",
    }
    return [(name, text) for name, text in words.items() if limits.get(name) is not None]


def _holds(shape: Shape, name: str, value: Any) -> bool:
    limit: Any = shape.metadata[name]
    match name:
        case "max":
            return _measure(shape, value) <= float(limit)
        case "min":
            return _measure(shape, value) >= float(limit)
        case "pattern":
            return _compiled(limit).fullmatch(value) is not None
    return any(value == each for each in limit)


def _measure(shape: Shape, value: Any) -> float:
    return float(value) if shape.type_name in _NUMBERS else len(value)


def _problem(shape: Shape, value: Any, path: str, broken: str) -> str:
    """Sensitive and binary values are not repeated, and neither are lists of structures."""
    text = f"'{value}' "
    if isinstance(value, dict):
        text = f"'{{{', '.join(f'{key}={item}' for key, item in value.items())}}}' "
    elif isinstance(shape, ListShape):
        compound = shape.member.type_name in _COMPOUND
        text = "" if compound else f"'[{', '.join(_shown(item) for item in value)}]' "
    if shape.metadata.get("sensitive") or isinstance(value, bytes):
        text = ""
    return f"Value {text}at '{path}' failed to satisfy constraint: {broken}"


def _shown(item: Any) -> str:
    return "null" if item is None else str(item)


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
