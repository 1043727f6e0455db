"""Where the members of a request are, and requests with one of them changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.support.emulator.conformance.operations import Operation
from tests.support.emulator.conformance.samples import text

Document = dict[str, Any]
ABSENT = object()
_NUMBERS = ("integer", "long", "float", "double")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a request, or of a structure in it. `path` is as in AWS's messages; `put` makes a
    valid request with this value in its place."""

    shape: Shape
    path: str
    required: bool
    put: Callable[[Any], Document]


def members(operation: Operation) -> Iterator[Member]:
    """All members of the operation's input, at every depth."""
    shape = operation.model.input_shape
    if shape is not None:
        yield from _members(shape, "", lambda document: document, frozenset())


def example(shape: Shape) -> Any:
    """The smallest value that the shape accepts."""
    match shape:
        case StructureShape():
            return {name: example(shape.members[name]) for name in shape.required_members}
        case ListShape():
            return [example(shape.member)] * max(1, shape.metadata.get("min", 0))
        case MapShape():
            return {example(shape.key): example(shape.value)}
    if shape.type_name == "string":
        return shape.metadata["enum"][0] if shape.metadata.get("enum") else text(shape)
    values = {"boolean": True, "timestamp": 1_700_000_000, "blob": b"x"}
    return values.get(shape.type_name, max(1, shape.metadata.get("min", 1)))


def is_number(shape: Shape) -> bool:
    return shape.type_name in _NUMBERS


def _members(
    structure: StructureShape,
    path: str,
    within: Callable[[Document], Document],
    above: frozenset[str],
) -> Iterator[Member]:
    for name, shape in structure.members.items():
        here = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        put = _putting(structure, name, within)
        yield Member(shape, here, name in structure.required_members, put)
        yield from _below(shape, here, put, above | {structure.name})


def _below(
    shape: Shape, path: str, put: Callable[[Any], Document], above: frozenset[str]
) -> Iterator[Member]:
    if shape.name in above:
        return
    if isinstance(shape, StructureShape):
        yield from _members(shape, path, put, above)
    elif isinstance(shape, ListShape):
        yield from _below(
            shape.member, f"{path}.1.member", lambda item: put([item]), above | {shape.name}
        )


def _putting(
    structure: StructureShape, name: str, within: Callable[[Document], Document]
) -> Callable[[Any], Document]:
    def put(value: Any) -> Document:
        document = {**example(structure), name: value}
        if value is ABSENT:
            del document[name]
        return within(document)

    return put


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
