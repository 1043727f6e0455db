"""This version's results are those that consumers of each released version were written for."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from relay.aws.messaging.buses import SOURCE
from relay.route.result import SCHEMA

from local.stack.settings import REPOSITORY
from tests.upgrade import messages
from tests.upgrade.contract.rules import unversioned_breaks, version
from tests.upgrade.released import LAST_RELEASED, LEFT, SCHEMAS, Tree, left, schema_of

Json = dict[str, Any]
RESULT, ATTRIBUTES = SCHEMAS
RECORDED = [
    pytest.param(path, id=f"{path.parent.name} {path.name}")
    for name in SCHEMAS
    for path in sorted(LEFT.glob(f"*/{name}"))
]
VERSIONS = sorted(path.name for path in LEFT.iterdir())


def published(name: str) -> Json:
    text = schema_of(REPOSITORY, name)
    assert text is not None
    schema: Json = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return schema


def attributes_of(message: Mapping[str, Any]) -> Json:
    """What is beside a result, in the form of its schema."""
    if message["detail_type"]:
        event = {
            "source": SOURCE,
            "detail-type": message["detail_type"],
            "resources": message["resources"],
        }
        return {"message_attributes": message["attributes"], "event": event}
    return {"message_attributes": message["attributes"]}


def problems(schema: Json, document: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("recorded", RECORDED)
def test_nothing_breaks_a_consumer_of_a_released_version(recorded: Any) -> None:
    released = json.loads(recorded.read_text())

    broken = unversioned_breaks(released, published(recorded.name))

    assert broken == [], "\n".join(
        [
            f"Consumers of version {version(released)} break. Take these changes back, or make "
            f"them version {version(released) + 1} (docs/decisions/0075):",
            *map(str, broken),
        ]
    )


def test_the_schema_of_the_last_released_version_is_recorded(earlier: Tree) -> None:
    for name in SCHEMAS:
        recorded = LEFT / LAST_RELEASED[:7] / name
        kept = recorded.read_text() if recorded.exists() else None
        assert kept == schema_of(earlier.root, name), "python -m tests.upgrade.released"


@pytest.mark.parametrize("released", VERSIONS)
def test_what_a_released_version_sent_is_valid_now(released: str) -> None:
    """Consumers that validate with this version's schemas also read messages that wait."""
    sent = left("messages", released)

    assert {message["body"]["data"]["outcome"] for message in sent} == {
        "completed",
        "failed",
        "rejected",
        "expired",
    }
    for message in sent:
        assert problems(published(RESULT), message["body"]) == []
        assert problems(published(ATTRIBUTES), attributes_of(message)) == []


def test_what_this_version_sends_has_the_described_attributes_and_no_others() -> None:
    described = published(ATTRIBUTES)["$defs"]
    for message in messages.record():
        made = attributes_of(message)
        assert problems(published(ATTRIBUTES), made) == []
        assert (
            made["message_attributes"].keys()
            == described["message_attributes"]["properties"].keys()
        )
        if "event" in made:
            assert made["event"].keys() == described["event"]["properties"].keys()


def test_an_attribute_that_is_missing_is_noticed() -> None:
    for message in messages.record():
        made = attributes_of(message)
        for part, members in made.items():
            for name in members:
                rest = {key: value for key, value in members.items() if key != name}
                assert problems(published(ATTRIBUTES), {**made, part: rest}) != []


def test_both_schemas_and_the_results_have_one_version() -> None:
    result, attributes = published(RESULT), published(ATTRIBUTES)

    assert result["$id"] == result["properties"]["dataschema"]["const"] == SCHEMA
    assert version(result) == version(attributes)
