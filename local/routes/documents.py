"""Where a route document is read from: a file, the template, or a parameter that is deployed."""

import json
from pathlib import Path
from typing import Any, Final

from local.errors import LocalStackError

# What stands in the template's own document for its queues.
_QUEUES: Final = {
    "${CompletedQueue.Arn}": "arn:aws:sqs:us-east-1:000000000000:relay-completed.fifo",
    "${FailedQueue.Arn}": "arn:aws:sqs:us-east-1:000000000000:relay-failed.fifo",
}


def read_document(source: str) -> str:
    """The text of a document.

    Args:
        source: a JSON file; a template, for the document that it deploys where it is given none; or
            `ssm:` and the name of a parameter, which is read with the environment's credentials.

    Raises:
        LocalStackError: it cannot be read.
    """
    if source.startswith("ssm:"):
        return _parameter(source.removeprefix("ssm:"))
    path = Path(source)
    text = _text(path)
    return _of_template(text, path) if path.suffix in (".yaml", ".yml") else text


def read_result(source: str) -> dict[str, Any]:
    """A result from a file: the body of a message. Raises LocalStackError."""
    try:
        content = json.loads(_text(Path(source)))
    except ValueError as error:
        raise LocalStackError(f"the result {source} is not JSON: {error}") from error
    if not isinstance(content, dict) or "data" not in content:
        raise LocalStackError(
            f"{source} is not a result: it has no member data (docs/result.md shows some)"
        )
    return content


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalStackError(f"{path} cannot be read: {error}") from error


def _of_template(text: str, path: Path) -> str:
    from samtranslator.yaml_helper import yaml_parse

    try:
        _, _, default = yaml_parse(text)["Resources"]["RoutesParameter"]["Properties"]["Value"][
            "Fn::If"
        ]
        document: str = default["Fn::Sub"]
    except (KeyError, TypeError, ValueError) as error:
        raise LocalStackError(f"{path} has no RoutesParameter with a document in it") from error
    for reference, arn in _QUEUES.items():
        document = document.replace(reference, arn)
    return document


def _parameter(name: str) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("ssm").get_parameter(Name=name)
    except (BotoCoreError, ClientError) as error:
        raise LocalStackError(f"the parameter {name} cannot be read: {error}") from error
    return str(answer["Parameter"]["Value"])
