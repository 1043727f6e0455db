"""Dashboards: a body of the documented form, with metrics that are published."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.aws_rules.cloudwatch.metrics import (
    Metric,
    misnamed,
    unpublished_by_aws,
    unpublished_by_functions,
)
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_DASHBOARD = "AWS::CloudWatch::Dashboard"
_BODY = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
    "CloudWatch-Dashboard-Body-Structure.html"
)
# Lowest and highest number; the highest row has no bound.
_PLACES = {"x": (0, 23), "y": (0, float("inf")), "width": (1, 24), "height": (1, 1000)}
_TYPES = ("metric", "text", "log", "alarm", "explorer", "custom", "chart")
_VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
_SHORT_PERIODS = (1, 5, 10, 30)
_LONGEST_WIDGETS, _LONGEST_METRICS, _LONGEST_ALARMS = 500, 500, 100


@rule(
    _DASHBOARD,
    words="The dashboard body is invalid",
    source=_BODY,
)
def a_dashboards_body_is_of_the_documented_form(dashboard: Resource) -> Iterator[Problem]:
    """Raises no error for a body that is not JSON: it is a problem."""
    try:
        body = json.loads(str(dashboard.get("DashboardBody")))
    except ValueError as error:
        yield Problem("DashboardBody", f"write a JSON object: {error}")
        return
    widgets = body.get("widgets") if isinstance(body, dict) else None
    if not isinstance(widgets, list) or len(widgets) > _LONGEST_WIDGETS:
        yield Problem(
            "DashboardBody", f"give a list widgets with at most {_LONGEST_WIDGETS} members"
        )
        return
    for path, widget in _widgets(widgets):
        if not isinstance(widget, dict) or not isinstance(widget.get("properties"), dict):
            yield Problem(path, "write an object with the members type and properties")
            continue
        yield from _misplaced(path, widget)
        if widget.get("type") not in _TYPES:
            yield Problem(
                f"{path}.type", f"write one of {', '.join(_TYPES)}, not {widget.get('type')}"
            )
        elif check := _PROPERTIES.get(widget["type"]):
            yield from check(f"{path}.properties", widget["properties"])


def _misplaced(path: str, widget: Mapping[str, Any]) -> Iterator[Problem]:
    for name, (low, high) in _PLACES.items():
        place = widget.get(name, low)
        if not isinstance(place, int) or not low <= place <= high:
            yield Problem(f"{path}.{name}", f"write a whole number from {low} to {high}")


def _text(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(properties.get("markdown"), str):
        yield Problem(path, "give the text as markdown")


def _alarms(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    alarms = properties.get("alarms")
    if not isinstance(alarms, list) or not 1 <= len(alarms) <= _LONGEST_ALARMS:
        yield Problem(f"{path}.alarms", f"list 1 to {_LONGEST_ALARMS} ARNs of alarms")
    elif wrong := [each for each in alarms if not str(each).startswith("arn:")]:
        yield Problem(f"{path}.alarms", f"name alarms by their ARNs, not {wrong[0]}")


def _metric(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(properties.get("region"), str):
        yield Problem(path, "give the region: a dashboard is of no region")
    if properties.get("view", "timeSeries") not in _VIEWS:
        yield Problem(f"{path}.view", f"write one of {', '.join(_VIEWS)}")
    yield from _bad_period(path, properties)
    metrics = properties.get("metrics")
    if metrics is None and "alarms" in properties.get("annotations", {}):
        return
    if not isinstance(metrics, list) or not 1 <= len(metrics) <= _LONGEST_METRICS:
        yield Problem(f"{path}.metrics", f"list 1 to {_LONGEST_METRICS} metrics or expressions")
        return
    for index, each in enumerate(metrics):
        where = f"{path}.metrics[{index}]"
        if not isinstance(each, list) or not each:
            yield Problem(where, "write a list: namespace, name, dimensions, and an object")
            continue
        *named, last = each
        rendering = last if isinstance(last, dict) else {}
        yield from _bad_period(where, rendering)
        if not named and "expression" not in rendering:
            yield Problem(where, "give a metric, or an object with the member expression")
        elif not all(isinstance(one, str) for one in (*named, "" if rendering else last)):
            yield Problem(where, "write namespace, name and dimensions as strings")


def _bad_period(path: str, properties: Mapping[str, Any]) -> Iterator[Problem]:
    period = properties.get("period", 60)
    if not isinstance(period, int) or (
        period not in _SHORT_PERIODS and (period < 60 or period % 60)
    ):
        yield Problem(f"{path}.period", "write 1, 5, 10, 30 or a multiple of 60")


_PROPERTIES = {"metric": _metric, "text": _text, "alarm": _alarms}


@rule(
    _DASHBOARD,
    words="Nothing publishes the metric under these dimensions, so the graph stays empty",
    source=_BODY,
    enforced=Enforced.NEVER,
)
def a_dashboard_shows_metrics_that_are_published(dashboard: Resource) -> Iterator[Problem]:
    for metric in metrics(str(dashboard.get("DashboardBody"))):
        yield from unpublished_by_aws(metric)
        yield from misnamed(metric, dashboard.world)
        yield from unpublished_by_functions(metric, dashboard.world)


def metrics(body: str) -> Iterator[Metric]:
    """Return the metrics of all widgets, abbreviations written out; none of a body without form."""
    try:
        widgets = json.loads(body)["widgets"]
    except (ValueError, KeyError, TypeError):
        return
    for path, widget in _widgets(widgets):
        before: list[str] = []
        for index, each in enumerate(widget["properties"].get("metrics", [])):
            named = [part for part in each if isinstance(part, str)]
            if not named:
                continue
            before = _written_out(named, before)
            namespace, name, *dimensions = before
            pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
            yield Metric(f"{path}.properties.metrics[{index}].", namespace, name, pairs)


def _written_out(named: Sequence[str], before: Sequence[str]) -> list[str]:
    """`.` repeats what the metric before has in this place, `...` all that precedes the rest."""
    if named[0] == "...":
        rest = named[1:]
        return [*before[: len(before) - len(rest)], *rest]
    return [before[place] if part == "." else part for place, part in enumerate(named)]


def _widgets(widgets: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for index, widget in enumerate(widgets):
        yield f"DashboardBody.widgets[{index}]", widget
