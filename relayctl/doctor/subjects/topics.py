"""Topics: their attributes, their policies, and the subscriptions of the relay's queue."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from relayctl.doctor.account import Account, Gone, NotChecked
from relayctl.doctor.drift import ID, Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity

_PENDING = "PendingConfirmation"


def _attributes(account: Account, arn: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = account.get("sns", "get_topic_attributes", TopicArn=arn)[
        "Attributes"
    ]
    return found


def _topic(account: Account, topic: Resource) -> Mapping[str, Any]:
    return {"KmsMasterKeyId": _attributes(account, topic.id).get("KmsMasterKeyId") or None}


def _set(topic: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    return tuple(
        Call(
            "sns",
            "set_topic_attributes",
            {"TopicArn": topic.id, "AttributeName": name, "AttributeValue": value or ""},
        )
        for name, value in properties.items()
    )


def _policy(account: Account, topic: Resource) -> Mapping[str, Any]:
    try:
        return {"PolicyDocument": _attributes(account, topic.id).get("Policy")}
    except Gone:
        return {}  # the topic is gone, which is a finding of its own


def _set_policy(topic: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    return _set(topic, {"Policy": json.dumps(properties["PolicyDocument"])})


def _topics_of_policy(stack: Stack, policy: Resource) -> Iterator[Resource]:
    for arn in policy.get("Topics") or ():
        topic = stack.named(arn)
        yield replace(policy, name=topic.name if topic else policy.name, id=arn)


def _subscription(account: Account, wanted: Resource) -> Mapping[str, Any]:
    """Read the subscription of the endpoint to the topic, whoever made it."""
    listed = account.get("sns", "list_subscriptions_by_topic", TopicArn=wanted.get("TopicArn"))[
        "Subscriptions"
    ]
    found = [
        each["SubscriptionArn"]
        for each in listed
        if each["Protocol"] == wanted.get("Protocol") and each["Endpoint"] == wanted.get("Endpoint")
    ]
    confirmed = [arn for arn in found if arn.startswith("arn:")]
    if not confirmed:
        raise Gone(_PENDING if found else "not subscribed")
    answer = account.get("sns", "get_subscription_attributes", SubscriptionArn=confirmed[0])
    attributes = answer["Attributes"]
    filters = attributes.get("FilterPolicy")
    return {
        ID: confirmed[0],
        "RawMessageDelivery": attributes.get("RawMessageDelivery") == "true",
        "FilterPolicy": json.loads(filters) if filters else None,
        "RedrivePolicy": json.loads(attributes.get("RedrivePolicy") or "null"),
    }


def _subscribe(wanted: Resource) -> tuple[Call, ...]:
    return (
        Call(
            "sns",
            "subscribe",
            {
                "TopicArn": wanted.get("TopicArn"),
                "Protocol": wanted.get("Protocol"),
                "Endpoint": wanted.get("Endpoint"),
                "Attributes": {"RedrivePolicy": json.dumps(wanted.get("RedrivePolicy"))},
            },
        ),
    )


def _set_subscription(found: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    return tuple(
        Call(
            "sns",
            "set_subscription_attributes",
            {
                "SubscriptionArn": found.id,
                "AttributeName": name,
                "AttributeValue": json.dumps(value if value is not None else {}),
            },
        )
        for name, value in properties.items()
    )


KINDS = (
    Kind(
        "AWS::SNS::Topic",
        "topic",
        _topic,
        {
            "": (
                Severity.ERROR,
                "SageMaker cannot publish; reconcile finds the requests only once they are overdue",
            ),
            "KmsMasterKeyId": (
                Severity.ERROR,
                "SageMaker may publish only with permission for the topic's key",
            ),
        },
        _set,
    ),
    Kind(
        "AWS::SNS::TopicPolicy",
        "topic",
        _policy,
        {
            "PolicyDocument": (
                Severity.ERROR,
                "SageMaker may be refused, or strangers permitted to publish",
            )
        },
        _set_policy,
        targets=_topics_of_policy,
        policies=("PolicyDocument",),
    ),
    Kind(
        "AWS::SNS::Subscription",
        "subscription",
        _subscription,
        {
            "": (
                Severity.ERROR,
                "notifications of this topic reach no one; reconcile finds the requests only once "
                "they are overdue",
            ),
            "FilterPolicy": (Severity.ERROR, "SNS drops notifications that it does not match"),
            "RawMessageDelivery": (Severity.WARNING, "route cannot check their topic"),
            "RedrivePolicy": (
                Severity.WARNING,
                "SNS drops a notification that it cannot deliver",
            ),
        },
        _set_subscription,
        {"RawMessageDelivery": False},
        recreate=_subscribe,
    ),
)


def alarm_topic(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report a topic of alarms to which no one is subscribed."""
    arn = str(stack.parameters.get("AlarmTopicArn") or "")
    if not arn:
        return
    finding = Finding(
        "alarm-topic",
        Severity.NOTE,
        "AlarmTopicArn",
        f"topic {arn} has no confirmed subscription: alarms notify no one",
        "Subscribe whoever operates the stack, and confirm the subscription",
        command=f"aws sns subscribe --topic-arn {arn} --protocol email "
        "--notification-endpoint ADDRESS",
    )
    try:
        listed = account.get("sns", "list_subscriptions_by_topic", TopicArn=arn)["Subscriptions"]
    except Gone:
        yield replace(
            finding,
            severity=Severity.WARNING,
            problem=f"topic {arn} does not exist: alarms notify no one",
            action="Create it, or deploy the stack with another AlarmTopicArn",
            command=f"aws sns create-topic --name {arn.rpartition(':')[2]}",
        )
        return
    except NotChecked:
        if arn.split(":")[4] != stack.account_id:
            return  # the owner of the topic, another account, sees to its subscriptions
        raise
    if not any(each["SubscriptionArn"].startswith("arn:") for each in listed):
        yield finding
