"""The logs of a local stack: keeps those of the functions, finds what matters in all of them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from local.stack.settings import STACK_NAME

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_FUNCTIONS = f"/aws/lambda/{STACK_NAME}-"

# Not the alarms that are named after it.
_DENIAL = re.compile(r"\bAccessDenied(Exception)?\b|not authorized to perform|AuthorizationError")
_TROUBLE = re.compile(rf"{_DENIAL.pattern}|Traceback|ERROR|CRITICAL")
_LINES_PER_FILE = 5
_LETTERS_BEFORE, _LETTERS_AFTER = 80, 240

# MiniStack repeats what the functions write, and complains when a client closes a connection.
_NOISY = ("ministack.log", "sam-build.log", "sam-deploy.log")


def save_function_logs(logs: "CloudWatchLogsClient", directory: Path) -> None:
    """Writes each function's log group into one file: `submit.log`, `route.log` and so on."""
    groups = logs.describe_log_groups(logGroupNamePrefix=_FUNCTIONS)["logGroups"]
    for name in (group["logGroupName"] for group in groups):
        with (directory / f"{name.removeprefix(_FUNCTIONS)}.log").open("w") as file:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                file.writelines(f"{event['message'].rstrip()}\n" for event in page["events"])


def denials(directory: Path) -> list[str]:
    """Every line of every log in which AWS refused something, with its file and number."""
    return _find(sorted(directory.glob("*.log")), _DENIAL, limit=None)


def trouble(directory: Path) -> list[str]:
    """The last few lines of the functions' and SageMaker's logs that speak of an error."""
    paths = [path for path in sorted(directory.glob("*.log")) if path.name not in _NOISY]
    return _find(paths, _TROUBLE, limit=_LINES_PER_FILE)


def _find(paths: list[Path], pattern: re.Pattern[str], limit: int | None) -> list[str]:
    found: list[str] = []
    for path in paths:
        lines = path.read_text(errors="replace").splitlines()
        matching = [
            f"{path.name}:{number}: {_around(line, match.start())}"
            for number, line in enumerate(lines, start=1)
            if (match := pattern.search(line))
        ]
        found += matching if limit is None else matching[-limit:]
    return found


def _around(line: str, at: int) -> str:
    return line[max(0, at - _LETTERS_BEFORE) : at + _LETTERS_AFTER].strip()
