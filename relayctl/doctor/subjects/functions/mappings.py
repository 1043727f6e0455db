"""Event source mappings: whether Lambda receives messages, and how."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.drift import ID, Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity
from relayctl.doctor.subjects.queues import dead_letter_queues
from relayctl.flow.mappings import Flow

_TYPE = "AWS::Lambda::EventSourceMapping"
_OFF = ("Disabled", "Disabling")


def _described(account: Account, mapping: Resource) -> Mapping[str, Any]:
    """Read the mapping, or one that was created in its place."""
    try:
        return account.get("lambda", "get_event_source_mapping", UUID=mapping.id)
    except Gone as gone:
        listed = account.get(
            "lambda",
            "list_event_source_mappings",
            FunctionName=mapping.get("FunctionName"),
            EventSourceArn=mapping.get("EventSourceArn"),
        )["EventSourceMappings"]
        if not listed:
            raise gone
        found: Mapping[str, Any] = listed[0]
        return found


def _mapping(account: Account, mapping: Resource) -> Mapping[str, Any]:
    found = _described(account, mapping)
    scaling = found.get("ScalingConfig") or {}
    filters = (found.get("FilterCriteria") or {}).get("Filters")
    return {
        ID: found["UUID"],
        "BatchSize": found.get("BatchSize"),
        "MaximumBatchingWindowInSeconds": found.get("MaximumBatchingWindowInSeconds", 0),
        "FunctionResponseTypes": found.get("FunctionResponseTypes") or None,
        "ScalingConfig": scaling or None,
        "EventSourceArn": found.get("EventSourceArn"),
        "FilterCriteria": {"Filters": filters} if filters else None,
    }


def _set(mapping: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    if "EventSourceArn" in properties:
        return ()
    given = {name: _api(name, value) for name, value in properties.items()}
    return (Call("lambda", "update_event_source_mapping", {"UUID": mapping.id, **given}),)


def _create(mapping: Resource) -> tuple[Call, ...]:
    given = {name: _api(name, value) for name, value in mapping.properties.items()}
    return (Call("lambda", "create_event_source_mapping", given),)


def _api(name: str, value: Any) -> Any:
    """Return a property as the API takes it: numbers that templates write as text are numbers."""
    match name, value:
        case "ScalingConfig", Mapping():
            return {each: int(number) for each, number in value.items()}
        case (("BatchSize" | "MaximumBatchingWindowInSeconds"), _):
            return int(value)
        case (("FilterCriteria" | "ScalingConfig"), None):
            return {}
        case "FunctionResponseTypes", None:
            return []
    return value


KINDS = (
    Kind(
        _TYPE,
        "event source mapping",
        _mapping,
        {
            "": (Severity.ERROR, "Lambda receives no messages; they wait in the queue"),
            "BatchSize": (Severity.WARNING, "batches take longer than the function may, or cost"),
            "FunctionResponseTypes": (
                Severity.ERROR,
                "one message that fails repeats its whole batch, and messages that failed may be "
                "deleted",
            ),
            "ScalingConfig": (Severity.WARNING, "the function runs more or fewer times at once"),
            "EventSourceArn": (Severity.ERROR, "the function receives from another queue"),
            "FilterCriteria": (
                Severity.ERROR,
                "Lambda deletes the messages that it does not match",
            ),
        },
        _set,
        recreate=_create,
    ),
)


def state(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report mappings that are switched off, and those whose invocations fail."""
    for mapping in stack.of(_TYPE):
        try:
            found = _described(account, mapping)
        except Gone:
            continue  # reported as a difference
        mapping = replace(mapping, id=str(found["UUID"]))
        source = stack.named(str(mapping.get("FunctionName")))
        flow = source.name.removesuffix("Function").lower() if source else ""
        function = str(found.get("FunctionArn", mapping.get("FunctionName"))).rpartition(":")[2]
        if found.get("State") in _OFF and mapping.get("Enabled") in (None, True, "true"):
            yield Finding(
                "event-source-mapping-disabled",
                Severity.ERROR,
                mapping.name,
                f"event source mapping {mapping.id} of {function} is disabled"
                f"{_reason(found.get('StateTransitionReason'))}: messages wait in its queue, for "
                "12 days at most",
                "Enable it, unless someone paused it and still needs it to be",
                (
                    Call(
                        "lambda",
                        "update_event_source_mapping",
                        {"UUID": mapping.id, "Enabled": True},
                    ),
                ),
                f"relayctl resume {flow}" if flow in tuple(Flow) else "",
            )
        elif str(found.get("LastProcessingResult", "")).startswith("PROBLEM"):
            yield Finding(
                "event-source-mapping-failing",
                Severity.ERROR,
                mapping.name,
                f"event source mapping {mapping.id} of {function}: {found['LastProcessingResult']}",
                "Remove the cause; the function's log has more",
                command=f"aws logs tail /aws/lambda/{function} --since 1h",
            )


def _reason(text: Any) -> str:
    usual = (None, "", "User action", "USER_INITIATED")
    return "" if text in usual else f" ({text})"


def further(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report mappings that take messages from queues of the relay, and are not the stack's.

    The queues of results are not among these: a mapping there is that of a consumer.
    """
    own: set[str] = set()
    sources: dict[str, Resource] = {each.arn: each for each in dead_letter_queues(stack)}
    for mapping in stack.of(_TYPE):
        own.add(mapping.id)
        if queue := stack.named(str(mapping.get("EventSourceArn"))):
            sources[queue.arn] = queue
        try:
            own.add(str(_described(account, mapping)["UUID"]))
        except Gone:
            continue  # reported as a difference
    for arn, queue in sources.items():
        listed = account.get("lambda", "list_event_source_mappings", EventSourceArn=arn)
        for found in listed["EventSourceMappings"]:
            if found["UUID"] not in own and found.get("State") != "Deleting":
                yield _added(queue, found)


def _added(queue: Resource, found: Mapping[str, Any]) -> Finding:
    off = found.get("State") in _OFF
    name = queue.arn.rpartition(":")[2]
    function = str(found.get("FunctionArn", "")).rpartition(":function:")[2]
    return Finding(
        "event-source-mapping-added",
        Severity.WARNING if off else Severity.ERROR,
        queue.name,
        f"event source mapping {found['UUID']} of {function}, which is not of the stack, "
        + ("would take messages away" if off else "takes messages away")
        + f" from queue {name}"
        + (" if it was enabled" if off else ""),
        "Delete it, unless it is yours",
        (Call("lambda", "delete_event_source_mapping", {"UUID": found["UUID"]}),),
    )
