"""The types of the example are those of the published schema."""

import re
import types
from typing import Any, Literal, get_type_hints

import pytest
import result

from tests.support.results import result_schema
from tests.support.samples import Json

DEFINITIONS: Json = result_schema.published()["$defs"]
PLAIN = {"string": str, "integer": int, "boolean": bool}
OBJECTS = [name for name, schema in DEFINITIONS.items() if "properties" in schema]


def class_of(name: str) -> Any:
    """The type of an object of the schema: `body_omitted` is BodyOmitted."""
    return getattr(result, re.sub(r"(?:^|_)([a-z])", lambda found: found[1].upper(), name))


def type_of(schema: Json) -> Any:
    """The Python type of what a schema describes."""
    if reference := schema.get("$ref", "").removeprefix("#/$defs/"):
        if reference == "data":
            return types.UnionType
        return class_of(reference) if reference in OBJECTS else type_of(DEFINITIONS[reference])
    if "const" in schema:
        return Literal[schema["const"]]
    if schema.get("x-further-values"):
        return str
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if schema.get("type") == "array":
        return types.GenericAlias(list, type_of(schema["items"]))
    return PLAIN[schema["type"]] if "type" in schema else Any


def members(typed: Any) -> Json:
    """The members of a TypedDict with their types; a `?` marks those that can be absent."""
    return {
        f"{name}{'' if name in typed.__required_keys__ else '?'}": (
            types.UnionType if isinstance(kind, types.UnionType) else kind
        )
        for name, kind in get_type_hints(typed).items()
    }


def described(schema: Json, *, without: str = "", required: tuple[str, ...] = ()) -> Json:
    """The members that a schema describes, in the same form."""
    always = {*schema.get("required", ()), *required}
    return {
        f"{name}{'' if name in always else '?'}": type_of(member)
        for name, member in schema["properties"].items()
        if name != without
    }


@pytest.mark.parametrize("name", [each for each in OBJECTS if each != "data"])
def test_a_type_has_the_members_of_its_object(name: str) -> None:
    assert members(class_of(name)) == described(DEFINITIONS[name])


def test_the_event_has_its_members() -> None:
    assert members(result.Result) == described(result_schema.published())


@pytest.mark.parametrize(
    ("typed", "condition", "without"),
    [(result.Completed, "then", "failure"), (result.NotCompleted, "else", "output")],
)
def test_an_outcome_decides_whether_there_is_an_output_or_a_failure(
    typed: Any, condition: str, without: str
) -> None:
    data = DEFINITIONS["data"]
    forbidden = data[condition]["not"]["required"]

    found = members(typed)
    outcomes = found.pop("outcome")

    expected = described(data, without=without, required=data[condition]["required"])
    completed = Literal["completed"]
    assert forbidden == [without]
    assert outcomes == (
        completed if condition == "then" else Literal["failed", "rejected", "expired"]
    )
    assert found == {name: kind for name, kind in expected.items() if name != "outcome"}


def test_both_together_have_every_outcome_and_are_the_data() -> None:
    outcomes = [get_type_hints(each)["outcome"] for each in (result.Completed, result.NotCompleted)]

    assert [value for each in outcomes for value in each.__args__] == DEFINITIONS["data"][
        "properties"
    ]["outcome"]["enum"]
    assert get_type_hints(result.Result)["data"] == result.Completed | result.NotCompleted
