"""The schema of results, as consumers have it and as tests apply it."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.samples import Json

SCHEMA = Path(__file__).parents[3] / "docs/reference/result.schema.json"


@cache
def published() -> Json:
    schema: Json = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return schema


@cache
def _strict() -> Draft202012Validator:
    """The schema, and nothing beside what it names: what we produce must be described."""
    return Draft202012Validator(_closed(published()))


def problems(document: object, *, strict: bool = True) -> list[str]:
    """What is wrong with a document, by its path."""
    validator = _strict() if strict else Draft202012Validator(published())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def members_of_schema() -> set[str]:
    """Every member that the schema describes, such as `data.timing.total_ms`."""
    return set(_described(published(), ""))


def members_of(document: object) -> set[str]:
    """Every member of a document. The model's own answer is one member."""
    return set(_members(document, ""))


def descriptions() -> dict[str, str]:
    """What the schema says about each member."""
    return {path: member.get("description", "") for path, member in _properties(published(), "")}


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(member) for name, member in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed["additionalProperties"] = False
    return closed


def _properties(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, member in schema.get("properties", {}).items():
        yield f"{path}{name}", member
        target = member.get("$ref", "").rpartition("/")[2]
        yield from _properties(published()["$defs"].get(target, {}), f"{path}{name}.")


def _described(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    return (name for name, _ in _properties(schema, path))


def _members(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}{name}"
            if name != "content":
                yield from _members(member, f"{path}{name}.")
