"""Numbers and words that AWS takes: the bounds of each property, over all parameters."""

from collections.abc import Iterator

from local.aws_rules.rule import Problem, rule
from local.cloudformation.world import Resource

_RETENTION_DAYS = {
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557),
    *(2922, 3288, 3653),
}
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and the page of each API
_BOUNDS: dict[str, dict[tuple[str, ...], tuple[float, float]]] = {
    "AWS::Lambda::Function": {
        ("Timeout",): (1, 900),
        ("MemorySize",): (128, 10_240),
        ("EphemeralStorage", "Size"): (512, 10_240),
        ("ReservedConcurrentExecutions",): (0, 10**6),
    },
    "AWS::Lambda::EventSourceMapping": {
        ("BatchSize",): (1, 10_000),
        ("MaximumBatchingWindowInSeconds",): (0, 300),
        ("ScalingConfig", "MaximumConcurrency"): (2, 1000),
    },
    "AWS::Lambda::EventInvokeConfig": {
        ("MaximumRetryAttempts",): (0, 2),
        ("MaximumEventAgeInSeconds",): (60, 21_600),
    },
    "AWS::SQS::Queue": {
        ("VisibilityTimeout",): (0, 43_200),
        ("MessageRetentionPeriod",): (60, 1_209_600),
        ("DelaySeconds",): (0, 900),
        ("ReceiveMessageWaitTimeSeconds",): (0, 20),
        ("MaximumMessageSize",): (1024, 1_048_576),
        ("KmsDataKeyReusePeriodSeconds",): (60, 86_400),
        ("RedrivePolicy", "maxReceiveCount"): (1, 1000),
    },
    "AWS::CloudWatch::Alarm": {
        ("EvaluationPeriods",): (1, 10_000),
        ("DatapointsToAlarm",): (1, 10_000),
    },
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
    "AWS::CloudFormation::CustomResource": {("ServiceTimeout",): (1, 3600)},
    "Custom::*": {("ServiceTimeout",): (1, 3600)},
}


def _bounds(resource: Resource) -> dict[tuple[str, ...], tuple[float, float]]:
    kind = "Custom::*" if resource.type.startswith("Custom::") else resource.type
    return _BOUNDS[kind]


@rule(
    *_BOUNDS,
    words="Value is out of range",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html",
)
def a_number_is_within_its_bounds(resource: Resource) -> Iterator[Problem]:
    for path, (low, high) in _bounds(resource).items():
        value = resource.number(*path)
        if value is not None and not low <= value <= high:
            name = path[-1]
            yield Problem(
                ".".join(path),
                f"set it from {low:,.0f} to {high:,.0f}, not {value:,g}; a parameter for it "
                "needs that "
                "MinValue and MaxValue",
                f"Value {value:,g} at '{name[0].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must "
                f"have value from {low:,.0f} to {high:,.0f}",
            )


@rule(
    "AWS::Logs::LogGroup",
    words="Value at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum "
    "value set",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
def logs_are_kept_for_a_known_number_of_days(group: Resource) -> Iterator[Problem]:
    days = group.number("RetentionInDays")
    if days is not None and days not in _RETENTION_DAYS:
        yield Problem(
            "RetentionInDays",
            "choose a number of days that CloudWatch Logs knows "
            f"({', '.join(map(str, sorted(_RETENTION_DAYS)))}), "
            f"not {days:g}; a parameter for it needs AllowedValues",
        )


@rule(
    "AWS::Logs::LogGroup",
    words="Log groups starting with AWS/ are reserved for AWS.",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
)
def a_log_group_keeps_off_aws_names(group: Resource) -> Iterator[Problem]:
    if str(group.own_name).lower().startswith("aws/"):
        yield Problem("LogGroupName", "begin the name with a slash or another word")
