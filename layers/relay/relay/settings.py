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
_ENDPOINT_ARN = re.compile(r"arn:[^:]+:sagemaker:[^:]+:\d{12}:endpoint/.+")
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

    def flag(self, name: str) -> bool:
        value = self._environment.get(name, "")
        if value not in ("true", "false"):
            self._problems.append(f"{name} must be true or false, not {value!r}")
        return value == "true"

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
        """An S3 URI that ends in a slash, so that no prefix can be part of another name."""
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


@dataclass(frozen=True, slots=True)
class SubmitSettings:
    """Of the submit function."""

    endpoint: str
    inputs: S3Uri
    outputs: S3Uri
    mirror_input_folders: bool
    ledger_table: str
    submit_queue_url: str
    dead_letter_queue_url: str
    notification_queue_url: str
    content_type: str
    accept: str | None
    ttl_seconds: int
    timeout_seconds: int
    slack_seconds: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises ConfigurationError with every problem in one message."""
        reader = _Reader(environment)
        settings = cls(
            endpoint=reader.text("ENDPOINT_NAME"),
            inputs=reader.folder("INPUT_PATH"),
            outputs=reader.folder("OUTPUT_PATH"),
            mirror_input_folders=reader.flag("MIRROR_INPUT_FOLDERS"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            submit_queue_url=reader.queue_url("SUBMIT_QUEUE_URL"),
            dead_letter_queue_url=reader.queue_url("SUBMIT_DEAD_LETTER_QUEUE_URL"),
            notification_queue_url=reader.queue_url("NOTIFICATION_QUEUE_URL"),
            content_type=reader.text("DEFAULT_CONTENT_TYPE"),
            accept=reader.optional_text("DEFAULT_ACCEPT"),
            ttl_seconds=reader.integer("REQUEST_TTL_SECONDS", 60, 21_600),
            timeout_seconds=reader.integer("INVOCATION_TIMEOUT_SECONDS", 1, 3_600),
            slack_seconds=reader.integer("OVERDUE_SLACK_SECONDS", 0, 86_400),
        )
        if settings.inputs.contains(settings.outputs) or settings.outputs.contains(settings.inputs):
            reader.refuse("INPUT_PATH and OUTPUT_PATH overlap: outputs would be inferred again")
        reader.check()
        return settings


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Of the route function."""

    endpoint: str
    endpoint_arn: str
    outputs: S3Uri
    failures: S3Uri
    success_topic_arn: str
    error_topic_arn: str
    ledger_table: str
    submit_queue_url: str
    dead_letter_queue_url: str
    notification_queue_url: str
    routes_parameter: str
    max_attempts: int
    retry_delay_seconds: int

    @property
    def topic_arns(self) -> frozenset[str]:
        """The topics that SageMaker publishes to."""
        return frozenset((self.success_topic_arn, self.error_topic_arn))

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises ConfigurationError with every problem in one message."""
        reader = _Reader(environment)
        settings = cls(
            endpoint=reader.text("ENDPOINT_NAME"),
            endpoint_arn=reader.matching("ENDPOINT_ARN", _ENDPOINT_ARN, "the ARN of an endpoint"),
            outputs=reader.folder("OUTPUT_PATH"),
            failures=reader.folder("FAILURE_PATH"),
            success_topic_arn=reader.topic_arn("SUCCESS_TOPIC_ARN"),
            error_topic_arn=reader.topic_arn("ERROR_TOPIC_ARN"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            submit_queue_url=reader.queue_url("SUBMIT_QUEUE_URL"),
            dead_letter_queue_url=reader.queue_url("NOTIFICATION_DEAD_LETTER_QUEUE_URL"),
            notification_queue_url=reader.queue_url("NOTIFICATION_QUEUE_URL"),
            routes_parameter=reader.text("ROUTES_PARAMETER_NAME"),
            max_attempts=reader.integer("MAX_ATTEMPTS", 1, 10),
            retry_delay_seconds=reader.integer("RETRY_DELAY_SECONDS", 0, 900),
        )
        reader.check()
        return settings


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """Of the reconcile function."""

    outputs: S3Uri
    failures: S3Uri
    ledger_table: str
    notification_queue_url: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises ConfigurationError with every problem in one message."""
        reader = _Reader(environment)
        settings = cls(
            outputs=reader.folder("OUTPUT_PATH"),
            failures=reader.folder("FAILURE_PATH"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            notification_queue_url=reader.queue_url("NOTIFICATION_QUEUE_URL"),
        )
        reader.check()
        return settings


@dataclass(frozen=True, slots=True)
class ProvisionSettings:
    """Of the provision function."""

    endpoint: str
    ledger_table: str
    region: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises ConfigurationError with every problem in one message."""
        reader = _Reader(environment)
        settings = cls(
            endpoint=reader.text("ENDPOINT_NAME"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            region=reader.text("AWS_REGION"),  # set by Lambda itself
        )
        reader.check()
        return settings
