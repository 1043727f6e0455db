"""`make routes`: what it says about a document, and with which exit code."""

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from local.routes.__main__ import MISUSED, UNUSABLE, USABLE, main
from local.routes.results import SAMPLES
from local.stack.settings import REPOSITORY
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


def test_a_document_is_tried_on_every_sample(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(document)]) == USABLE

    said = blocks(capsys.readouterr().out)
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
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "result.json"
    result.write_text(json.dumps({"id": "1", "data": {"attempts": 2}}))

    assert main([str(document), str(result)]) == USABLE

    said = blocks(capsys.readouterr().out)
    assert (
        said[str(result)][0] == "+ retried -> retried.fifo in group 1: data.attempts > `1` is true"
    )
    assert not SAMPLES.keys() & said.keys()


def test_every_mistake_is_pointed_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "routes.json"
    route = {"name": "a b", "when": "data.outcome = 'failed'", "to": f"{SQS}a"}
    path.write_text(json.dumps({"routes": [route], "otherwise": {"too": "x"}}))

    assert main([str(path)]) == UNUSABLE

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f"{path} cannot be used:",
        "  routes[0].name: 'a b' must be 1 to 64 letters, digits, _ and -",
        "  routes[0].when, character 14: Unknown token '='; == compares",
        "      data.outcome = 'failed'",
        "                   ^",
        "  otherwise.too is not known; did you mean to?",
        "  otherwise.to is missing",
    ]


def test_the_templates_own_document_can_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(REPOSITORY / "template.yaml")]) == USABLE

    said = blocks(capsys.readouterr().out)
    assert said["completed"] == [
        "+ completed -> relay-completed.fifo: data.outcome == 'completed' is true"
    ]


def test_a_deployed_parameter_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("ssm").put_parameter(
            Name="/relay/routes", Value=json.dumps(DOCUMENT), Type="String"
        )

        assert main(["ssm:/relay/routes"]) == USABLE
        assert main(["ssm:/relay/none"]) == MISUSED

    said = capsys.readouterr()
    assert "ssm:/relay/routes can be used" in said.out
    assert "error: the parameter /relay/none cannot be read" in said.err


def test_a_document_that_costs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps(DOCUMENT) + " " * 4096)

    main([str(path)])

    assert "takes an advanced parameter, and those cost" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "usage: make routes FILE="),
        (["--help"], "usage: make routes FILE="),
        (["nowhere.json"], "error: nowhere.json cannot be read"),
        (
            [str(REPOSITORY / "samconfig.toml"), "nowhere.json"],
            "error: nowhere.json cannot be read",
        ),
        ([str(REPOSITORY / "template.yaml"), str(REPOSITORY / "samconfig.toml")], "is not JSON"),
        (
            [
                str(REPOSITORY / "template.yaml"),
                str(REPOSITORY / "events" / "provision" / "describe.json"),
            ],
            "is not a result: it has no member data",
        ),
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == MISUSED
    assert says in capsys.readouterr().err
