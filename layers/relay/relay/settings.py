"""One frozen settings class for each function, read once from its environment.

One error names every problem, so that one deployment corrects them all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from relay.errors import ConfigurationError
from relay.inputs.defaults import read_defaults
from relay.inputs.inputs import Inputs, NamedFolder, refuse_overlaps
from relay.model import MOST_ATTEMPTS
from relay.reading import REFUSED_LOCATION, Reader
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
        return self._folder(name, self.text(name))

    def inputs(self) -> Inputs:
        """The prefixes of one bucket, with commas between them, without their defaults."""
        bucket, prefixes = self.text("INPUT_BUCKET"), self.text("INPUT_PREFIXES")
        if not (bucket and prefixes):
            return Inputs((REFUSED_LOCATION,))
        locations = [f"s3://{bucket}/{each}" for each in prefixes.split(",")]
        return Inputs(tuple(self._folder("INPUT_PREFIXES", each) for each in locations))

    def inputs_with_defaults(self) -> Inputs:
        inputs, document = self.inputs(), self.text("INPUT_DEFAULTS")
        if self.has_refused("INPUT_DEFAULTS") or self.has_refused("INPUT_PREFIXES"):
            return inputs
        defaults, problems = read_defaults(document, [each.key for each in inputs.folders])
        for problem in problems:
            self.refuse("INPUT_DEFAULTS", str(problem), separator=": ")
        return replace(inputs, defaults=defaults)

    def inputs_with_further_buckets(self) -> Inputs:
        """With their defaults too."""
        arns = (self.optional_text("BACKFILL_BUCKET_ARNS") or "").split(",")
        buckets = frozenset(arn.rpartition(":")[2] for arn in arns if arn)
        return replace(self.inputs_with_defaults(), further_buckets=buckets)

    def _folder(self, name: str, value: str) -> S3Uri:
        if value and not _FOLDER.fullmatch(value):
            self.refuse(name, f"must be an S3 folder such as s3://bucket/inputs/, not {value!r}")
        try:
            return S3Uri.parse(value)
        except ValueError as error:
            if not self.has_refused(name):
                self.refuse(name, f"is {error}")
            return REFUSED_LOCATION

    def raise_problems(self) -> None:
        """Raise ConfigurationError with every problem in one message."""
        self.check(ConfigurationError, "the environment is wrong: ")


@dataclass(frozen=True, slots=True)
class SubmitSettings:
    """Of the submit function."""

    endpoint: str
    inputs: Inputs
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
            inputs=reader.inputs_with_further_buckets(),
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
        refuse_overlaps(
            reader,
            (
                *(NamedFolder("INPUT_PREFIXES", each) for each in settings.inputs.folders),
                NamedFolder("OUTPUT_PATH", settings.outputs),
                NamedFolder("FAILURE_PATH", reader.folder("FAILURE_PATH")),
            ),
        )
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

    inputs: Inputs
    outputs: S3Uri
    failures: S3Uri
    ledger_table: str
    notification_queue_url: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raise ConfigurationError with every problem in one message."""
        reader = _Environment(environment)
        settings = cls(
            inputs=reader.inputs(),
            outputs=reader.folder("OUTPUT_PATH"),
            failures=reader.folder("FAILURE_PATH"),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            notification_queue_url=reader.queue_url("NOTIFICATION_QUEUE_URL"),
        )
        reader.raise_problems()
        return settings


@dataclass(frozen=True, slots=True)
class BackfillSettings:
    """Of the backfill function."""

    stack_name: str
    inputs: Inputs
    ledger_table: str
    submit_queue_url: str
    schedule: str
    event_bus_arn: str
    ttl_seconds: int

    @property
    def least_ttl_seconds(self) -> int:
        """The shortest TTL that a request of a backfill may have."""
        defaults = (each.ttl_seconds for each in self.inputs.defaults.values())
        return min((self.ttl_seconds, *filter(None, defaults)))

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raise ConfigurationError with every problem in one message."""
        reader = _Environment(environment)
        settings = cls(
            stack_name=reader.text("STACK_NAME"),
            inputs=reader.inputs_with_further_buckets(),
            ledger_table=reader.text("LEDGER_TABLE_NAME"),
            submit_queue_url=reader.queue_url("SUBMIT_QUEUE_URL"),
            schedule=reader.text("SCHEDULE_RULE_NAME"),
            event_bus_arn=reader.text("EVENT_BUS_ARN"),
            ttl_seconds=reader.whole_number("REQUEST_TTL_SECONDS", 60, 21_600),
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
    input_bucket: str  # empty for the stack's own
    input_prefixes: tuple[str, ...]

    @property
    def stack_name(self) -> str:
        return self.stack_id.split("/")[1]

    @property
    def account(self) -> str:
        return self.stack_id.split(":")[4]

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
            input_bucket=reader.optional_text("INPUT_BUCKET") or "",
            input_prefixes=tuple(reader.text("INPUT_PREFIXES").split(",")),
        )
        reader.raise_problems()
        return settings
