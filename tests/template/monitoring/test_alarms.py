"""What is in ALARM, and which topic is notified."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from local.stack.settings import REPOSITORY
from tests.template.template import (
    Resource,
    deployed,
    resolve,
    resource,
    resources,
    source,
    target,
)

ALARMS = resources("CloudWatch::Alarm")
METRICS: list[Mapping[str, Any]] = [
    metric
    for alarm in ALARMS
    for metric in (
        [
            each["MetricStat"]["Metric"]
            for each in alarm.properties["Metrics"]
            if "MetricStat" in each
        ]
        if "Metrics" in alarm.properties
        else [alarm.properties]
    )
]
ROLLING_BACK = {"FailedInferencesAlarm", "ModelErrorsAlarm", "ModelLatencyAlarm"}


def test_the_endpoints_updates_watch_the_relays_alarms_and_the_given_ones() -> None:
    names = source()["Resources"]["Endpoint"]["Properties"]["RollbackAlarmNames"]

    assert {target(name) for name in names[:-1]} == ROLLING_BACK
    assert names[-1] == {"Fn::Join": [",", {"Ref": "RollbackAlarmNames"}]}


def test_without_a_topic_only_alarms_with_an_effect_exist() -> None:
    unconditional = {name for name in _all() if "Condition" not in _all()[name]}

    assert unconditional == ROLLING_BACK


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda each: each.name)
def test_an_alarm_says_what_is_wrong_and_stays_ok_without_data(alarm: Resource) -> None:
    assert alarm.properties["AlarmDescription"]
    assert alarm.properties["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda each: each.name)
def test_operators_are_notified_of_an_alarm_and_of_its_end(alarm: Resource) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:operators"

    notified = deployed(AlarmTopicArn=topic)[alarm.name].properties

    assert notified["AlarmActions"] == notified["OKActions"] == [{"Ref": "AlarmTopicArn"}]


def test_alarms_on_a_variant_watch_the_one_that_is_named() -> None:
    """A metric of a missing variant has no data, so its alarm never changes its state."""
    watched = [
        dimension["Value"]
        for metric in METRICS
        for dimension in metric["Dimensions"]
        if dimension["Name"] == "VariantName"
    ]

    assert watched == [{"Ref": "VariantName"}] * 5
    assert deployed()["Endpoint"].properties["VariantName"] == {"Ref": "VariantName"}


def test_the_stack_may_be_updated_without_its_alarms() -> None:
    switch = source()["Resources"]["Endpoint"]["Properties"]["WatchRollbackAlarms"]

    assert switch == {"Ref": "WatchRollbackAlarms"}
    assert source()["Parameters"]["WatchRollbackAlarms"]["AllowedValues"] == ["true", "false"]


def test_every_dead_letter_queue_is_watched() -> None:
    queues = {queue.name for queue in resources("SQS::Queue") if "DeadLetter" in queue.name}

    assert _watched("ApproximateNumberOfMessagesVisible", "QueueName") == queues


def test_the_age_of_what_waits_in_the_queues_of_the_functions_is_watched() -> None:
    """Those of consumers are watched by the consumers."""
    mappings = resources("Lambda::EventSourceMapping")
    read = {target(each.properties["EventSourceArn"]) for each in mappings}

    assert _watched("ApproximateAgeOfOldestMessage", "QueueName") == read


@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration"])
def test_every_function_is_watched(metric: str) -> None:
    assert _watched(metric, "FunctionName") == {each.name for each in resources("Lambda::Function")}


def test_the_duration_is_compared_with_the_timeout_of_every_function() -> None:
    [alarm] = [each for each in ALARMS if each.name == "FunctionDurationAlarm"]
    [timeout] = {1000 * each.properties["Timeout"] for each in resources("Lambda::Function")}

    assert alarm.properties["Metrics"][0]["Expression"] == f"100 * MAX(METRICS()) / {timeout}"


@pytest.mark.parametrize(
    "metric", ["NumberOfNotificationsFailed", "NumberOfNotificationsFailedToRedriveToDlq"]
)
def test_every_topic_is_watched(metric: str) -> None:
    assert _watched(metric, "TopicName") == {each.name for each in resources("SNS::Topic")}


def test_the_table_and_its_index_are_watched() -> None:
    [index] = resource("LedgerTable").properties["GlobalSecondaryIndexes"]

    for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
        of_table, of_index = (each for each in METRICS if each["MetricName"] == metric)
        [table] = of_table["Dimensions"]
        assert target(table["Value"]) == "LedgerTable"
        assert of_index["Dimensions"] == [
            table,
            {"Name": "GlobalSecondaryIndexName", "Value": index["IndexName"]},
        ]


def _watched(metric: str, dimension: str) -> set[str]:
    """The resources whose metric an alarm watches."""
    return {
        target(each["Value"])
        for found in METRICS
        if found["MetricName"] == metric
        for each in found["Dimensions"]
        if each["Name"] == dimension
    }


def _all() -> dict[str, dict[str, object]]:
    return {
        name: resource
        for name, resource in source()["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def test_the_models_latency_is_compared_in_microseconds() -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html"""
    (alarm,) = (each for each in ALARMS if each.properties.get("MetricName") == "ModelLatency")

    assert resolve(alarm.properties["Threshold"]) == "600000000"


def test_the_runbook_names_every_metric_of_the_dead_letter_alarm() -> None:
    [alarm] = [each for each in ALARMS if each.name == "DeadLetterAlarm"]
    watched = {
        each["Id"]: target(each["MetricStat"]["Metric"]["Dimensions"][0]["Value"])
        for each in alarm.properties["Metrics"]
        if "MetricStat" in each
    }

    page = (REPOSITORY / "docs/how-to/runbooks/dead-letter-queues.md").read_text()
    assert dict(re.findall(r"^\| `(\w+)` \| \[`(\w+)`\]", page, re.M)) == watched
