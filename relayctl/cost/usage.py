"""What a stack used, part by part: counts of CloudWatch, and what its template says.

Each part is asked twice: first for the metrics that it needs, then with what CloudWatch has.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relayctl.cost.metrics import Measured, Metric
from relayctl.cost.prices import GIGABYTE, MONTH_HOURS, Prices
from relayctl.doctor.account import Account
from relayctl.doctor.expected import Resource, Stack

# What SQS receives, sends or deletes at a time, at most.
_SQS_BATCH = 10
NAMESPACE = "AsyncInferenceRelay"


@dataclass(frozen=True, slots=True)
class Line:
    """What one part used. `dollars` is None where nothing was counted, or there is no price."""

    service: str
    part: str
    quantity: str = ""
    dollars: float | None = None


@dataclass(slots=True)
class Usage:
    """The time, the stack, and what was counted. `wanted` are the metrics that were asked for."""

    stack: Stack
    account: Account
    prices: Prices
    since: datetime
    until: datetime
    custom: tuple[Metric, ...] = ()
    measured: Mapping[Metric, Measured] = field(default_factory=dict)
    wanted: list[Metric] = field(default_factory=list)

    @property
    def months(self) -> float:
        """The part of a month for which the stack existed, as AWS's calculator counts months."""
        return (self.until - self.since) / timedelta(hours=1) / MONTH_HOURS

    def count(self, *metrics: Metric) -> float | None:
        """Return the sum of metrics, None where none of them has data."""
        self.wanted += metrics
        found = [self.measured[each].total for each in metrics if each in self.measured]
        return sum(found) if found else None

    def mean(self, metric: Metric) -> float | None:
        self.wanted.append(metric)
        found = self.measured.get(metric)
        return found.mean if found else None

    @property
    def requests(self) -> float | None:
        """The attempts that SageMaker accepted."""
        service = f"{self.stack.name}-submit"
        return self.count(Metric.of(NAMESPACE, "Submitted", service=service))


Part = Callable[[Usage], Iterator[Line]]


def _line(service: str, part: str, count: float | None, unit: str, dollars: float) -> Line:
    if count is None:
        return Line(service, part)
    return Line(service, part, f"{count:,.0f} {unit}", dollars)


def sagemaker(usage: Usage) -> Iterator[Line]:
    """The instances of an endpoint that the stack created."""
    for endpoint in usage.stack.of("Custom::AsyncEndpoint"):
        if endpoint.get("EndpointMode") != "create":
            continue
        name, variant = str(endpoint.get("EndpointName")), str(endpoint.get("VariantName"))
        minutes = usage.count(
            Metric.of(
                "/aws/sagemaker/Endpoints",
                "CPUUtilization",
                "SampleCount",
                EndpointName=name,
                VariantName=variant,
            )
        )
        kind = str(endpoint.get("InstanceType"))
        part, price = f"instances, {kind}", usage.prices.instances.get(kind)
        if minutes is None:
            yield Line("SageMaker", part)
        else:
            hours = minutes / 60
            dollars = None if price is None else hours * price
            yield Line("SageMaker", part, f"{hours:,.1f} hours", dollars)


def s3(usage: Usage) -> Iterator[Line]:
    """Requests, by the number of requests of the relay, and the storage of the stack's bucket."""
    rates, requests = usage.prices.rates, usage.requests
    number = 2 * (requests or 0)
    counted = None if requests is None else number
    yield _line("S3", "PUT requests", counted, "requests", rates.s3_puts.of(number))
    yield _line("S3", "GET requests", counted, "requests", rates.s3_gets.of(number))
    for bucket in usage.stack.of("AWS::S3::Bucket"):
        stored = usage.mean(
            Metric.of(
                "AWS/S3",
                "BucketSizeBytes",
                "Average",
                BucketName=bucket.id,
                StorageType="StandardStorage",
            )
        )
        yield _stored("S3", f"storage of {bucket.id}", stored, usage, rates.s3_byte_months.of)


def _stored(
    service: str,
    part: str,
    stored: float | None,
    usage: Usage,
    dollars: Callable[[float], float],
) -> Line:
    if stored is None:
        return Line(service, part)
    quantity = f"{stored / GIGABYTE:,.2f} GB"
    return Line(service, part, quantity, dollars(stored * usage.months))


def eventbridge(usage: Usage) -> Iterator[Line]:
    """The events of an existing bucket that matched the rule of uploads."""
    for rule in usage.stack.of("AWS::Events::Rule"):
        if not rule.get("ScheduleExpression") and "aws.s3" in str(rule.get("EventPattern")):
            events = usage.count(Metric.of("AWS/Events", "MatchedEvents", RuleName=rule.id))
            dollars = usage.prices.rates.eventbridge_events.of(events or 0)
            yield _line("EventBridge", "events of uploads", events, "events", dollars)


def sqs(usage: Usage) -> Iterator[Line]:
    """Requests of each queue: messages by batches as large as the functions had, and polls."""
    rates, batches = usage.prices.rates, dict(_batches(usage))
    for queue in usage.stack.of("AWS::SQS::Queue"):
        name = queue.id.rpartition("/")[2]
        counts = {
            each: usage.count(Metric.of("AWS/SQS", each, QueueName=name))
            for each in (
                *("NumberOfMessagesSent", "NumberOfMessagesReceived"),
                *("NumberOfMessagesDeleted", "NumberOfEmptyReceives"),
            )
        }
        sent, received, deleted, empty = (each or 0 for each in counts.values())
        batch, fifo = batches.get(queue.arn, _SQS_BATCH), bool(queue.get("FifoQueue"))
        # S3 and SNS send one message at a time, route as many as it has, up to ten.
        requests = sent / (_SQS_BATCH if fifo else 1) + (received + deleted) / batch + empty
        known = any(each is not None for each in counts.values())
        rate = rates.sqs_fifo_requests if fifo else rates.sqs_requests
        number = requests if known else None
        yield _line("SQS", queue.name, number, "requests", rate.of(requests))


def _batches(usage: Usage) -> Iterator[tuple[str, float]]:
    """The messages that a function receives at a time, by the ARN of its queue."""
    for mapping in usage.stack.of("AWS::Lambda::EventSourceMapping"):
        queue = usage.stack.named(str(mapping.get("EventSourceArn")))
        if queue is None:
            continue
        name = queue.id.rpartition("/")[2]
        received = usage.count(Metric.of("AWS/SQS", "NumberOfMessagesReceived", QueueName=name))
        runs = usage.count(_invocations(str(mapping.get("FunctionName"))))
        if received and runs:
            yield queue.arn, min(_SQS_BATCH, max(1.0, received / runs))


def _invocations(function: str) -> Metric:
    return Metric.of("AWS/Lambda", "Invocations", FunctionName=function)


def sns(usage: Usage) -> Iterator[Line]:
    """Publications. Deliveries to SQS are free."""
    for topic in usage.stack.of("AWS::SNS::Topic"):
        name = topic.id.rpartition(":")[2]
        metric = Metric.of("AWS/SNS", "NumberOfMessagesPublished", TopicName=name)
        number = usage.count(metric)
        dollars = usage.prices.rates.sns_publications.of(number or 0)
        yield _line("SNS", topic.name, number, "publications", dollars)


def functions(usage: Usage) -> Iterator[Line]:
    """Invocations and their duration, by the memory that the template gives."""
    rates = usage.prices.rates
    for function in usage.stack.of("AWS::Lambda::Function"):
        runs = usage.count(_invocations(function.id))
        duration = Metric.of("AWS/Lambda", "Duration", FunctionName=function.id)
        milliseconds = usage.count(duration) or 0
        gigabyte_seconds = milliseconds / 1_000 * int(function.get("MemorySize")) / 1_024
        arm = "x86_64" not in (function.get("Architectures") or ())
        rate = rates.lambda_gigabyte_seconds if arm else rates.lambda_x86_gigabyte_seconds
        dollars = rates.lambda_requests.of(runs or 0) + rate.of(gigabyte_seconds)
        yield _line("Lambda", function.name, runs, "invocations", dollars)


def dynamodb(usage: Usage) -> Iterator[Line]:
    """Consumed units of the table and its indexes, and what they store today."""
    rates = usage.prices.rates
    for table in usage.stack.of("AWS::DynamoDB::Table"):
        indexes = [str(each["IndexName"]) for each in table.get("GlobalSecondaryIndexes") or ()]
        for name, kind, rate in (
            ("ConsumedWriteCapacityUnits", "write units", rates.dynamodb_writes),
            ("ConsumedReadCapacityUnits", "read units", rates.dynamodb_reads),
        ):
            units = usage.count(
                Metric.of("AWS/DynamoDB", name, TableName=table.id),
                *(
                    Metric.of(
                        "AWS/DynamoDB", name, TableName=table.id, GlobalSecondaryIndexName=index
                    )
                    for index in indexes
                ),
            )
            yield _line("DynamoDB", kind, units, "units", rate.of(units or 0))
        yield _table_storage(usage, table)


def _table_storage(usage: Usage, table: Resource) -> Line:
    found = usage.account.get("dynamodb", "describe_table", TableName=table.id)["Table"]
    items = found.get("TableSizeBytes", 0)
    entries = sum(each.get("IndexSizeBytes", 0) for each in found.get("GlobalSecondaryIndexes", []))
    rates = usage.prices.rates
    dollars = rates.dynamodb_byte_months.of(items + entries)
    dollars += rates.dynamodb_backup_byte_months.of(items)
    quantity = f"{(items + entries) / GIGABYTE:,.2f} GB"
    return Line("DynamoDB", "storage, with recovery", quantity, dollars * usage.months)


def cloudwatch(usage: Usage) -> Iterator[Line]:
    """Logs, alarms, the relay's own metrics, and the dashboard."""
    stack, rates = usage.stack, usage.prices.rates
    groups = [each.id for each in stack.of("AWS::Logs::LogGroup")]
    logged = [Metric.of("AWS/Logs", "IncomingBytes", LogGroupName=each) for each in groups]
    bytes_logged = usage.count(*logged)
    dollars = rates.log_bytes.of(bytes_logged or 0)
    yield _line("CloudWatch", "logs", bytes_logged, "bytes", dollars)
    watched = sum(_watched(each) for each in stack.of("AWS::CloudWatch::Alarm"))
    dollars = rates.alarm_metric_months.of(watched) * usage.months
    yield Line("CloudWatch", "alarms", f"{watched} metrics", dollars)
    dashboards = len(list(stack.of("AWS::CloudWatch::Dashboard")))
    if dashboards:
        dollars = rates.dashboard_months.of(dashboards) * usage.months
        yield Line("CloudWatch", "dashboard", str(dashboards), dollars)
    usage.wanted += usage.custom
    found = [usage.measured[each] for each in usage.custom if each in usage.measured]
    hours = sum(each.hours_with_data for each in found)
    if found:
        dollars = rates.metric_months.of(hours / MONTH_HOURS)
        yield Line("CloudWatch", "metrics of the relay", f"{len(found)} with data", dollars)
    else:
        yield Line("CloudWatch", "metrics of the relay")


def _watched(alarm: Resource) -> int:
    """The metrics of an alarm: each metric of metric math is one."""
    return len([each for each in alarm.get("Metrics") or () if "MetricStat" in each]) or 1


def kms(usage: Usage) -> Iterator[Line]:
    """The key that the stack created for its topics. KMS counts no requests in CloudWatch."""
    rates, keys = usage.prices.rates, len(list(usage.stack.of("AWS::KMS::Key")))
    if keys:
        dollars = rates.kms_key_months.of(keys) * usage.months
        yield Line("KMS", "key of the topics", str(keys), dollars)
        # SNS keeps a data key for five minutes, of each topic, with two requests for each.
        requests = 2 * 2 * 12 * MONTH_HOURS * usage.months
        dollars = rates.kms_requests.of(requests)
        yield Line("KMS", "requests, at most", f"{requests:,.0f} requests", dollars)


PARTS: tuple[Part, ...] = (
    *(sagemaker, s3, eventbridge, sqs, sns, functions),
    *(dynamodb, cloudwatch, kms),
)
