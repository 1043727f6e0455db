"""Event source mappings from SQS."""

from collections.abc import Iterator

from local.aws_rules.cross_service.event_patterns import malformed
from local.aws_rules.permissions.policies import how_to_allow, role_may
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_MAPPING = "AWS::Lambda::EventSourceMapping"
_SQS = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
_API = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"
# Lambda's and SQS's own defaults, in seconds.
_TIMEOUT, _VISIBILITY = 3, 30


def _queue(mapping: Resource) -> Resource | None:
    return mapping.world.find("AWS::SQS::Queue", mapping.get("EventSourceArn"))


def _function(mapping: Resource) -> Resource | None:
    return mapping.world.find("AWS::Lambda::Function", mapping.get("FunctionName"))


def _from_sqs(mapping: Resource) -> bool:
    return ":sqs:" in str(mapping.get("EventSourceArn"))


@rule(
    _MAPPING,
    words="Maximum batch window in seconds must be greater than 0 if maximum batch size is "
    "greater than 10",
    source=_API,
)
def a_batch_of_more_than_ten_has_a_window(mapping: Resource) -> Iterator[Problem]:
    if not _from_sqs(mapping):
        return
    size = mapping.number("BatchSize") or 10
    window = mapping.number("MaximumBatchingWindowInSeconds") or 0
    fifo = str(mapping.get("EventSourceArn")).endswith(".fifo")
    if fifo and (size > 10 or window > 0):
        yield Problem(
            "BatchSize" if size > 10 else "MaximumBatchingWindowInSeconds",
            "take at most ten messages at a time from a FIFO queue, without a window",
            "Batching window is not supported for FIFO queues",
        )
    elif size > 10 and window < 1:
        yield Problem(
            "MaximumBatchingWindowInSeconds",
            "set MaximumBatchingWindowInSeconds to 1 or more, or BatchSize to at most 10",
        )


@rule(
    _MAPPING,
    words="Queue visibility timeout is less than Function timeout",
    source=_SQS,
)
def a_message_stays_invisible_while_the_function_runs(mapping: Resource) -> Iterator[Problem]:
    queue, function = _queue(mapping), _function(mapping)
    if queue is None or function is None:
        return
    visibility = queue.number("VisibilityTimeout")
    visibility = _VISIBILITY if visibility is None else visibility
    timeout = function.number("Timeout") or _TIMEOUT
    if visibility < timeout:
        yield Problem(
            "EventSourceArn",
            f"set VisibilityTimeout of {queue.name} to at least {6 * timeout:.0f}, six times the "
            "Timeout of "
            f"{function.name}",
            f"Queue visibility timeout: {visibility:.0f} seconds is less than Function timeout: "
            f"{timeout:.0f} seconds",
        )


@rule(
    _MAPPING,
    words="A throttled batch is received again while Lambda still tries the first one: AWS "
    "recommends six "
    "times the function's timeout, plus the batching window",
    source=_SQS,
    enforced=Enforced.NEVER,
)
def visibility_leaves_time_for_retries(mapping: Resource) -> Iterator[Problem]:
    queue, function = _queue(mapping), _function(mapping)
    if queue is None or function is None:
        return
    window = mapping.number("MaximumBatchingWindowInSeconds") or 0
    wanted = 6 * (function.number("Timeout") or _TIMEOUT) + window
    visibility = queue.number("VisibilityTimeout") or _VISIBILITY
    if visibility < wanted:
        yield Problem(
            "EventSourceArn",
            f"set VisibilityTimeout of {queue.name} to at least {wanted:.0f}, not {visibility:.0f}",
        )


@rule(
    _MAPPING,
    words="The provided execution role does not have permissions to call ReceiveMessage on SQS",
    source=_SQS,
)
def the_function_may_receive(mapping: Resource) -> Iterator[Problem]:
    queue, function = _queue(mapping), _function(mapping)
    role = function and mapping.world.find("AWS::IAM::Role", function.get("Role"))
    if queue is None or function is None or role is None:
        return
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        if not role_may(role, f"sqs:{action}", queue.arn, mapping):
            yield Problem(
                "EventSourceArn",
                how_to_allow(role, f"sqs:{action}", queue.arn, function, queue.name),
                f"The provided execution role does not have permissions to call {action} on SQS",
            )


@rule(
    _MAPPING,
    words="The function's reserved concurrency is below the mapping's maximum, so it throttles",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
    enforced=Enforced.NEVER,
)
def reserved_concurrency_covers_the_mapping(mapping: Resource) -> Iterator[Problem]:
    function = _function(mapping)
    reserved = None if function is None else function.number("ReservedConcurrentExecutions")
    maximum = mapping.number("ScalingConfig", "MaximumConcurrency")
    if reserved is not None and maximum is not None and reserved < maximum:
        yield Problem(
            "ScalingConfig.MaximumConcurrency",
            f"set it to at most ReservedConcurrentExecutions ({reserved:.0f})",
        )


@rule(
    _MAPPING,
    words="Provisioned mode and maximum concurrency are mutually exclusive",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
)
def a_mapping_scales_in_one_way(mapping: Resource) -> Iterator[Problem]:
    maximum = mapping.get("ScalingConfig", "MaximumConcurrency")
    if maximum is not None and mapping.get("ProvisionedPollerConfig"):
        yield Problem(
            "ProvisionedPollerConfig", "take out ProvisionedPollerConfig or MaximumConcurrency"
        )


@rule(
    _MAPPING,
    words="Invalid filter pattern definition.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",
)
def the_filters_of_a_mapping_are_patterns(mapping: Resource) -> Iterator[Problem]:
    filters = mapping.list("FilterCriteria", "Filters")
    for index, each in enumerate(filters):
        path, words = (
            f"FilterCriteria.Filters[{index}].Pattern",
            "Invalid filter pattern definition:",
        )
        yield from malformed(each.get("Pattern"), path, words)
    if len(filters) > 5:
        yield Problem(
            "FilterCriteria.Filters",
            f"write at most five filters, not {len(filters)}; one pattern may list several values",
            "The number of filters is above the quota",
        )


@rule(
    _MAPPING,
    words="FunctionResponseTypes is not set, so one failed message brings back its whole batch",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    enforced=Enforced.NEVER,
)
def a_batch_reports_its_failed_messages(mapping: Resource) -> Iterator[Problem]:
    if _from_sqs(mapping) and "ReportBatchItemFailures" not in mapping.list(
        "FunctionResponseTypes"
    ):
        yield Problem(
            "FunctionResponseTypes", "set FunctionResponseTypes: [ReportBatchItemFailures]"
        )


@rule(_MAPPING, words="Unrecognized event source.", source=_API)
def an_event_source_is_named_by_its_arn(mapping: Resource) -> Iterator[Problem]:
    source = mapping.get("EventSourceArn")
    if source is not None and not str(source).startswith("arn:"):
        yield Problem("EventSourceArn", f"give the queue's ARN (!GetAtt Queue.Arn), not {source}")
