"""The stand-in for AWS CLI 2, with which tests run the commands of the documentation."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.support.pages.aws_stand_in import main


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The calls of the SDK, by service."""
    calls: list[tuple[Any, ...]] = []

    def client(service: str) -> SimpleNamespace:
        def call(**given: Any) -> dict[str, Any]:
            calls.append((service, given))
            body = {"Payload": io.BytesIO(b"{}")} if "Payload" in given else {}
            return {**body, "StatusCode": 200, "ResponseMetadata": {}}

        def upload_file(*given: str) -> None:
            calls.append((service, *given))

        names = ("invoke", "put_parameter", "list_metrics", "get_queue_attributes")
        return SimpleNamespace(**dict.fromkeys(names, call), upload_file=upload_file)

    monkeypatch.setattr(boto3, "client", client)
    return calls


def test_an_answer_is_written_to_the_file_and_the_rest_is_printed(
    called: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = tmp_path / "answer.json"
    line = "lambda invoke --function-name F --cli-binary-format raw-in-base64-out --payload {}"

    assert main([*line.split(), str(answer)]) == 0

    assert called == [("lambda", {"FunctionName": "F", "Payload": "{}"})]
    assert answer.read_bytes() == b"{}"
    assert json.loads(capsys.readouterr().out) == {"StatusCode": 200}


def test_values_are_flags_files_and_shorthand(
    called: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    (tmp_path / "routes.json").write_text("{}")

    main(f"ssm put-parameter --name /a --overwrite --value file://{tmp_path}/routes.json".split())
    main(["sqs", "get-queue-attributes", "--queue-url", "Q", "--attribute-names", "All"])
    main(["cloudwatch", "list-metrics", "--namespace", "N", "--dimensions", "Name=T,Value=V"])

    assert called == [
        ("ssm", {"Name": "/a", "Overwrite": True, "Value": "{}"}),
        ("sqs", {"QueueUrl": "Q", "AttributeNames": ["All"]}),
        ("cloudwatch", {"Namespace": "N", "Dimensions": [{"Name": "T", "Value": "V"}]}),
    ]


def test_a_file_is_uploaded(called: list[tuple[Any, ...]]) -> None:
    assert main(["s3", "cp", "a.csv", "s3://bucket/inputs/a.csv"]) == 0

    assert called == [("s3", "a.csv", "bucket", "inputs/a.csv")]


def test_what_the_cli_would_refuse_is_refused(
    called: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lambda", "invok", "--function-name", "F"]) == 252

    assert called == []
    assert "lambda has no operation invok" in capsys.readouterr().err
