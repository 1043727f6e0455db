"""The dashboard: what CloudWatch gets as its body, with all the alarms and without."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from local.aws_rules.cloudwatch.dashboards import metrics
from local.aws_rules.cloudwatch.metrics import (
    misnamed,
    unpublished_by_aws,
    unpublished_by_functions,
)
from tests.template.template import resources, world

TOPIC = "arn:aws:sns:us-east-1:123456789012:operators"
STACK = world(CreateDashboard="true", AlarmTopicArn=TOPIC)
BODY = str(STACK.named("Dashboard").get("DashboardBody"))
WIDGETS: list[dict[str, Any]] = json.loads(BODY)["widgets"]
GRAPHS = [each["properties"] for each in WIDGETS if each["type"] == "metric"]
METRICS = [*metrics(BODY)]
# https://aws.amazon.com/cloudwatch/pricing/, free tier
FREE_METRICS = 50


def test_there_is_no_dashboard_unless_it_is_asked_for() -> None:
    assert not world().exists("Dashboard")
    assert STACK.exists("Dashboard")


def test_the_flow_goes_from_left_to_right() -> None:
    stages = ("Uploads", "Age of the oldest", "Waiting", "Functions", "Endpoint", "Results")
    order = sorted((each for each in WIDGETS if each["type"] == "metric"), key=_place)
    titles = [each["properties"]["title"] for each in order]

    found = [next(n for n, title in enumerate(titles) if title.startswith(s)) for s in stages]

    assert found == sorted(found)
    assert [each.partition(":")[0] for each in titles[-3:]] == ["Dead letters", "Cost", "Cost"]


def test_the_line_over_the_durations_is_the_timeout_of_every_function() -> None:
    [graph] = [each for each in GRAPHS if "annotations" in each]
    [timeout] = {1000 * each.properties["Timeout"] for each in resources("Lambda::Function")}

    assert graph["annotations"]["horizontal"] == [{"label": "timeout", "value": timeout}]


def test_no_widget_covers_another_one_or_leaves_the_grid() -> None:
    cells = [
        (column, row)
        for each in WIDGETS
        for column, row in itertools.product(
            range(each["x"], each["x"] + each["width"]),
            range(each["y"], each["y"] + each["height"]),
        )
    ]

    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) == 23


def test_every_metric_is_published_by_a_resource_of_the_stack() -> None:
    """Of the endpoint, the name is a parameter."""
    checks = [
        problem
        for metric in METRICS
        for problem in (
            *unpublished_by_aws(metric),
            *misnamed(metric, STACK),
            *unpublished_by_functions(metric, STACK),
        )
    ]
    endpoint = STACK.named("Endpoint").get("EndpointName")
    named = {
        each.dimensions["EndpointName"] for each in METRICS if each.namespace.endswith("Maker")
    }

    assert checks == []
    assert named == {endpoint}


def test_the_dashboard_is_one_of_those_that_are_free() -> None:
    shown = {(each.namespace, each.name, *sorted(each.dimensions.items())) for each in METRICS}

    assert len(shown) <= FREE_METRICS


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda each: str(each["title"]))
def test_depths_and_ages_have_their_maximum_and_counts_their_sum(graph: Mapping[str, Any]) -> None:
    """The sum of a depth over the samples of a period has no meaning."""
    body = json.dumps({"widgets": [{"type": "metric", "properties": graph}]})

    wanted = {_statistic(each.name) for each in metrics(body)}

    assert wanted == {graph["stat"]}


def _statistic(metric: str) -> str:
    if metric == "ModelLatency":
        return "Average"
    measured = ("Approximate", "OldestReturned", "Duration")
    return "Maximum" if metric.startswith(measured) else "Sum"


def test_every_alarm_of_the_stack_is_shown_and_none_that_it_lacks() -> None:
    [shown] = [each["properties"]["alarms"] for each in WIDGETS if each["type"] == "alarm"]
    few = json.loads(str(world(CreateDashboard="true").named("Dashboard").get("DashboardBody")))

    assert shown == [STACK.named(each.name).arn for each in _alarms()]
    assert len(few["widgets"][0]["properties"]["alarms"]) == 3


def test_every_function_topic_and_queue_of_the_flow_is_shown() -> None:
    names = {value for each in METRICS for value in each.dimensions.values()}
    kinds = ("Lambda::Function", "SQS::Queue", "DynamoDB::Table")
    # Consumers watch their own queues.
    downstream = {"CompletedQueue", "FailedQueue"}

    shown = {each.name for kind in kinds for each in resources(kind)} - downstream

    assert {STACK.named(each).physical_name for each in shown} <= names


def test_two_stacks_of_one_name_in_two_regions_have_a_dashboard_each() -> None:
    """Dashboards belong to no region."""
    assert STACK.named("Dashboard").get("DashboardName") == f"relay-{STACK.region}"


def test_the_timeout_is_drawn_where_it_is() -> None:
    [drawn] = [each["annotations"]["horizontal"] for each in GRAPHS if "annotations" in each]
    timeouts = {each.properties["Timeout"] for each in resources("Lambda::Function")}

    assert {line["value"] for line in drawn} == {1000 * each for each in timeouts}


def _place(widget: Mapping[str, Any]) -> tuple[int, int]:
    return widget["y"], widget["x"]


def _alarms() -> list[Any]:
    return resources("CloudWatch::Alarm")
