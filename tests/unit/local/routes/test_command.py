"""`make routes`: the documents that `relayctl routes check` does not read, and exit codes."""

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from local.routes.__main__ import main
from local.stack.settings import REPOSITORY
from relayctl.errors import Exit

DOCUMENT = {"routes": [], "otherwise": {"to": "arn:aws:sqs:us-east-1:000000000000:rest"}}


def test_a_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "routes.json"
    path.write_text(json.dumps(DOCUMENT))

    assert main([str(path)]) == Exit.DONE
    assert "can be used" in capsys.readouterr().out

    path.write_text("{}")

    assert main([str(path)]) == Exit.ATTENTION
    assert "cannot be used" in capsys.readouterr().err


def test_the_templates_own_document_can_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(REPOSITORY / "template.yaml")]) == Exit.DONE

    said = capsys.readouterr().out
    assert "+ completed -> relay-completed.fifo: data.outcome == 'completed' is true" in said


def test_a_deployed_parameter_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("ssm").put_parameter(
            Name="/relay/routes", Value=json.dumps(DOCUMENT), Type="String"
        )

        assert main(["ssm:/relay/routes"]) == Exit.DONE
        assert main(["ssm:/relay/none"]) == Exit.MISUSED

    said = capsys.readouterr()
    assert "ssm:/relay/routes can be used" in said.out
    assert "error: the parameter /relay/none cannot be read" in said.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "usage: make routes FILE="),
        (["--help"], "usage: make routes FILE="),
        (["nowhere.json"], "error: nowhere.json cannot be read"),
        ([str(REPOSITORY / "template.yaml"), "nowhere.json"], "nowhere.json cannot be read"),
        ([str(REPOSITORY / "samconfig.toml"), "nowhere.json"], "nowhere.json cannot be read"),
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == Exit.MISUSED
    assert says in " ".join(capsys.readouterr().err.split())
