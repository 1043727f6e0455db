"""A month in lines: what is used, how much of it, and what it costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.calculator.measured import design
from benchmarks.cost import PLATFORM_LOG_BYTES
from relayctl.cost.prices import GIGABYTE, MILLION, MONTH_HOURS, US_EAST_1, Prices


class Key(StrEnum):
    """The KMS key of a stack: none, that which it creates for its topics, or that of KmsKeyArn."""

    NONE = "none"
    TOPICS = "topics"
    EVERYTHING = "everything"


_MONTH_DAYS = MONTH_HOURS / 24

# An attempt in the ledger and its entry in the index, each with the 100 bytes that DynamoDB adds.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
ITEM_BYTES, ENTRY_BYTES = 900, 220
# 30 days after it became overdue at the latest, and the days that DynamoDB takes to delete it.
_LEDGER_DAYS = 32

# The metrics of the alarms that every stack has, further ones with AlarmTopicArn, and those of the
# alarms that Application Auto Scaling and provision create for an endpoint that scales.
ALARM_METRICS, TOPIC_ALARM_METRICS, SCALING_ALARM_METRICS = 3, 45, 3
# Submitted, CompletedRouted and MinutesBehind. Others have data only where they count something.
_METRICS = 3

# Lambda has five long polls of 20 seconds at an idle queue.
_IDLE_RECEIVES = 2 * 5 * 3 * 60 * MONTH_HOURS
# Provision runs every minute with one ReceiveMessage. Reconcile runs every five minutes with half a
# read unit for each of 16 keys of the ten latest hours. How long they run is assumed.
_SWEEPS, _SWEEP_SECONDS, _SWEEP_GIGABYTES = 60 * MONTH_HOURS, 0.2, 0.5
_RECONCILES, _RECONCILE_SECONDS, _RECONCILE_GIGABYTES = 12 * MONTH_HOURS, 0.5, 1_769 / 1_024
_RECONCILE_READS = 16 * 10 * 0.5
# By the formulas of SQS and SNS (docs/how-to/customer-keys.md), for queues and topics in constant
# use.
_FIVE_MINUTES = 12 * MONTH_HOURS
_KEY_REQUESTS = {
    Key.TOPICS: 2 * 2 * _FIVE_MINUTES,
    Key.EVERYTHING: 24 * _FIVE_MINUTES,
}


@dataclass(frozen=True, slots=True)
class Month:
    """What is used in a month. `instance_hours` are those of all instances together."""

    requests: int
    instance_type: str = "ml.m5.large"
    instance_hours: float = MONTH_HOURS
    batch: int = 1
    input_bytes: float = 10_000
    output_bytes: float = 1_000
    days_kept: float = 30
    alarm_topic: bool = True
    dashboard: bool = False
    scales: bool = False
    existing_bucket: bool = False
    key: Key = Key.TOPICS


class Group(StrEnum):
    """Whose cost a line is."""

    SAGEMAKER = "SageMaker"
    DATA = "inputs and outputs"
    REQUESTS = "relay, for the requests"
    STACK = "relay, whatever the traffic"
    CONSUMER = "consumer"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the calculation; `quantity` is a text with its unit."""

    group: Group
    part: str
    quantity: str
    dollars: float


def lines(month: Month, prices: Prices = US_EAST_1) -> list[Line]:
    """Return the lines of a month. Raises PriceError where the instance type has no price."""
    return [
        *_sagemaker(month, prices),
        *_data(month, prices),
        *_requests(month, prices),
        *_stack(month, prices),
        *_consumer(month, prices),
    ]


def total(found: Sequence[Line], group: Group | None = None) -> float:
    """Return the dollars of all lines, or of those of a group."""
    return sum(line.dollars for line in found if group in (None, line.group))


def _sagemaker(month: Month, prices: Prices) -> Iterator[Line]:
    data = month.requests * (month.input_bytes + month.output_bytes)
    yield Line(
        Group.SAGEMAKER,
        "instances",
        f"{month.instance_hours:,.0f} hours of {month.instance_type}",
        month.instance_hours * prices.instance(month.instance_type),
    )
    yield Line(
        Group.SAGEMAKER,
        "data of the endpoint",
        _gigabytes(data),
        prices.rates.endpoint_bytes.of(data),
    )


def _data(month: Month, prices: Prices) -> Iterator[Line]:
    rates, requests = prices.rates, month.requests
    stored = requests * (month.input_bytes + month.output_bytes) * month.days_kept / _MONTH_DAYS
    # The upload and SageMaker's output; SageMaker's read of the input and the consumer's of the
    # output.
    yield Line(
        Group.DATA,
        "S3 PUT requests",
        f"{2 * requests:,}",
        rates.s3_puts.of(2 * requests),
    )
    yield Line(
        Group.DATA,
        "S3 GET requests",
        f"{2 * requests:,}",
        rates.s3_gets.of(2 * requests),
    )
    yield Line(
        Group.DATA, "S3 storage", f"{_gigabytes(stored)}-months", rates.s3_byte_months.of(stored)
    )
    if month.existing_bucket:
        yield Line(
            Group.DATA,
            "EventBridge events of the existing bucket",
            f"{requests:,}",
            rates.eventbridge_events.of(requests),
        )


def _requests(month: Month, prices: Prices) -> Iterator[Line]:
    rates, requests = prices.rates, month.requests
    million = requests / MILLION
    for service, dollars in design(month.batch).dollars(rates).items():
        if dollars:
            yield Line(
                Group.REQUESTS,
                service,
                f"batches of {month.batch}" if service in ("SQS", "Lambda", "logs") else "",
                dollars * million,
            )
    yield Line(
        Group.REQUESTS,
        "DynamoDB, one look-up by reconcile",
        f"{requests:,}",
        rates.dynamodb_reads.of(requests),
    )
    months = requests * _LEDGER_DAYS / _MONTH_DAYS
    yield Line(
        Group.REQUESTS,
        "DynamoDB storage, with recovery",
        f"{_gigabytes(months * (ITEM_BYTES + ENTRY_BYTES))}-months",
        rates.dynamodb_byte_months.of(months * (ITEM_BYTES + ENTRY_BYTES))
        + rates.dynamodb_backup_byte_months.of(months * ITEM_BYTES),
    )


def _stack(month: Month, prices: Prices) -> Iterator[Line]:
    rates, group = prices.rates, Group.STACK
    yield Line(
        group,
        "polls of two idle queues",
        f"{_IDLE_RECEIVES:,}",
        rates.sqs_requests.of(_IDLE_RECEIVES),
    )
    seconds = (
        _SWEEPS * _SWEEP_SECONDS * _SWEEP_GIGABYTES
        + _RECONCILES * _RECONCILE_SECONDS * _RECONCILE_GIGABYTES
    )
    yield Line(
        group,
        "schedules of provision and reconcile",
        f"{_SWEEPS + _RECONCILES:,} invocations",
        rates.lambda_requests.of(_SWEEPS + _RECONCILES)
        + rates.lambda_gigabyte_seconds.of(seconds)
        + rates.log_bytes.of((_SWEEPS + _RECONCILES) * PLATFORM_LOG_BYTES)
        + rates.sqs_requests.of(_SWEEPS)
        + rates.dynamodb_reads.of(_RECONCILES * _RECONCILE_READS),
    )
    yield Line(group, "metrics", f"{_METRICS} with data", rates.metric_months.of(_METRICS))
    watched = (
        ALARM_METRICS
        + TOPIC_ALARM_METRICS * month.alarm_topic
        + SCALING_ALARM_METRICS * month.scales
    )
    yield Line(group, "alarms", f"{watched} metrics", rates.alarm_metric_months.of(watched))
    if month.dashboard:
        yield Line(group, "dashboard", "1", rates.dashboard_months.of(1))
    if calls := _KEY_REQUESTS.get(month.key):
        yield Line(
            group,
            f"customer managed key of {month.key}",
            f"1 key, {calls:,} requests",
            rates.kms_key_months.of(1) + rates.kms_requests.of(calls),
        )


def _consumer(month: Month, prices: Prices) -> Iterator[Line]:
    calls = 2 * month.requests / 10
    yield Line(
        Group.CONSUMER,
        "SQS, results received and deleted by tens",
        f"{calls:,.0f} requests",
        prices.rates.sqs_fifo_requests.of(calls),
    )


def _gigabytes(number: float) -> str:
    return f"{number / GIGABYTE:,.1f} GB"
