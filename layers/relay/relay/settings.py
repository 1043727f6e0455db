"""One frozen settings class for each function, read once from its environment.

One error names every problem, so that one deployment corrects them all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from relay.errors import ConfigurationError
from relay.model import MOST_ATTEMPTS
from relay.reading import Reader
from relay.s3uri import S3Uri

_QUEUE_URL = re.compile(r"https?://[^/]+/.+")
_ENDPOINT_ARN = re.compile(r"arn:[^:]+:sagemaker:[^:]+:\d{12}:endpoint/.+")
_FLAG = re.compile("true|false")
_FOLDER = re.compile(r"s3://[^/]+/.*/")
_STACK_ID = re.compile(r"arn:[^:]+:cloudformation:[^:]+:\d{12}:stack/[^/]+/.+")
_TOPIC_ARN = re.compile(r"arn:[^:]+:sns:[^:]+:\d{12}:.+")


class _Environment(Reader):
    """Environment variables, as typed values."""

    def flag(self, name: str) -> bool:
        return self.matching(name, _FLAG, "true or false") == "true"

    def queue_url(self, name: str) -> str:
        return self.matching(name, _QUEUE_URL, "the URL of a queue")

    def topic_arn(self, name: str) -> str:
        return self.matching(name, _TOPIC_ARN, "the ARN of a topic")

    def folder(self, name: str) -> S3Uri:
        """An S3 URI that ends in a slash, so that no prefix can be part of another name."""
        value = self.matching(name, _FOLDER, "an S3 folder such as s3://bucket/inputs/")
        try:
            return S3Uri.parse(value)
        except ValueError as error:
            if not self.has_refused(name):
                self.refuse(name, f"is {error}")
            return S3Uri("refused", "")

    def raise_problems(self) -> None:
        """Raise ConfigurationError with every problem in one message."""
        self.check(ConfigurationError, "the environment is wrong: ")


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
        """Raise ConfigurationError with every problem in one message."""
        reader = _Environment(environment)
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
            accept=reader.optional_text("DEFAULT_ACCEPT") or None,
            ttl_seconds=reader.whole_number("REQUEST_TTL_SECONDS", 60, 21_600),
            timeout_seconds=reader.whole_number("INVOCATION_TIMEOUT_SECONDS", 1, 3_600),
            slack_seconds=reader.whole_number("OVERDUE_SLACK_SECONDS", 0, 86_400),
        )
        if settings.inputs.contains(settings.outputs) or settings.outputs.contains(settings.inputs):
            reader.refuse("INPUT_PATH", "and OUTPUT_PATH overlap: outputs would be inferred again")
        reader.raise_problems()
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
        """Raise ConfigurationError with every problem in one message."""
        reader = _Environment(environment)
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
            max_attempts=reader.whole_number("MAX_ATTEMPTS", 1, MOST_ATTEMPTS),
            retry_delay_seconds=reader.whole_number("RETRY_DELAY_SECONDS", 0, 900),
        )
        reader.raise_problems()
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
        """Raise ConfigurationError with every problem in one message."""
        reader = _Environment(environment)
        settings = cls(
            outputs=reader.folder("OUTPUT_PATH"),
            failures=reader.folder("FAILURE_PATH"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            notification_queue_url=reader.queue_url("NOTIFICATION_QUEUE_URL"),
        )
        reader.raise_problems()
        return settings


@dataclass(frozen=True, slots=True)
class ProvisionSettings:
    """Of the provision function."""

    endpoint: str
    stack_id: str
    roll_out_uploads: bool
    ledger_table: str
    dead_letter_queue_url: str
    region: str

    @property
    def stack_name(self) -> str:
        return self.stack_id.split("/")[1]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raise ConfigurationError with every problem in one message."""
        reader = _Environment(environment)
        settings = cls(
            endpoint=reader.text("ENDPOINT_NAME"),
            roll_out_uploads=reader.flag("ROLL_OUT_UPLOADS"),
            stack_id=reader.matching("STACK_ID", _STACK_ID, "the ARN of a stack"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            dead_letter_queue_url=reader.text("PROVISION_DEAD_LETTER_QUEUE_URL"),
            region=reader.text("AWS_REGION"),  # set by Lambda itself
        )
        reader.raise_problems()
        return settings
