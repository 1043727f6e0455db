"""docs/reference/result.md shows what the code makes, and explains all of it."""

import json
import re
from pathlib import Path

import pytest
from relay.model import Outcome

from tests.support.results import result_examples, result_schema
from tests.support.samples import Json

DOCUMENT = Path(__file__).parents[4] / "docs/reference/result.md"
TEXT = DOCUMENT.read_text()
EXAMPLES: dict[str, Json] = {
    name: json.loads(example)
    for name, example in re.findall(r"^<!-- (\w+) -->\n```json\n(.*?)```$", TEXT, re.M | re.S)
}

MAKERS = {
    Outcome.COMPLETED: result_examples.completed,
    Outcome.FAILED: result_examples.failed,
    Outcome.REJECTED: result_examples.rejected,
    Outcome.EXPIRED: result_examples.expired,
}
MEMBERS = result_schema.members_of_schema()
SECTION = TEXT.partition("## Every member")[2].partition("## What you may rely on")[0]


@pytest.mark.parametrize("outcome", Outcome)
def test_the_example_of_an_outcome_is_what_the_code_makes(outcome: Outcome) -> None:
    made = MAKERS[outcome]()

    assert EXAMPLES[outcome] == made, json.dumps(made, indent=2)
    assert made["data"]["outcome"] == outcome.value
    assert result_schema.problems(made) == []


def test_every_member_has_its_line() -> None:
    lines = set(re.findall(r"^\| `([a-z_.]+)` \|", SECTION, re.M))

    # Both bodies have the same members; an object that has members is documented by them.
    documented = {
        line.removeprefix("data.").replace("failure.body", "output.body") for line in MEMBERS
    }
    objects = {
        line for line in documented if any(other.startswith(f"{line}.") for other in documented)
    }
    assert lines <= documented
    assert documented - objects - {"data"} <= lines


def test_the_schema_describes_a_member_in_the_same_words() -> None:
    descriptions = {
        path.removeprefix("data."): text for path, text in result_schema.descriptions().items()
    }
    explained = {name: _sentence(value) for name, value in _values(SECTION)}
    meanings = _values(TEXT.partition("## Examples")[0])
    explained["outcome"] = _sentence(". ".join(f"`{name}`: {text}" for name, text in meanings))

    assert {name: descriptions[name] for name in explained} == explained
    bodies = {name for name in explained if name.startswith("output.body")}
    assert {
        name: descriptions[name.replace("output", "failure")] for name in bodies - {"output.body"}
    } == {name: explained[name] for name in bodies - {"output.body"}}


def _values(section: str) -> list[tuple[str, str]]:
    """The rows of tables: the first cell without its marks, and the second, or from … to …."""
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+?) \|(?: (.+?) \|)?(?: .+ \|)?$", section, re.M)
    return [
        (name, f"from {value} to {until}" if name.endswith("_ms") else value)
        for name, value, until in rows
    ]


def _sentence(cell: str) -> str:
    """A cell as a schema says it: a sentence without markup. It may begin with a value as it is."""
    plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", cell)
    plain = re.sub(r"[`*]", "", plain)
    first = plain[0].upper() if cell[0].isalpha() else plain[0]
    return first + plain[1:].rstrip(".") + "."


def test_it_names_the_version_of_the_contract() -> None:
    assert result_schema.published()["$id"] in TEXT
