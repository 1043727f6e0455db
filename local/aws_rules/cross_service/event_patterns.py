"""The patterns of EventBridge, which filters of SNS and of Lambda use too."""

import json
from collections.abc import Iterator
from typing import Any

from local.aws_rules.rule import Problem


def malformed(pattern: Any, path: str, words: str) -> Iterator[Problem]:
    """What is no pattern: a JSON object whose leaves are lists of values to match.

    `words`: what the service says before the reason.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except ValueError:
            yield Problem(path, "write the pattern as JSON", f"{words} not JSON")
            return
    if pattern is None:
        return
    if not isinstance(pattern, dict):
        yield Problem(path, "write an object: {name: [value]}", f"{words} not an object")
        return
    for where, value in _leaves(pattern, path):
        name = where.rpartition(".")[2]
        if not isinstance(value, list):
            reason = f'"{name}" must be an object or an array'
            yield Problem(where, f"write a list: [{value}]", f"{words} {reason}")
        elif not value:
            yield Problem(where, "name at least one value", f"{words} Empty arrays")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}")
    else:
        yield path, value
