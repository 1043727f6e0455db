"""Alarms: whether they notify, and which of them are in ALARM."""

from collections.abc import Iterator, Mapping
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity

_TYPE = "AWS::CloudWatch::Alarm"
_SETTINGS = (
    *("Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator"),
    "TreatMissingData",
)
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_NUMBERS = {"Period": int, "EvaluationPeriods": int, "DatapointsToAlarm": int, "Threshold": float}
_SILENT = "no one is notified of what it watches"


def _described(stack_alarms: Mapping[str, Any], alarm: Resource) -> Mapping[str, Any]:
    for each in stack_alarms["MetricAlarms"]:
        if each["AlarmName"] == alarm.id:
            found: Mapping[str, Any] = each
            return found
    raise Gone("ResourceNotFound")


def _read(account: Account, alarm: Resource) -> Mapping[str, Any]:
    return _described(account.get("cloudwatch", "describe_alarms", AlarmNames=[alarm.id]), alarm)


def _alarm(account: Account, alarm: Resource) -> Mapping[str, Any]:
    found = _read(account, alarm)
    read: dict[str, Any] = {name: found.get(name) or None for name in _ACTIONS}
    read["ActionsEnabled"] = found.get("ActionsEnabled", True)
    if alarm.get("Metrics"):
        read["Metrics"] = _queries(found.get("Metrics"))
    else:
        read |= {name: found.get(name) for name in _SETTINGS}
        read["Threshold"] = found.get("Threshold")
    return read


def _queries(metrics: Any) -> Any:
    """Leave out what CloudWatch adds: ReturnData is true unless it is false."""
    found = [
        {name: each for name, each in query.items() if (name, each) != ("ReturnData", True)}
        for query in metrics or ()
    ]
    return found or None


def _set(alarm: Resource, _: Mapping[str, Any]) -> tuple[Call, ...]:
    return _put(alarm)


def _put(alarm: Resource) -> tuple[Call, ...]:
    given: dict[str, Any] = {"AlarmName": alarm.id}
    given |= {name: _api(name, value) for name, value in alarm.properties.items()}
    given.pop("Tags", None)
    return (Call("cloudwatch", "put_metric_alarm", given),)


def _api(name: str, value: Any) -> Any:
    if name in _NUMBERS:
        return _NUMBERS[name](value)
    if name == "Metrics":
        return [_query(each) for each in value]
    return str(value).lower() == "true" if name == "ActionsEnabled" else value


def _query(query: Mapping[str, Any]) -> Mapping[str, Any]:
    found = dict(query)
    if "MetricStat" in found:
        found["MetricStat"] = {**found["MetricStat"], "Period": int(found["MetricStat"]["Period"])}
    if "ReturnData" in found:
        found["ReturnData"] = str(found["ReturnData"]).lower() == "true"
    return found


KINDS = (
    Kind(
        _TYPE,
        "alarm",
        _alarm,
        {
            "": (Severity.ERROR, _SILENT),
            "AlarmActions": (Severity.ERROR, _SILENT),
            "ActionsEnabled": (Severity.ERROR, _SILENT),
            **dict.fromkeys(_SETTINGS, (Severity.WARNING, "it watches something else")),
            "Metrics": (Severity.WARNING, "it watches something else"),
        },
        _set,
        {"ActionsEnabled": True},
        recreate=_put,
    ),
)


def state(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report the alarms that are in ALARM. One without data is as it should be."""
    for alarm in stack.of(_TYPE):
        try:
            found = _read(account, alarm)
        except Gone:
            continue  # reported as a difference
        if found.get("StateValue") == "ALARM":
            meaning, _, runbook = str(found.get("AlarmDescription") or "").partition("Runbook:")
            where = runbook.strip() or "docs/reference/alarms.md"
            yield Finding(
                "alarm-in-alarm",
                Severity.ERROR,
                alarm.name,
                f"alarm {alarm.id} is in ALARM: {meaning.strip() or found.get('StateReason')}",
                f"Follow its runbook, {where}",
                command=f"aws cloudwatch describe-alarms --alarm-names {alarm.id}",
            )
