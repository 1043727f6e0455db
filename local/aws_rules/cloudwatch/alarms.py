"""Alarms: metrics that are published, under the dimensions under which they are."""

from collections.abc import Iterator

from local.aws_rules.cloudwatch.metrics import (
    Metric,
    misnamed,
    unpublished_by_aws,
    unpublished_by_functions,
)
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
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
_LONGEST_METRICS = 10
_UNITS = {
    "ModelLatency": "Microseconds",
    "RequestDownloadLatency": "Microseconds",
    "ResponseUploadLatency": "Microseconds",
    "TimeInBacklog": "Milliseconds",
    "TotalProcessingTime": "Milliseconds",
    "Duration": "Milliseconds",
}


def _metrics(alarm: Resource) -> Iterator[Metric]:
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
        yield Metric(path, str(metric["Namespace"]), str(metric["MetricName"]), dimensions)


@rule(
    _ALARM,
    words="Nothing publishes the metric, so the alarm never has data and never is in ALARM",
    source=_ALARMS,
    enforced=Enforced.NEVER,
)
def an_alarm_is_on_a_metric_that_aws_publishes(alarm: Resource) -> Iterator[Problem]:
    for metric in _metrics(alarm):
        yield from unpublished_by_aws(metric)


@rule(
    _ALARM,
    words="Nothing publishes the metric under this dimension, so the alarm never has data",
    source=_ALARMS,
    enforced=Enforced.NEVER,
)
def an_alarms_dimension_is_the_name_of_a_resource(alarm: Resource) -> Iterator[Problem]:
    for metric in _metrics(alarm):
        yield from misnamed(metric, alarm.world)


@rule(
    _ALARM,
    words="No function publishes the metric under this dimension, so the alarm never has data",
    source="https://docs.powertools.aws.dev/lambda/python/latest/core/metrics/",
    enforced=Enforced.NEVER,
)
def an_alarm_is_on_a_metric_that_a_function_publishes(alarm: Resource) -> Iterator[Problem]:
    for metric in _metrics(alarm):
        yield from unpublished_by_functions(metric, alarm.world)


@rule(
    _ALARM,
    words="Exactly one element of the metrics list should return data",
    source=_API,
)
def an_alarm_watches_one_series_of_metric_math(alarm: Resource) -> Iterator[Problem]:
    queries = alarm.list("Metrics")
    if not queries:
        return
    watched = [each for each in queries if str(each.get("ReturnData", "true")).lower() == "true"]
    if len(watched) != 1:
        yield Problem(
            "Metrics",
            f"leave ReturnData out of what the alarm watches, and set it to false in all others; "
            f"{len(watched)} return data",
        )
    if len(read := [each for each in queries if "MetricStat" in each]) > _LONGEST_METRICS:
        yield Problem(
            "Metrics",
            f"let metric math read at most {_LONGEST_METRICS} metrics, not {len(read)}: make two "
            "alarms",
            f"An alarm can have at most {_LONGEST_METRICS} metrics",
        )
    if any("SEARCH(" in str(each.get("Expression")) for each in queries):
        yield Problem(
            "Metrics",
            "name each metric instead of SEARCH, which can return several series",
            "SEARCH is not supported on Metric Alarms",
        )


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
