"""Each kind of change of a schema: safe for a consumer of the earlier one, or not."""

from typing import Any

import pytest

from tests.upgrade.contract.rules import OPEN, breaks, unversioned_breaks

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
OUTCOME: Json = {"enum": ["completed", "failed"]}
ID: Json = {"$ref": "#/$defs/id"}


def schema(member: Json, **members: Any) -> Json:
    """A schema with one member, `outcome`."""
    return {
        "$id": "urn:example:1",
        "type": "object",
        "properties": {"outcome": member},
        **members,
    }


def condition(name: str = "output") -> Json:
    return {
        "if": {"properties": {"outcome": {"const": "completed"}}},
        "then": {"required": [name]},
    }


SAFE: dict[str, tuple[Json, Json]] = {
    "nothing": (schema(OUTCOME), schema(OUTCOME)),
    "a text for people": (schema(OUTCOME), schema({**OUTCOME, "description": "How it ended."})),
    "an optional member is added": (
        schema(TEXT),
        schema(TEXT, properties={"outcome": TEXT, "more": TEXT}),
    ),
    "a required member is added": (
        schema(TEXT),
        schema(TEXT, properties={"outcome": TEXT, "more": TEXT}, required=["more"]),
    ),
    "an optional member becomes required": (schema(TEXT), schema(TEXT, required=["outcome"])),
    "a value is no longer produced": (schema(OUTCOME), schema({"enum": ["completed"]})),
    "an enum of one becomes a constant": (schema({"enum": ["a"]}), schema({"const": "a"})),
    "an enum for any text": (schema(TEXT), schema({"type": "string", "enum": ["a"]})),
    "an open enum gets a value": (
        schema({"enum": ["a"], OPEN: True}),
        schema({"enum": ["a", "b"], OPEN: True}),
    ),
    "a type is no longer produced": (schema({"type": ["string", "null"]}), schema(TEXT)),
    "whole numbers instead of numbers": (schema({"type": "number"}), schema({"type": "integer"})),
    "a type for anything": (schema({}), schema(TEXT)),
    "a shorter maximum": (schema({"maxLength": 64}), schema({"maxLength": 32})),
    "a higher minimum": (schema({"minimum": 0}), schema({"minimum": 1})),
    "a pattern where there was none": (schema(TEXT), schema({**TEXT, "pattern": "^a"})),
    "a condition where there was none": (schema(TEXT), schema(TEXT, **condition())),
    "a condition requires more": (
        schema(TEXT, **condition()),
        schema(TEXT, **{**condition(), "then": {"required": ["output", "more"]}}),
    ),
    "a definition has another name": (
        schema(ID, **{"$defs": {"id": TEXT}}),
        schema({"$ref": "#/$defs/key"}, **{"$defs": {"key": TEXT}}),
    ),
}
BREAKING: dict[str, tuple[Json, Json, str]] = {
    "a member is removed": (
        schema(TEXT),
        schema(TEXT, properties={}),
        "outcome: is removed; keep it",
    ),
    "a required member is removed": (
        schema(TEXT, required=["outcome"]),
        schema(TEXT, properties={}),
        "outcome: is removed; keep it",
    ),
    "a required member becomes optional": (
        schema(TEXT, required=["outcome"]),
        schema(TEXT),
        "outcome: is no longer required",
    ),
    "what is required is not described": (
        schema(TEXT, required=["id"]),
        schema(TEXT),
        "id: is no longer required",
    ),
    "a value is added": (
        schema(OUTCOME),
        schema({"enum": ["completed", "failed", "late"]}),
        "outcome: can be 'late', too; add a member for it",
    ),
    "an enum is opened and gets a value at once": (
        schema({"enum": ["a"]}),
        schema({"enum": ["a", "b"], OPEN: True}),
        "outcome: can be 'b', too",
    ),
    "an enum is removed": (
        schema(OUTCOME),
        schema(TEXT),
        "outcome: can have any value; keep its enum or const",
    ),
    "an open enum is removed": (
        schema({"enum": ["a"], OPEN: True}),
        schema(TEXT),
        "outcome: can have any value",
    ),
    "a constant is another": (
        schema({"const": "1.0"}),
        schema({"const": "1.1"}),
        "outcome: can be '1.1', too",
    ),
    "a constant gets a second value": (
        schema({"const": "a"}),
        schema({"enum": ["a", "b"]}),
        "outcome: can be 'b', too",
    ),
    "a type is added": (
        schema(TEXT),
        schema({"type": ["string", "null"]}),
        "outcome: can be of type null, too; keep its type",
    ),
    "a type is another": (
        schema(TEXT),
        schema({"type": "integer"}),
        "outcome: can be of type integer, too",
    ),
    "numbers instead of whole numbers": (
        schema({"type": "integer"}),
        schema({"type": "number"}),
        "outcome: can be of type number, too",
    ),
    "a type is removed": (schema(TEXT), schema({}), "outcome: can be of type null, boolean"),
    "a longer maximum": (
        schema({"maxLength": 32}),
        schema({"maxLength": 64}),
        "outcome: maxLength is 64, greater than 32; keep 32",
    ),
    "a maximum is removed": (
        schema({"maxItems": 9}),
        schema({}),
        "outcome: has no maxItems any more; keep 9",
    ),
    "a lower minimum": (
        schema({"minimum": 0}),
        schema({"minimum": -1}),
        "outcome: minimum is -1, less than 0; keep 0",
    ),
    "a pattern is another": (
        schema({"pattern": "^[0-9]+$"}),
        schema({"pattern": "^[0-9a-f]+$"}),
        "outcome: pattern is changed; keep '^[0-9]+$'",
    ),
    "a pattern is removed": (
        schema({"pattern": "^a"}),
        schema({}),
        "outcome: pattern is removed",
    ),
    "an object is closed": (
        schema(TEXT),
        schema(TEXT, additionalProperties=False),
        "the document: additionalProperties is False, not True",
    ),
    "an object is opened": (
        schema(TEXT, additionalProperties=False),
        schema(TEXT),
        "the document: additionalProperties is True, not False",
    ),
    "a condition is another": (
        schema(TEXT, **condition()),
        schema(TEXT, **{**condition(), "if": {"required": ["outcome"]}}),
        "the document: if is changed",
    ),
    "a condition no longer requires": (
        schema(TEXT, **condition()),
        schema(TEXT, **condition("other")),
        "[then].output: is no longer required",
    ),
    "a condition has no consequence": (
        schema(TEXT, **condition()),
        schema(TEXT, **{"if": condition()["if"]}),
        "the document: has no then any more",
    ),
    "what is forbidden": (
        schema(TEXT, **{"not": {"required": ["a", "b"]}}),
        schema(TEXT),
        "the document: not is removed",
    ),
    "items are of another type": (
        schema({"type": "array", "items": TEXT}),
        schema({"type": "array", "items": {"type": "integer"}}),
        "outcome[items]: can be of type integer, too",
    ),
    "items are of any type": (
        schema({"type": "array", "items": TEXT}),
        schema({"type": "array"}),
        "outcome: has no items any more",
    ),
    "a definition is wider": (
        schema(ID, **{"$defs": {"id": {"maxLength": 32}}}),
        schema(ID, **{"$defs": {"id": {"maxLength": 64}}}),
        "outcome: maxLength is 64",
    ),
    "a member of a member": (
        schema({"type": "object", "properties": {"location": TEXT}}),
        schema({"type": "object", "properties": {"uri": TEXT}}),
        "outcome.location: is removed",
    ),
}


@pytest.mark.parametrize("change", SAFE)
def test_a_change_that_no_consumer_notices_is_safe(change: str) -> None:
    before, after = SAFE[change]

    assert breaks(before, after) == []


@pytest.mark.parametrize("change", BREAKING)
def test_a_change_that_a_consumer_notices_is_refused_with_its_path(change: str) -> None:
    before, after, text = BREAKING[change]

    (found,) = breaks(before, after)

    assert str(found).startswith(text)


def test_a_later_major_version_permits_any_change() -> None:
    before = schema(OUTCOME)

    for number, refused in ((1, True), (2, False)):
        after = {**schema({"type": "integer"}), "$id": f"urn:example:{number}"}
        assert bool(unversioned_breaks(before, after)) is refused


def test_every_change_of_a_document_is_reported() -> None:
    before = schema(
        TEXT, required=["outcome"], properties={"outcome": TEXT, "id": TEXT, "time": TEXT}
    )
    after = schema(TEXT, properties={"outcome": {"type": "integer"}})

    assert [each.path for each in breaks(before, after)] == ["id", "time", "outcome", "outcome"]


def test_a_limit_beside_a_reference_is_not_overlooked() -> None:
    before = schema({**ID, "maxLength": 32}, **{"$defs": {"id": TEXT}})

    with pytest.raises(ValueError, match="maxLength beside it"):
        breaks(before, before)
