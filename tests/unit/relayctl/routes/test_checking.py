"""`relayctl routes check`."""

import json
from pathlib import Path

import pytest

from relayctl.routes.samples import SAMPLES
from tests.support.relayctl.commands import Commands
from tests.support.results import result_schema

SQS = "arn:aws:sqs:us-east-1:000000000000:"

DOCUMENT = {
    "routes": [
        {
            "name": "retried",
            "when": "data.attempts > `1`",
            "to": f"{SQS}retried.fifo",
            "group": "data.custom_attributes",
        },
        {"name": "refused", "when": "contains(data.failure.reason, '400')", "to": f"{SQS}ours"},
    ],
    "otherwise": {"to": f"{SQS}rest", "delay": 5},
}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def blocks(text: str) -> dict[str, list[str]]:
    """What is said about each result, by its name."""
    parts = [part.splitlines() for part in text.strip().split("\n\n")]
    return {lines[0]: [line.strip() for line in lines[1:]] for lines in parts}


def test_a_document_is_tried_on_every_sample(document: Path, relayctl: Commands) -> None:
    ended = relayctl("routes", "check", str(document))

    assert ended.exit == 0
    said = blocks(ended.out)
    assert SAMPLES.keys() <= said.keys()
    assert said["failed, three times"] == [
        "+ retried -> retried.fifo in group team=fraud: data.attempts > `1` is true",
        "- refused: contains(data.failure.reason, '400') is false",
    ]
    assert said["completed"] == [
        "- retried: data.attempts > `1` is false",
        "- refused: contains(data.failure.reason, '400') cannot be evaluated, "
        "contains() takes array or string, not null",
        "+ otherwise -> rest after 5 s: no route matched",
    ]


def test_the_routes_are_listed_with_their_targets(document: Path, relayctl: Commands) -> None:
    lines = relayctl("routes", "check", str(document)).out.splitlines()

    assert lines[0].startswith(f"{document} can be used: ")
    assert [line.split("  ")[0] for line in lines[2:6]] == [
        "route",
        "retried",
        "refused",
        "otherwise",
    ]
    assert "retried.fifo, a FIFO queue" in lines[3]


def test_the_samples_are_results_as_consumers_get_them() -> None:
    assert {
        name: result_schema.problems(json.loads(json.dumps(result.document())))
        for name, result in SAMPLES.items()
    } == {name: [] for name in SAMPLES}
    assert {str(result.notification.outcome) for result in SAMPLES.values()} == {
        "completed",
        "failed",
        "expired",
        "rejected",
    }


def test_a_document_is_tried_on_a_given_result(
    document: Path, tmp_path: Path, relayctl: Commands
) -> None:
    result = tmp_path / "result.json"
    result.write_text(json.dumps({"id": "1", "data": {"attempts": 2}}))

    ended = relayctl("routes", "check", str(document), str(result), "--json")

    assert ended.exit == 0
    assert ended.document["usable"]
    assert ended.document["results"] == {
        str(result): [
            {
                "route": "retried",
                "to": "retried.fifo in group 1",
                "why": "data.attempts > `1` is true",
            },
            {
                "route": "refused",
                "to": None,
                "why": "contains(data.failure.reason, '400') cannot be evaluated, "
                "contains() takes array or string, not null",
            },
        ]
    }


def test_every_mistake_is_pointed_at(tmp_path: Path, relayctl: Commands) -> None:
    path = tmp_path / "routes.json"
    route = {"name": "a b", "when": "data.outcome = 'failed'", "to": f"{SQS}a"}
    path.write_text(json.dumps({"routes": [route], "otherwise": {"too": "x"}}))

    ended = relayctl("routes", "check", str(path))

    assert ended.exit == 1
    assert ended.out == ""
    assert ended.err.splitlines() == [
        f"{path} cannot be used:",
        "  routes[0].name: 'a b' must be 1 to 64 letters, digits, _ and -",
        "  routes[0].when, character 14: Unknown token '='; == compares",
        "      data.outcome = 'failed'",
        "                   ^",
        "  otherwise.too is not known; did you mean to?",
        "  otherwise.to is missing",
    ]


def test_a_document_that_costs_says_so(tmp_path: Path, relayctl: Commands) -> None:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps(DOCUMENT) + " " * 4096)

    assert (
        "takes an advanced parameter, and those cost" in relayctl("routes", "check", str(path)).out
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ('{"id": "1"}', "is not a result: it has no member data"),
        ('{"data": 1}', "is not a result: it has no member data"),
    ],
)
def test_a_file_without_a_result_is_named(
    document: Path, tmp_path: Path, relayctl: Commands, content: str | None, says: str
) -> None:
    result = tmp_path / "result.json"
    if content is not None:
        result.write_text(content)

    ended = relayctl("routes", "check", str(document), str(result))

    assert ended.exit == 2
    assert says in " ".join(ended.err.split())


def test_it_needs_no_stack(document: Path) -> None:
    from typer.testing import CliRunner

    from relayctl.app import app

    done = CliRunner(env={"STACK_NAME": ""}).invoke(app, ["routes", "check", str(document)])

    assert done.exit_code == 0
