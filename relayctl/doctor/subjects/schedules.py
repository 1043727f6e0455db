"""Rules of EventBridge: schedules, changes of the endpoint, and uploads to existing buckets."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from relayctl.doctor.account import Account
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource
from relayctl.doctor.findings import Call, Severity

_EFFECT = "what it starts (reconcile, provision, or the submission of uploads) does not happen"


# The function backfill disables its own schedule while there is nothing to do.
_SWITCHED = "BackfillFunctionSchedule"


def _rule(account: Account, rule: Resource) -> Mapping[str, Any]:
    found = account.get("events", "describe_rule", Name=rule.id)
    listed = account.get("events", "list_targets_by_rule", Rule=rule.id)["Targets"]
    wanted = [dict(each) for each in rule.get("Targets") or ()]
    # Those of others are theirs; what a target has beside these members decides nothing.
    arns = {each["Arn"] for each in wanted}
    targets = [
        {name: each[name] for name in ("Id", "Arn", "DeadLetterConfig", "Input") if each.get(name)}
        for each in listed
        if each["Arn"] in arns
    ]
    pattern = found.get("EventPattern")
    read = {
        "State": "ENABLED" if rule.name == _SWITCHED else found.get("State"),
        "ScheduleExpression": found.get("ScheduleExpression") or None,
        "EventPattern": json.loads(pattern) if pattern else None,
        "Targets": targets or None,
    }
    if isinstance(rule.get("EventPattern"), str):
        same = pattern and json.loads(pattern) == json.loads(rule.get("EventPattern"))
        read["EventPattern"] = rule.get("EventPattern") if same else pattern
    return read


def _set(rule: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    if "State" in properties:
        operation = "enable_rule" if properties["State"] == "ENABLED" else "disable_rule"
        return (Call("events", operation, {"Name": rule.id}),)
    if "Targets" in properties:
        return _put_targets(rule)
    return (_put(rule),)


def _create(rule: Resource) -> tuple[Call, ...]:
    return (_put(rule), *_put_targets(rule))


def _put(rule: Resource) -> Call:
    given: dict[str, Any] = {"Name": rule.id}
    for name in ("ScheduleExpression", "EventPattern", "Description", "State"):
        value = rule.get(name)
        if value:
            given[name] = value if isinstance(value, str) else json.dumps(value)
    return Call("events", "put_rule", given)


def _put_targets(rule: Resource) -> tuple[Call, ...]:
    targets: Iterator[Any] = iter(rule.get("Targets") or ())
    return (Call("events", "put_targets", {"Rule": rule.id, "Targets": list(targets)}),)


KINDS = (
    Kind(
        "AWS::Events::Rule",
        "rule",
        _rule,
        {
            "": (Severity.ERROR, _EFFECT),
            "State": (Severity.ERROR, _EFFECT),
            "Targets": (Severity.ERROR, _EFFECT),
            "ScheduleExpression": (Severity.WARNING, "it starts its function at other times"),
            "EventPattern": (Severity.ERROR, "it matches other events than those of the relay"),
        },
        _set,
        {"State": "ENABLED"},
        recreate=_create,
    ),
)
