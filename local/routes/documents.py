"""Where a route document is read from: a file, the template, or a parameter that is deployed."""

from pathlib import Path
from typing import Final

from local.errors import LocalStackError
from relayctl.routes.files import read_text

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
        LocalStackError, RelayctlError: it cannot be read.
    """
    if source.startswith("ssm:"):
        return _parameter(source.removeprefix("ssm:"))
    path = Path(source)
    text = read_text(path)
    return _of_template(text, path) if path.suffix in (".yaml", ".yml") else text


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
