"""The policy of whoever deploys: the documents, and the table of docs/how-to/deploy.md."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("permissions.yaml")
_BOUND = {"StringEquals": {"iam:PermissionsBoundary": "BOUNDARY"}}


@cache
def table() -> Mapping[str, Any]:
    """The file as it is written."""
    found: Mapping[str, Any] = yaml.safe_load(_FILE.read_text())
    return found


def document(part: str, *, bounded: bool = False) -> dict[str, Any]:
    """A policy, with words in capitals; `bounded`: roles need the permissions boundary."""
    entries = [each for each in table()["statements"] if each["part"] == part]
    statements = [_statement(each, bounded) for each in entries]
    return {"Version": "2012-10-17", "Statement": statements}


def files() -> dict[str, str]:
    """The policies by the names of their files."""
    return {
        "deployer-data.json": _text(document("data")),
        "deployer-functions.json": _text(document("functions")),
        "deployer-functions-boundary.json": _text(document("functions", bounded=True)),
    }


def _text(policy: Mapping[str, Any]) -> str:
    lines = ",\n".join(f"    {json.dumps(each)}" for each in policy["Statement"])
    return f'{{\n  "Version": "2012-10-17",\n  "Statement": [\n{lines}\n  ]\n}}\n'


def rows() -> str:
    """The table of statements."""
    return "| statement | policy | for | can be left out |\n| --- | --- | --- | --- |\n" + "".join(
        f"| `{each['name']}` | {each['part']} | {each['for']} | {_optional(each)} |\n"
        for each in table()["statements"]
    )


def _optional(entry: Mapping[str, Any]) -> str:
    match entry.get("parameter"):
        case None:
            return "no"
        case "CreateTopicKey":
            return "with `CreateTopicKey=false`, or with `KmsKeyArn`"
        case names:
            return f"without {' and '.join(f'`{each}`' for each in str(names).split(' or '))}"


def _statement(entry: Mapping[str, Any], bounded: bool) -> dict[str, Any]:
    condition = _BOUND if bounded and entry.get("grants") else entry.get("condition")
    statement = {
        "Sid": entry["name"],
        "Effect": "Allow",
        "Action": _one_or_all(entry["actions"].split()),
        "Resource": _one_or_all([_arn(each) for each in entry["resources"]]),
    }
    return statement if condition is None else {**statement, "Condition": _named(condition)}


def _arn(resource: str) -> str:
    return resource if resource in ("*", "KEY") else _full(f"{{arn}}:{resource}")


def _named(condition: Any) -> Any:
    if isinstance(condition, Mapping):
        return {key: _named(value) for key, value in condition.items()}
    return _full(str(condition))


def _full(text: str) -> str:
    return text.replace("{arn}", "arn:PARTITION").replace("{here}", "REGION:ACCOUNT")


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def replaced(document: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """The policy with a value for each word in capitals."""
    written = json.dumps(document)
    for word, value in words.items():
        written = written.replace(word, value)
    found: dict[str, Any] = json.loads(written)
    return found


def actions(entry: Mapping[str, Any]) -> Iterator[str]:
    """The actions of an entry of the file."""
    yield from entry["actions"].split()
