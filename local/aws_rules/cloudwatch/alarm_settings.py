"""What an alarm compares, and what it starts."""

from collections.abc import Iterator

from local.aws_rules.rule import Problem, rule
from local.cloudformation.world import Resource

_ALARM = "AWS::CloudWatch::Alarm"
_API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
# The services whose ARNs an alarm takes as actions.
_ACTIONS = (*("sns", "lambda", "autoscaling", "automate", "swf", "ssm", "ssm-incidents", "aiops"),)
_LONGEST_DESCRIPTION = 1024
_BAND = {
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
}


@rule(
    _ALARM,
    words="The parameters Threshold and ThresholdMetricId are mutually exclusive",
    source=_API,
)
def an_alarm_compares_one_thing_with_one_other(alarm: Resource) -> Iterator[Problem]:
    def has(name: str) -> bool:
        return alarm.get(name) is not None

    for one, other in (
        ("Threshold", "ThresholdMetricId"),
        ("MetricName", "Metrics"),
        *((("Statistic", "ExtendedStatistic"),) if has("MetricName") else ()),
    ):
        if has(one) and has(other):
            yield Problem(
                other,
                f"take out {one} or {other}",
                f"The parameters {one} and {other} are mutually exclusive",
            )
        elif not has(one) and not has(other):
            yield Problem(
                one, f"give {one} or {other}", f"One of {one} and {other} must be specified"
            )
    operator = alarm.get("ComparisonOperator")
    if operator in _BAND and not has("ThresholdMetricId"):
        yield Problem(
            "ComparisonOperator",
            f"write GreaterThanThreshold or LessThanThreshold; {operator} is for an "
            "ANOMALY_DETECTION_BAND, which ThresholdMetricId names",
            f"The comparison operator {operator} is only supported for anomaly detection",
        )
    elif operator not in _BAND and has("ThresholdMetricId"):
        yield Problem(
            "ComparisonOperator",
            f"write {sorted(_BAND)[0]}: {operator} compares with a Threshold",
            f"The comparison operator {operator} is not supported for anomaly detection",
        )


@rule(_ALARM, words="Invalid arn syntax", source=_API)
def an_alarm_tells_an_arn(alarm: Resource) -> Iterator[Problem]:
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        actions = [str(each) for each in alarm.list(name)]
        for action in actions:
            if not action:
                yield Problem(
                    name, "give the alarm a condition: the parameter for its topic is empty"
                )
            elif not action.startswith("arn:"):
                yield Problem(name, f"give the topic's ARN (!Ref Topic), not {action[:60]}")
            elif action.split(":")[2] not in _ACTIONS:
                yield Problem(
                    name,
                    "name what an alarm can start, such as a topic, not a resource of "
                    f"{action.split(':')[2]}",
                    f"Invalid arn syntax: {action}",
                )
            elif action.endswith(".fifo"):
                yield Problem(name, "name a standard topic", "FIFO topics are not supported")
        if len(actions) > 5:
            yield Problem(
                name, "name at most five actions", "Member must have length less than or equal to 5"
            )


@rule(
    _ALARM,
    words="Value at 'alarmDescription' failed to satisfy constraint: Member must have length less "
    "than or equal to 1024",
    source=_API,
    measures=True,
)
def an_alarms_description_is_not_too_long(alarm: Resource) -> Iterator[Problem]:
    length = len(str(alarm.get("AlarmDescription") or ""))
    if length > _LONGEST_DESCRIPTION:
        yield Problem(
            "AlarmDescription",
            f"shorten it from {length:,} to {_LONGEST_DESCRIPTION:,} characters; a parameter in it "
            "needs a MaxLength",
        )
