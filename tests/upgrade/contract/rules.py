"""What breaks a consumer: a JSON Schema of what the relay produces, compared with an earlier one.

A consumer was written for the earlier schema. A change is safe for it if each document that the
later schema describes is one that the earlier schema describes too, and if each member that the
earlier schema names is still there to be named. A member that is added is safe, because consumers
ignore members that they do not know.

Keywords that the rules do not compare may be added, which only narrows what is produced. They may
not be changed or removed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

# The mark of an enum that gets further values within a version. Consumers read this in docs/.
OPEN: Final = "x-further-values"

_ABOUT: Final = {
    *("$schema", "$id", "$comment", "$defs", "$ref", "title", "description", "examples"),
    *("default", "deprecated", OPEN),
}
# Less of the one, or more of the other, is a wider range. Without them there is no limit.
_AT_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AT_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")
_INSIDE: Final = ("items", "then", "else")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Break:
    """A change that a consumer of the earlier version can notice."""

    path: str
    change: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path or 'the document'}: {self.change}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class _Place:
    """The two schemas of one place, with the documents in which their references are resolved."""

    path: str
    before: Schema
    after: Schema
    documents: tuple[Schema, Schema]

    def to(self, path: str, before: object, after: object) -> "_Place":
        roots = self.documents
        return _Place(
            f"{self.path}{path}", _resolved(before, roots[0]), _resolved(after, roots[1]), roots
        )

    def broken(self, change: str, remedy: str) -> Break:
        return Break(self.path.removeprefix("."), change, remedy)


def version(schema: Schema) -> int:
    """Return the major version, the number at the end of `$id`."""
    return int(str(schema["$id"]).rpartition(":")[2])


def unversioned_breaks(before: Schema, after: Schema) -> list[Break]:
    """Return what breaks a consumer, unless the later schema has a later major version."""
    return [] if version(after) > version(before) else breaks(before, after)


def breaks(before: Schema, after: Schema) -> list[Break]:
    """Return each change from one schema to the later one that breaks a consumer.

    Raises:
        ValueError: a reference has something beside it that the rules would not see.
    """
    place = _Place("", _resolved(before, before), _resolved(after, after), (before, after))
    return list(_compare(place))


def _compare(place: _Place) -> Iterator[Break]:
    for rule in _RULES:
        yield from rule(place)


def _members(place: _Place) -> Iterator[Break]:
    """A member keeps its name, and a member that is always present stays so."""
    before, after = place.before.get("properties", {}), place.after.get("properties", {})
    required = set(place.after.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield place.to(f".{name}", {}, {}).broken("is removed", "keep it")
    for name in sorted(set(place.before.get("required", ())) - required):
        if name in after or name not in before:
            remedy = "produce it always, and keep it in required"
            yield place.to(f".{name}", {}, {}).broken("is no longer required", remedy)
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(place.to(f".{name}", before[name], after[name]))


def _types(place: _Place) -> Iterator[Break]:
    """No type is added: a consumer has no code for it."""
    before, after = _types_of(place.before), _types_of(place.after)
    if added := [name for name in _TYPES if name in after - before]:
        change = f"can be of type {', '.join(added)}, too"
        yield place.broken(change, "keep its type, and add a member of the other type")


def _values(place: _Place) -> Iterator[Break]:
    """No value is added: consumers match them exhaustively, unless the enum is marked as open."""
    before, after = _enum(place.before), _enum(place.after)
    if before is None or place.before.get(OPEN) is True and after is not None:
        return
    if after is None:
        yield place.broken("can have any value", "keep its enum or const")
    elif added := [value for value in after if value not in before]:
        values = ", ".join(map(repr, added))
        remedy = f"add a member for it; only an enum that was released with {OPEN} gets values"
        yield place.broken(f"can be {values}, too", remedy)


def _ranges(place: _Place) -> Iterator[Break]:
    """No limit is relaxed: a consumer has columns and buffers of that size."""
    for names, wider in ((_AT_LEAST, "less"), (_AT_MOST, "greater")):
        for name in names:
            before, after = place.before.get(name), place.after.get(name)
            if before is None or before == after:
                continue
            if after is None:
                yield place.broken(f"has no {name} any more", f"keep {before}")
            elif (after < before) == (wider == "less"):
                yield place.broken(f"{name} is {after}, {wider} than {before}", f"keep {before}")


def _closed(place: _Place) -> Iterator[Break]:
    """An object stays open: the next release could add no member to one that is closed."""
    before = place.before.get("additionalProperties", True)
    after = place.after.get("additionalProperties", True)
    if before != after:
        yield place.broken(
            f"additionalProperties is {after}, not {before}",
            "leave it as it is: a consumer may validate with the schema of any release",
        )


def _inner(place: _Place) -> Iterator[Break]:
    """Schemas of items and of conditions follow the same rules. A condition stays as it is."""
    for name in _INSIDE:
        before, after = place.before.get(name), place.after.get(name)
        if before is not None and after is None:
            yield place.broken(f"has no {name} any more", "keep it")
        elif before is not None:
            yield from _compare(place.to(f"[{name}]", before, after))


def _rest(place: _Place) -> Iterator[Break]:
    """Whatever else limits the values, such as a pattern, a format or `not`, is unchanged."""
    for name in sorted(place.before.keys() - _COMPARED):
        if place.after.get(name, _MISSING) != place.before[name]:
            what = "changed" if name in place.after else "removed"
            yield place.broken(
                f"{name} is {what}",
                f"keep {place.before[name]!r}: whether a consumer still matches cannot be known",
            )


_RULES: Final[tuple[Callable[[_Place], Iterator[Break]], ...]] = (
    _members,
    _types,
    _values,
    _ranges,
    _closed,
    _inner,
    _rest,
)
_COMPARED: Final = {
    *_ABOUT,
    *_AT_LEAST,
    *_AT_MOST,
    *_INSIDE,
    *("properties", "required", "type", "enum", "const", "additionalProperties"),
}


def _types_of(schema: Schema) -> set[str]:
    declared = schema.get("type")
    if declared is None and (values := _enum(schema)) is not None:
        return {_type_of(value) for value in values}
    names = {declared} if isinstance(declared, str) else set(declared or _TYPES)
    return names | {"integer"} if "number" in names else names


def _type_of(value: object) -> str:
    named = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else named.get(type(value), "object")


def _enum(schema: Schema) -> list[object] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[object] | None = schema.get("enum")
    return values


def _resolved(schema: object, document: Schema) -> Schema:
    """Return what the schema refers to, or the schema itself."""
    if not isinstance(schema, Mapping):
        return {} if schema is True else {"not": {}}
    reference = schema.get("$ref")
    if reference is None:
        return schema
    if beside := sorted(schema.keys() - _ABOUT):
        raise ValueError(f"{reference} has {', '.join(beside)} beside it; put them into allOf")
    target: Any = document
    for name in reference.removeprefix("#/").split("/"):
        target = target[name]
    return _resolved(target, document)
