"""Faults of alarms."""

from tests.support.relayctl.drift.fault import (
    Fault,
    alarm,
    call,
    id,
)

FAULTS = (
    Fault(
        "an alarm without action",
        "alarm-alarm-actions",
        "DeadLetterAlarm",
        alarm("DeadLetterAlarm", AlarmActions=[]),
    ),
    Fault(
        "an alarm whose actions are off",
        "alarm-actions-enabled",
        "ModelErrorsAlarm",
        call(
            "cloudwatch", "disable_alarm_actions", AlarmNames=lambda it: [it.id("ModelErrorsAlarm")]
        ),
    ),
    Fault(
        "an alarm with another threshold",
        "alarm-threshold",
        "FailedInferencesAlarm",
        alarm("FailedInferencesAlarm", Threshold=1000.0),
    ),
    Fault(
        "an alarm of metric math with other queues",
        "alarm-metrics",
        "DeadLetterAlarm",
        lambda it: alarm(
            "DeadLetterAlarm",
            Metrics=it.client("cloudwatch").describe_alarms(AlarmNames=[it.id("DeadLetterAlarm")])[
                "MetricAlarms"
            ][0]["Metrics"][:3],
        )(it),
    ),
    Fault(
        "an alarm that is gone",
        "alarm-gone",
        "RoutesUnusableAlarm",
        call("cloudwatch", "delete_alarms", AlarmNames=lambda it: [it.id("RoutesUnusableAlarm")]),
    ),
    Fault(
        "an alarm in ALARM",
        "alarm-in-alarm",
        "ModelErrorsAlarm",
        call(
            "cloudwatch",
            "set_alarm_state",
            AlarmName=id("ModelErrorsAlarm"),
            StateValue="ALARM",
            StateReason="a test",
        ),
        call(
            "cloudwatch",
            "set_alarm_state",
            AlarmName=id("ModelErrorsAlarm"),
            StateValue="OK",
            StateReason="a test",
        ),
    ),
)
