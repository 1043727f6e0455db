"""One frozen settings class for each function, read once from its environment.

Reading collects every problem before it complains, so that one deployment fixes them all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from relay.errors import ConfigurationError
from relay.s3uri import S3Uri

_QUEUE_URL = re.compile(r"https?://[^/]+/.+")
_TOPIC_ARN = re.compile(r"arn:[^:]+:sns:[^:]+:\d{12}:.+")


class _Reader:
    """Takes typed values out of an environment and remembers what was wrong with it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems: list[str] = []

    def text(self, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            self._problems.append(f"{name} is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        return self._environment.get(name) or None

    def integer(self, name: str, minimum: int, maximum: int) -> int:
        value = self._environment.get(name, "")
        try:
            number = int(value)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            self._problems.append(
                f"{name} must be a whole number from {minimum} to {maximum}, not {value!r}"
            )
        return number

    def matching(self, name: str, pattern: re.Pattern[str], what: str) -> str:
        value = self._environment.get(name, "")
        if not pattern.fullmatch(value):
            self._problems.append(f"{name} must be {what}, not {value!r}")
        return value

    def queue_url(self, name: str) -> str:
        return self.matching(name, _QUEUE_URL, "the URL of a queue")

    def topic_arn(self, name: str) -> str:
        return self.matching(name, _TOPIC_ARN, "the ARN of a topic")

    def folder(self, name: str) -> S3Uri:
        """An S3 URI that ends in a slash, so that one prefix can never be part of another's name."""
        value = self._environment.get(name, "")
        try:
            uri = S3Uri.parse(value)
        except ValueError:
            uri = S3Uri("", "")
        if not uri.key.endswith("/"):
            self._problems.append(
                f"{name} must be an S3 folder such as s3://bucket/inputs/, not {value!r}"
            )
        return uri

    def refuse(self, problem: str) -> None:
        self._problems.append(problem)

    def check(self) -> None:
        """Raises ConfigurationError with every problem in one message."""
        if self._problems:
            raise ConfigurationError("the environment is wrong: " + "; ".join(self._problems))
