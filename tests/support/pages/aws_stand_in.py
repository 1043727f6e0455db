"""A stand-in for AWS CLI 2, which no index of packages has: `aws SERVICE OPERATION --option VALUE`.

It calls what the command line names, with the SDK for Python. Of `aws s3` it knows `cp`.
"""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import boto3
import botocore.session
from botocore import xform_name
from botocore.model import Shape
from relay.s3uri import S3Uri

from tests.support.pages.aws_cli import NAMES, options_of, problems

# `.local/env` refuses versions that do not obey AWS_ENDPOINT_URL.
VERSION: Final = "aws-cli/2.13.0 stand-in"
_SESSION = botocore.session.get_session()


def main(words: Sequence[str]) -> int:
    """Run a command line, and return its exit code: 252 if AWS CLI 2 would refuse its words."""
    if words[:1] == ["--version"]:
        print(VERSION)
        return 0
    if refused := problems(list(words)):
        print(*refused, sep="\n", file=sys.stderr)
        return 252
    service, operation, *rest = words
    if service == "s3":
        _copy(*rest)
    else:
        _call(NAMES.get(service, service), operation, rest)
    return 0


def _copy(source: str, destination: str) -> None:
    """Upload a file to an S3 URI."""
    to = S3Uri.parse(destination)
    boto3.client("s3").upload_file(source, to.bucket, to.key)
    print(f"upload: {source} to {destination}")


def _call(service: str, operation: str, rest: list[str]) -> None:
    model = _SESSION.get_service_model(service)
    named = {xform_name(each, "-"): each for each in model.operation_names}
    shapes: Any = model.operation_model(named[operation]).input_shape
    given, positional = options_of(rest, {"--overwrite"})
    members = {f"--{xform_name(name, '-')}": name for name in shapes.members}
    parameters = {
        members[option]: _value(text, shapes.members[members[option]])
        for option, text in given.items()
        if option in members
    }
    client: Any = boto3.client(service)  # type: ignore[call-overload]
    answer = getattr(client, operation.replace("-", "_"))(**parameters)
    answer.pop("ResponseMetadata")
    for file in positional:
        Path(file).write_bytes(answer.pop("Payload").read())
    print(json.dumps(answer, indent=4, default=datetime.isoformat))


def _value(text: str, shape: Shape) -> object:
    """Read the value of an option: a flag, a file, a document or shorthand, or text."""
    if text.startswith("file://"):
        text = Path(text.removeprefix("file://")).read_text()
    match shape.type_name:
        case "boolean":
            return True
        case "integer" | "long":
            return int(text)
        case "list" | "structure" if text.startswith(("[", "{")):
            return json.loads(text)
        case "list" if "=" in text:
            return [dict(each.split("=", 1) for each in text.split(","))]
        case "list":
            return [text]
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
