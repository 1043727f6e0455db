"""What the rest stands on: keys, log groups, and the dashboard."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.compare import statements
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity


def _log_group(account: Account, group: Resource) -> Mapping[str, Any]:
    listed = account.get("logs", "describe_log_groups", logGroupNamePrefix=group.id)["logGroups"]
    found = next((each for each in listed if each["logGroupName"] == group.id), None)
    if found is None:
        raise Gone("ResourceNotFoundException")
    return {"RetentionInDays": found.get("retentionInDays"), "KmsKeyId": found.get("kmsKeyId")}


def _set_log_group(group: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    given: dict[str, Any] = {"logGroupName": group.id}
    if days := properties.get("RetentionInDays"):
        return (Call("logs", "put_retention_policy", {**given, "retentionInDays": int(days)}),)
    if key := properties.get("KmsKeyId"):
        return (Call("logs", "associate_kms_key", {**given, "kmsKeyId": key}),)
    return (Call("logs", "disassociate_kms_key", given),)


def _create_log_group(group: Resource) -> tuple[Call, ...]:
    given: dict[str, Any] = {"logGroupName": group.id}
    encrypted = {"kmsKeyId": group.get("KmsKeyId")} if group.get("KmsKeyId") else {}
    return (
        Call("logs", "create_log_group", {**given, **encrypted}),
        *_set_log_group(group, {"RetentionInDays": group.get("RetentionInDays")}),
    )


def _key(account: Account, key: Resource) -> Mapping[str, Any]:
    rotation = account.get("kms", "get_key_rotation_status", KeyId=key.id)
    policy = account.get("kms", "get_key_policy", KeyId=key.id, PolicyName="default")["Policy"]
    return {
        "EnableKeyRotation": rotation["KeyRotationEnabled"],
        "KeyPolicy": None if _leaves_it_to_iam(policy) else policy,
    }


def _leaves_it_to_iam(policy: str) -> bool:
    """Whether a key policy is as KMS gives it to a key: the account decides, and nothing is denied.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    found = statements(policy)
    return all(each["Effect"] == "Allow" for each in found) and any(
        ":root" in str(each.get("Principal")) and "kms:*" in str(each.get("Action"))
        for each in found
    )


def _set_key(key: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    if "KeyPolicy" in properties:
        return (Call("kms", "put_key_policy", {"KeyId": key.id, "Policy": _default_policy(key)}),)
    enabled = str(properties["EnableKeyRotation"]).lower() == "true"
    operation = "enable_key_rotation" if enabled else "disable_key_rotation"
    return (Call("kms", operation, {"KeyId": key.id}),)


def _default_policy(key: Resource) -> str:
    _, partition, _, _, account, _ = key.arn.split(":", 5)
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _dashboard(account: Account, dashboard: Resource) -> Mapping[str, Any]:
    account.get("cloudwatch", "get_dashboard", DashboardName=dashboard.id)
    return {}


KINDS = (
    Kind(
        "AWS::Logs::LogGroup",
        "log group",
        _log_group,
        {
            "": (Severity.WARNING, "the function has no log, and its metrics are lost with it"),
            "RetentionInDays": (Severity.WARNING, "lines are kept longer or shorter"),
            "KmsKeyId": (Severity.WARNING, "lines are encrypted with another key, or none"),
        },
        _set_log_group,
        recreate=_create_log_group,
    ),
    Kind(
        "AWS::KMS::Key",
        "key",
        _key,
        {
            "": (Severity.ERROR, "SageMaker cannot publish to the topics"),
            "KeyPolicy": (
                Severity.ERROR,
                "SageMaker may be denied the key, and cannot publish to the topics then",
            ),
        },
        _set_key,
    ),
    Kind(
        "AWS::CloudWatch::Dashboard",
        "dashboard",
        _dashboard,
        {"": (Severity.WARNING, "the stack cannot be seen there")},
    ),
)


def keys(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report keys that encrypt something of the stack and cannot be used."""
    given = {
        parameter: str(stack.parameters.get(parameter) or "")
        for parameter in ("KmsKeyArn", "OutputKmsKeyId", "VolumeKmsKeyId")
    }
    own = {each.name: each.id for each in stack.of("AWS::KMS::Key")}
    for name, key in (given | own).items():
        if not key:
            continue
        try:
            state = account.get("kms", "describe_key", KeyId=key)["KeyMetadata"]["KeyState"]
        except Gone:
            state = "not there"
        if state in ("Enabled", "Updating", "Creating"):
            continue
        repair = [Call("kms", "enable_key", {"KeyId": key})]
        if state == "PendingDeletion":
            repair.insert(0, Call("kms", "cancel_key_deletion", {"KeyId": key}))
        yield Finding(
            "key-state",
            Severity.ERROR,
            name,
            f"key {key} is {state}: what it encrypts cannot be read or written",
            "Enable it again" if state != "not there" else "Deploy the stack with another key",
            tuple(repair) if state != "not there" else (),
        )
