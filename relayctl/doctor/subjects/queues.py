"""Queues: their attributes and their policies, and what lies in dead-letter queues."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity

# In CloudFormation's terms; the API calls them the same.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_DEFAULTS = {
    "VisibilityTimeout": 30,
    "MessageRetentionPeriod": 345_600,
    "DelaySeconds": 0,
    "ReceiveMessageWaitTimeSeconds": 0,
}
# The default of older queues; it is 1 MiB for those that are created now.
_SMALLEST_MAXIMUM = 262_144


def _attributes(account: Account, queue: Resource) -> Mapping[str, Any]:
    answer = account.get("sqs", "get_queue_attributes", QueueUrl=queue.id, AttributeNames=["All"])
    found: Mapping[str, Any] = answer["Attributes"]
    return found


def _queue(account: Account, queue: Resource) -> Mapping[str, Any]:
    found = _attributes(account, queue)
    read: dict[str, Any] = {name: found.get(name) for name in _DEFAULTS}
    read["RedrivePolicy"] = _document(found, "RedrivePolicy")
    read["RedriveAllowPolicy"] = _document(found, "RedriveAllowPolicy")
    read["KmsMasterKeyId"] = found.get("KmsMasterKeyId") or None
    if queue.get("SqsManagedSseEnabled") is not None:
        read["SqsManagedSseEnabled"] = found.get("SqsManagedSseEnabled")
    size = int(found.get("MaximumMessageSize", _SMALLEST_MAXIMUM))
    read["MaximumMessageSize"] = size if size < _SMALLEST_MAXIMUM else None
    return read


def _document(attributes: Mapping[str, Any], name: str) -> Any:
    return json.loads(attributes[name]) if attributes.get(name) else None


def _set(queue: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    attributes = {
        name: json.dumps(value) if isinstance(value, Mapping) else _text(name, value)
        for name, value in properties.items()
    }
    call = {"QueueUrl": queue.id, "Attributes": attributes}
    return (Call("sqs", "set_queue_attributes", call),)


def _text(name: str, value: Any) -> str:
    if name == "MaximumMessageSize" and value is None:
        return str(_SMALLEST_MAXIMUM)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _policy(account: Account, queue: Resource) -> Mapping[str, Any]:
    try:
        return {"PolicyDocument": _document(_attributes(account, queue), "Policy")}
    except Gone:
        return {}  # the queue is gone, which is a finding of its own


def _set_policy(queue: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    return _set(queue, {"Policy": properties["PolicyDocument"]})


def _queues_of_policy(stack: Stack, policy: Resource) -> Iterator[Resource]:
    for url in policy.get("Queues") or ():
        queue = stack.named(url)
        name = queue.name if queue else policy.name
        yield replace(policy, name=name, id=url)


KINDS = (
    Kind(
        "AWS::SQS::Queue",
        "queue",
        _queue,
        {
            "": (Severity.ERROR, "its messages are lost, and its source cannot send"),
            "VisibilityTimeout": (
                Severity.ERROR,
                "if it is shorter than the function runs, messages are processed twice at a time",
            ),
            "MessageRetentionPeriod": (
                Severity.WARNING,
                "messages that wait are deleted at that age",
            ),
            "RedrivePolicy": (
                Severity.ERROR,
                "a message that cannot be processed is received until it expires, or moved too "
                "early, and is not in the dead-letter queue that the stack watches",
            ),
            "RedriveAllowPolicy": (Severity.ERROR, "the queue may refuse dead letters"),
            "DelaySeconds": (Severity.WARNING, "each message waits that long"),
            "MaximumMessageSize": (Severity.ERROR, "larger messages are refused"),
            "KmsMasterKeyId": (
                Severity.ERROR,
                "senders without permission for the key are refused",
            ),
            "SqsManagedSseEnabled": (Severity.WARNING, "messages are stored unencrypted"),
        },
        _set,
        _DEFAULTS,
    ),
    Kind(
        "AWS::SQS::QueuePolicy",
        "queue",
        _policy,
        {
            "PolicyDocument": (
                Severity.ERROR,
                "senders may be refused, or strangers permitted",
            )
        },
        _set_policy,
        targets=_queues_of_policy,
        policies=("PolicyDocument",),
    ),
)


def dead_letters(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report the dead-letter queues that have messages."""
    for queue in dead_letter_queues(stack):
        try:
            attributes = _attributes(account, queue)
        except Gone:
            continue  # reported as a difference
        number = int(attributes.get("ApproximateNumberOfMessages", 0))
        number += int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0))
        if number:
            messages = "1 message" if number == 1 else f"{number:,} messages"
            yield Finding(
                "dead-letters",
                Severity.ERROR,
                queue.name,
                f"dead-letter queue {queue.id.rpartition('/')[2]} has {messages}",
                "Look at their reasons; then redrive or drop them",
                command=f"relayctl parked --stack-name {stack.name}",
            )


def dead_letter_queues(stack: Stack) -> Iterator[Resource]:
    """Return the queues of the stack to which something of the stack sends what failed."""
    named = {
        queue.name: queue
        for source in stack.resources.values()
        for arn in _targets(source.properties)
        if (queue := stack.named(arn)) and queue.type == "AWS::SQS::Queue"
    }
    yield from named.values()


def _targets(value: Any) -> Iterator[str]:
    """Find the destinations of what failed, wherever a resource names them."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "deadLetterTargetArn":
                yield str(each)
            elif key in ("DeadLetterConfig", "OnFailure") and isinstance(each, Mapping):
                yield from (str(arn) for arn in each.values())
            else:
                yield from _targets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _targets(each)
