"""Metrics: which are published, and under which dimensions."""

from collections.abc import Iterator
from dataclasses import dataclass

from local.aws_rules.rule import Problem
from local.cloudformation.world import Resource, World

_ENDPOINT, _VARIANT = frozenset({"EndpointName"}), frozenset({"EndpointName", "VariantName"})
_NONE: frozenset[str] = frozenset()
_FUNCTION, _ALIAS = frozenset({"FunctionName"}), frozenset({"FunctionName", "Resource"})
_TABLE, _INDEX = frozenset({"TableName"}), frozenset({"TableName", "GlobalSecondaryIndexName"})
_TABLE_OPERATION = frozenset({"TableName", "Operation"})


def _under(
    dimensions: tuple[frozenset[str], ...], names: str
) -> dict[str, tuple[frozenset[str], ...]]:
    return dict.fromkeys(names.split(), dimensions)


METRICS: dict[str, dict[str, tuple[frozenset[str], ...]]] = {
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
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
_OPERATIONS = frozenset(
    (
        *("PutItem", "DeleteItem", "UpdateItem", "GetItem", "BatchGetItem", "Scan", "Query"),
        *("BatchWriteItem", "GetRecords", "TransactWriteItems", "TransactGetItems"),
        *("ExecuteTransaction", "BatchExecuteStatement", "ExecuteStatement"),
    )
)
# The variables of a function that are about metrics.
_NAMESPACE, _SERVICE = "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, and its path in the resource that names it ("" for the resource itself)."""

    path: str
    namespace: str
    name: str
    dimensions: dict[str, str]

    @property
    def of_aws(self) -> bool:
        return self.namespace.lower().startswith("aws/")


def unpublished_by_aws(metric: Metric) -> Iterator[Problem]:
    """Where the metric is one of AWS that AWS does not publish under these dimensions."""
    namespace, name = metric.namespace, metric.name
    known_metrics = METRICS.get(namespace)
    if known_metrics is None:
        if metric.of_aws:
            known = ", ".join(METRICS)
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


def misnamed(metric: Metric, world: World) -> Iterator[Problem]:
    """Where a dimension of AWS's metric is not the name of what the stack has."""
    if metric.namespace not in METRICS:
        return
    for name, value in metric.dimensions.items():
        where = f"{metric.path}Dimensions.{name}"
        if name in _OWNERS:
            owner = world.find(_OWNERS[name], value)
            if owner is None or value.startswith(("arn:", "https:")):
                yield Problem(
                    where,
                    f"give the name of a resource of this stack (such as !GetAtt X.{name}), not "
                    f"{value[:80]}",
                )
        elif name == "GlobalSecondaryIndexName":
            table = world.find(_OWNERS["TableName"], metric.dimensions.get("TableName"))
            if table and value not in (known := _indexes(table)):
                yield Problem(
                    where, f"name an index of the table ({', '.join(known)}), not {value}"
                )
        elif name == "Operation" and value not in _OPERATIONS:
            yield Problem(
                where, f"name an operation ({', '.join(sorted(_OPERATIONS))}), not {value}"
            )


def _indexes(table: Resource) -> list[str]:
    return [str(each["IndexName"]) for each in table.list("GlobalSecondaryIndexes")]


def unpublished_by_functions(metric: Metric, world: World) -> Iterator[Problem]:
    """Where no function publishes the metric of another namespace than AWS's.

    Powertools publishes under the dimension `service`, POWERTOOLS_SERVICE_NAME.
    """
    if metric.of_aws:
        return
    namespace, dimensions = metric.namespace, metric.dimensions
    variables = [_variables(each) for each in world.all("AWS::Lambda::Function")]
    publishers = [each for each in variables if each.get(_NAMESPACE) == namespace]
    if not publishers:
        named = sorted({str(each.get(_NAMESPACE)) for each in variables})
        yield Problem(
            f"{metric.path}Namespace",
            f"name the namespace of a function: {', '.join(named)}, not {namespace}",
        )
        return
    services = sorted({str(each.get(_SERVICE)) for each in publishers})
    if set(dimensions) != {"service"} or dimensions["service"] not in services:
        yield Problem(
            f"{metric.path}Dimensions",
            "give the one dimension service, POWERTOOLS_SERVICE_NAME of a function "
            f"({', '.join(services)}), "
            f"not {dimensions}",
        )
    metrics = world.metrics.get(namespace)
    if metrics is not None and metric.name not in metrics:
        yield Problem(
            f"{metric.path}MetricName",
            f"name a metric that the functions publish ({', '.join(sorted(metrics))}), not "
            f"{metric.name}",
        )


def _variables(function: Resource) -> dict[str, str]:
    """The function's variables that are about metrics, without resolving any other."""
    found = {
        name: function.get("Environment", "Variables", name) for name in (_NAMESPACE, _SERVICE)
    }
    return {name: str(value) for name, value in found.items() if value is not None}
