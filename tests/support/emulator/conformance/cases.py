"""What the service model says about each member, as requests with the response to expect."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.support.emulator.conformance.members import (
    ABSENT,
    Document,
    Member,
    example,
    is_number,
    members,
)
from tests.support.emulator.conformance.operations import RUNTIME, Operation
from tests.support.emulator.conformance.samples import fits, lengths, pattern_of, text

_MANY = 1_000
_NOT_NULL = "Member must not be null"


@dataclass(frozen=True, slots=True)
class Case:
    """`kind` and `path` name it. `code` and `message` are those of the refusal; None: accepted, as
    far as the model decides."""

    operation: Operation
    kind: str
    path: str
    document: Document
    code: str | None = None
    message: str | None = None


def cases(operation: Operation) -> Iterator[Case]:
    """All cases of an operation, at every depth of its input."""
    shape = operation.model.input_shape
    assert shape is not None
    yield Case(operation, "valid", "", example(shape))
    yield Case(operation, "unknown member", "", {**example(shape), "Colour": "blue"})
    for member in members(operation):
        for kind, value, broken in _values(member):
            yield _case(operation, member, kind, value, broken)
        if operation.service != RUNTIME:
            yield from _of_json(operation, member)


def _case(operation: Operation, member: Member, kind: str, value: Any, broken: list[str]) -> Case:
    document = member.put(value)
    if not broken:
        return Case(operation, kind, member.path, document)
    shown = _shown(member.shape, value)
    problems = [
        f"Value {shown}at '{member.path}' failed to satisfy constraint: {each}" for each in broken
    ]
    errors = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
    message = f"{errors} detected: {'; '.join(problems)}"
    return Case(operation, kind, member.path, document, operation.refusal, message)


def _of_json(operation: Operation, member: Member) -> Iterator[Case]:
    """What a document of JSON can have in the place of a member."""
    broken = [_NOT_NULL] if member.required else []
    yield _case(operation, member, "null", None, broken)
    if member.required:
        yield _case(operation, member, "missing", ABSENT, broken)
    wrong: Any = {"not": "this"} if not isinstance(member.shape, StructureShape | MapShape) else 7
    document = member.put(wrong)
    yield Case(operation, "type", member.path, document, "SerializationException")
    if isinstance(member.shape, StructureShape):
        more = member.put({**example(member.shape), "Colour": "blue"})
        yield Case(operation, "unknown member", member.path, more)


def _values(member: Member) -> Iterator[tuple[str, Any, list[str]]]:
    """Values with the constraints that each breaks, in the order of SageMaker's messages."""
    shape = member.shape
    match shape:
        case ListShape():
            yield from _lists(shape)
        case MapShape():
            yield from _maps(shape)
        case _ if shape.type_name == "string":
            yield from _texts(shape)
        case _ if is_number(shape):
            yield from _numbers(shape)
        case _ if shape.type_name == "boolean":
            yield from (("boolean", value, []) for value in (True, False))
        case _ if shape.type_name == "blob":
            most = shape.metadata["max"]
            yield "longest", b"x" * most, []
            yield "too long", b"x" * (most + 1), [_at_most("length", most)]


def _texts(shape: Shape) -> Iterator[tuple[str, Any, list[str]]]:
    limits, enum = shape.metadata, shape.metadata.get("enum")
    if enum:
        yield from (("enumeration", value, []) for value in enum)
        yield "enumeration", "Colour", [f"Member must satisfy enum value set: [{', '.join(enum)}]"]
        return
    yield from (("length", text(shape, length), []) for length in lengths(shape))
    pattern = [f"Member must satisfy regular expression pattern: {limits.get('pattern')}"]
    if (bad := pattern_of(shape).bad) is not None and len(bad) >= limits.get("min", 0):
        yield "pattern", bad, pattern
    for kind, length, words in _beyond(limits, "length"):
        given = text(shape, length)
        yield kind, given, ([] if fits(shape, given) else pattern) + [words]


def _numbers(shape: Shape) -> Iterator[tuple[str, Any, list[str]]]:
    limits = shape.metadata
    yield from (("range", limits[name], []) for name in ("min", "max") if name in limits)
    for kind, number, words in _beyond(limits, "value"):
        yield kind, number, [words]


def _lists(shape: ListShape) -> Iterator[tuple[str, Any, list[str]]]:
    limits, item = shape.metadata, example(shape.member)
    yield from _sizes(limits, lambda size: [item] * size)
    if isinstance(shape.member, StructureShape | ListShape | MapShape):
        return
    rules = _rules(shape.member)
    for kind, value, broken in _scalars(shape.member):
        whole = [f"Member must satisfy constraint: [{', '.join(rules)}]"] if broken else []
        yield f"item: {kind}", [value] * max(1, limits.get("min", 0)), whole
    null = f"Member must satisfy constraint: [{', '.join([*rules, _NOT_NULL])}]"
    yield "item: null", [None] * max(1, limits.get("min", 0)), [null]


def _maps(shape: MapShape) -> Iterator[tuple[str, Any, list[str]]]:
    key, value = example(shape.key), example(shape.value)
    yield from _sizes(shape.metadata, lambda size: {f"{key}{n}": value for n in range(size)})
    for name, part in (("keys", shape.key), ("value", shape.value)):
        for kind, given, broken in _scalars(part):
            whole = f"Map {name} must satisfy constraint: [{', '.join(_rules(part))}]"
            entry = {given: value} if name == "keys" else {key: given}
            yield f"{name}: {kind}", entry, [whole] if broken else []


def _scalars(shape: Shape) -> Iterator[tuple[str, Any, list[str]]]:
    yield from _numbers(shape) if is_number(shape) else _texts(shape)


def _sizes(limits: Any, make: Any) -> Iterator[tuple[str, Any, list[str]]]:
    for name in ("min", "max"):
        if 0 < limits.get(name, 0) <= _MANY:
            yield "size", make(limits[name]), []
    for kind, size, words in _beyond(limits, "length"):
        if size <= _MANY:
            yield kind, make(size), [words]


def _beyond(limits: Any, measure: str) -> Iterator[tuple[str, Any, str]]:
    least, most = limits.get("min"), limits.get("max")
    if least is not None and (measure == "value" or least > 0):
        words = f"Member must have {measure} greater than or equal to {least}"
        yield "too small", least - 1, words
    if most is not None:
        yield "too large", most + 1, _at_most(measure, most)


def _at_most(measure: str, most: Any) -> str:
    return f"Member must have {measure} less than or equal to {most}"


def _rules(shape: Shape) -> list[str]:
    """Every constraint of what a list or a map contains."""
    limits = shape.metadata
    measure = "value" if is_number(shape) else "length"
    rules = [_at_most(measure, limits["max"])] if "max" in limits else []
    if "min" in limits:
        rules.append(f"Member must have {measure} greater than or equal to {limits['min']}")
    if "pattern" in limits:
        rules.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    if limits.get("enum"):
        rules.append(f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]")
    return rules


def _shown(shape: Shape, value: Any) -> str:
    if value is None or value is ABSENT:
        return "null "
    if shape.metadata.get("sensitive") or isinstance(value, bytes):
        return ""
    match shape:
        case ListShape() if isinstance(shape.member, StructureShape):
            return ""
        case ListShape():
            return f"'[{', '.join('null' if each is None else str(each) for each in value)}]' "
        case MapShape():
            return f"'{{{', '.join(f'{key}={each}' for key, each in value.items())}}}' "
    return f"'{value}' "
