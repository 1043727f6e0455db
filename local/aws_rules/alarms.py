"""Alarms: metrics that are published, under the dimensions under which they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_ALARM = "AWS::CloudWatch::Alarm"
_API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_ALARMS = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"
)
_GUARDRAILS = (
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html"
)
_ENDPOINT, _VARIANT = frozenset({"EndpointName"}), frozenset({"EndpointName", "VariantName"})
_NONE: frozenset[str] = frozenset()
_FUNCTION, _ALIAS = frozenset({"FunctionName"}), frozenset({"FunctionName", "Resource"})
_TABLE, _INDEX = frozenset({"TableName"}), frozenset({"TableName", "GlobalSecondaryIndexName"})
_TABLE_OPERATION = frozenset({"TableName", "Operation"})


def _under(
    dimensions: tuple[frozenset[str], ...], names: str
) -> dict[str, tuple[frozenset[str], ...]]:
    return dict.fromkeys(names.split(), dimensions)


_METRICS: dict[str, dict[str, tuple[frozenset[str], ...]]] = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html: nothing else is
    # published for asynchronous endpoints.
    "AWS/SageMaker": {
        **_under(
            (_ENDPOINT,),
            "ApproximateBacklogSize ApproximateBacklogSizePerInstance "
            "ApproximateAgeOfOldestRequest "
            "HasBacklogWithoutCapacity",
        ),
        **_under(
            (_VARIANT,),
            "RequestDownloadFailures ResponseUploadFailures NotificationFailures "
            "InvocationFailures "
            "ExpiredRequests InvocationsProcessed RequestDownloadLatency ResponseUploadLatency "
            "TimeInBacklog "
            "TotalProcessingTime Invocation4XXErrors Invocation5XXErrors ModelLatency",
        ),
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": _under(
        (frozenset({"QueueName"}),),
        "ApproximateAgeOfOldestMessage ApproximateNumberOfGroupsWithInflightMessages "
        "ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible "
        "ApproximateNumberOfMessagesVisible NumberOfEmptyReceives NumberOfDeduplicatedSentMessages "
        "NumberOfMessagesDeleted NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize "
        "ApproximateNumberOfNoisyGroups",
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {
        **_under(
            (_FUNCTION, _ALIAS, _NONE),
            "Invocations Errors DeadLetterErrors DestinationDeliveryFailures Throttles Duration "
            "ConcurrentExecutions AsyncEventsReceived AsyncEventAge AsyncEventsDropped IteratorAge "
            "PostRuntimeExtensionsDuration RecursiveInvocationsDropped",
        ),
        **_under((_NONE,), "UnreservedConcurrentExecutions ClaimedAccountConcurrency"),
        **_under(
            (frozenset({"EventSourceMappingUUID"}),),
            "PolledEventCount FilteredOutEventCount InvokedEventCount FailedInvokeEventCount "
            "DroppedEventCount OnFailureDestinationDeliveredEventCount DeletedEventCount",
        ),
    },
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {
        **_under(
            (_TABLE, _INDEX),
            "ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ProvisionedReadCapacityUnits "
            "ProvisionedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents "
            "OnlineIndexThrottleEvents ReadKeyRangeThroughputThrottleEvents "
            "WriteKeyRangeThroughputThrottleEvents",
        ),
        **_under(
            (_TABLE_OPERATION,),
            "SuccessfulRequestLatency SystemErrors ThrottledRequests ReturnedItemCount",
        ),
        **_under((_TABLE,), "ConditionalCheckFailedRequests TimeToLiveDeletedItemCount"),
        **_under((_NONE,), "UserErrors AccountMaxReads AccountMaxWrites"),
    },
    # https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    "AWS/SNS": _under(
        (frozenset({"TopicName"}),),
        "NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed "
        "NumberOfNotificationsFilteredOut NumberOfNotificationsRedrivenToDlq "
        "NumberOfNotificationsFailedToRedriveToDlq PublishSize",
    ),
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    "AWS/Events": {
        **_under(
            (frozenset({"RuleName"}), frozenset({"EventBusName", "RuleName"})),
            "DeadLetterInvocations Invocations FailedInvocations InvocationsFailedToBeSentToDlq "
            "InvocationsSentToDlq MatchedEvents ThrottledRules TriggeredRules InvocationAttempts "
            "SuccessfulInvocationAttempts RetryInvocationAttempts",
        ),
    },
}
_OWNERS = {
    "QueueName": "AWS::SQS::Queue",
    "FunctionName": "AWS::Lambda::Function",
    "TableName": "AWS::DynamoDB::Table",
    "TopicName": "AWS::SNS::Topic",
    "RuleName": "AWS::Events::Rule",
}
_UNITS = {
    "ModelLatency": "Microseconds",
    "RequestDownloadLatency": "Microseconds",
    "ResponseUploadLatency": "Microseconds",
    "TimeInBacklog": "Milliseconds",
    "TotalProcessingTime": "Milliseconds",
    "Duration": "Milliseconds",
}


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric that an alarm watches, and its path in the alarm ("" for an alarm of one metric)."""

    path: str
    namespace: str
    name: str
    dimensions: dict[str, str]


def _metrics(alarm: Resource) -> Iterator[_Metric]:
    """The alarm's own metric, or those of its metric math."""
    found = {
        f"Metrics[{index}].MetricStat.Metric.": each["MetricStat"]["Metric"]
        for index, each in enumerate(alarm.list("Metrics"))
        if "MetricStat" in each
    }
    if alarm.get("MetricName") is not None:
        own = ("Namespace", "MetricName", "Dimensions")
        found[""] = {name: alarm.get(name) for name in own}
    for path, metric in found.items():
        dimensions = {str(each["Name"]): str(each["Value"]) for each in metric["Dimensions"] or []}
        yield _Metric(path, str(metric["Namespace"]), str(metric["MetricName"]), dimensions)


@rule(
    _ALARM,
    words="Nothing publishes the metric, so the alarm never has data and never is in ALARM",
    source=_ALARMS,
    enforced=Enforced.NEVER,
)
def an_alarm_is_on_a_metric_that_aws_publishes(alarm: Resource) -> Iterator[Problem]:
    for metric in _metrics(alarm):
        yield from _unpublished_by_aws(metric)


def _unpublished_by_aws(metric: _Metric) -> Iterator[Problem]:
    namespace, name = metric.namespace, metric.name
    known_metrics = _METRICS.get(namespace)
    if known_metrics is None:
        if namespace.lower().startswith("aws/"):
            known = ", ".join(_METRICS)
            yield Problem(
                f"{metric.path}Namespace", f"name a namespace of AWS ({known}), not {namespace}"
            )
    elif name not in known_metrics:
        yield Problem(
            f"{metric.path}MetricName",
            f"name a metric that {namespace} publishes ({', '.join(sorted(known_metrics))}), not "
            f"{name}",
        )
    elif frozenset(metric.dimensions) not in known_metrics[name]:
        wanted = " or ".join(", ".join(sorted(each)) or "none" for each in known_metrics[name])
        yield Problem(
            f"{metric.path}Dimensions",
            f"give {name} the dimensions under which it is published: {wanted}",
        )


@rule(
    _ALARM,
    words="Nothing publishes the metric under this dimension, so the alarm never has data",
    source=_ALARMS,
    enforced=Enforced.NEVER,
)
def an_alarms_dimension_is_the_name_of_a_resource(alarm: Resource) -> Iterator[Problem]:
    named = [
        (metric.path, name, value)
        for metric in _metrics(alarm)
        if metric.namespace in _METRICS
        for name, value in metric.dimensions.items()
        if name in _OWNERS
    ]
    for path, name, value in named:
        owner = alarm.world.find(_OWNERS[name], value)
        if owner is None or value.startswith(("arn:", "https:")):
            yield Problem(
                f"{path}Dimensions.{name}",
                f"give the name of a resource of this stack (such as !GetAtt X.{name}), not "
                f"{value[:80]}",
            )


@rule(
    _ALARM,
    words="No function publishes the metric under this dimension, so the alarm never has data",
    source="https://docs.powertools.aws.dev/lambda/python/latest/core/metrics/",
    enforced=Enforced.NEVER,
)
def an_alarm_is_on_a_metric_that_a_function_publishes(alarm: Resource) -> Iterator[Problem]:
    """Powertools publishes under the dimension `service`, POWERTOOLS_SERVICE_NAME."""
    for metric in _metrics(alarm):
        if not metric.namespace.lower().startswith("aws/"):
            yield from _unpublished_by_functions(alarm, metric)


def _unpublished_by_functions(alarm: Resource, metric: _Metric) -> Iterator[Problem]:
    namespace, dimensions = metric.namespace, metric.dimensions
    variables = [e.get("Environment", "Variables") or {} for e in _publishers(alarm)]
    publishers = [e for e in variables if e.get("POWERTOOLS_METRICS_NAMESPACE") == namespace]
    if not publishers:
        named = sorted({str(each.get("POWERTOOLS_METRICS_NAMESPACE")) for each in variables})
        yield Problem(
            f"{metric.path}Namespace",
            f"name the namespace of a function: {', '.join(named)}, not {namespace}",
        )
        return
    services = sorted({str(each.get("POWERTOOLS_SERVICE_NAME")) for each in publishers})
    if set(dimensions) != {"service"} or dimensions["service"] not in services:
        yield Problem(
            f"{metric.path}Dimensions",
            "give the one dimension service, POWERTOOLS_SERVICE_NAME of a function "
            f"({', '.join(services)}), "
            f"not {dimensions}",
        )
    metrics = alarm.world.metrics.get(namespace)
    if metrics is not None and metric.name not in metrics:
        yield Problem(
            f"{metric.path}MetricName",
            f"name a metric that the functions publish ({', '.join(sorted(metrics))}), not "
            f"{metric.name}",
        )


class _Publisher:
    """A function's variables that are about metrics, and no others."""

    def __init__(self, function: Resource) -> None:
        self._function = function

    def get(self, *path: str) -> Mapping[str, str]:
        names = ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME")
        found = {name: self._function.get(*path, name) for name in names}
        return {name: str(value) for name, value in found.items() if value is not None}


def _publishers(alarm: Resource) -> list[_Publisher]:
    return [_Publisher(each) for each in alarm.world.all("AWS::Lambda::Function")]


@rule(_ALARM, words="Period must be 10, 20, 30 or a multiple of 60", source=_API)
def an_alarms_period_is_one(alarm: Resource) -> Iterator[Problem]:
    period = alarm.number("Period")
    if period is None:
        return
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        yield Problem("Period", f"set it to 60 or a multiple of it, not {period:g}")
    elif period < 60 and str(alarm.get("Namespace")).startswith("AWS/"):
        yield Problem(
            "Period",
            "set it to at least 60: AWS's own metrics come once a minute",
            "The metric has no data of a higher resolution than a minute",
            Enforced.NEVER,
        )
    evaluated = period * (alarm.number("EvaluationPeriods") or 1)
    longest = 86_400 if period < 3600 else 604_800
    if evaluated > longest:
        yield Problem(
            "EvaluationPeriods",
            f"let Period times EvaluationPeriods be at most {longest:,} seconds, not "
            f"{evaluated:,.0f}",
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must "
            "be <= 86400)",
        )
    missing = alarm.get("TreatMissingData")
    if missing not in (None, "breaching", "notBreaching", "ignore", "missing"):
        yield Problem(
            "TreatMissingData",
            f"write breaching, notBreaching, ignore or missing, not {missing}",
            "TreatMissingData must be one of breaching, notBreaching, ignore, missing",
        )
    count, periods = alarm.number("DatapointsToAlarm"), alarm.number("EvaluationPeriods") or 1
    if count is not None and count > periods:
        yield Problem(
            "DatapointsToAlarm",
            f"set it to at most EvaluationPeriods ({periods:g})",
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        )


@rule(
    _ALARM,
    words="An alarm with another unit than the metric's finds no data",
    source=_API,
    enforced=Enforced.NEVER,
)
def an_alarms_unit_is_the_metrics(alarm: Resource) -> Iterator[Problem]:
    unit, metric = alarm.get("Unit"), str(alarm.get("MetricName"))
    if unit is not None and metric in _UNITS and unit != _UNITS[metric]:
        yield Problem("Unit", f"take out Unit, or set it to {_UNITS[metric]}")


@rule(
    "Custom::AsyncEndpoint",
    words="Value at 'autoRollbackConfiguration.alarms' failed to satisfy constraint: Member must "
    "have length "
    "less than or equal to 10",
    source=_GUARDRAILS,
)
def at_most_ten_alarms_roll_an_update_back(endpoint: Resource) -> Iterator[Problem]:
    names = ",".join(str(each) for each in endpoint.list("RollbackAlarmNames")).split(",")
    count = len([each for each in names if each])
    if count > 10:
        yield Problem("RollbackAlarmNames", f"name at most ten alarms, not {count}")
