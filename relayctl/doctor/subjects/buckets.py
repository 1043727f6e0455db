"""Buckets: the stack's own, and existing ones whose uploads are requests."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity

# Names of the notifications' targets in CloudFormation, with those of the API.
_TARGETS = {
    "QueueConfigurations": ("Queue", "QueueArn"),
    "LambdaConfigurations": ("Function", "LambdaFunctionArn"),
}
_API_LISTS = {
    "QueueConfigurations": "QueueConfigurations",
    "LambdaConfigurations": "LambdaFunctionConfigurations",
}


def _bucket(account: Account, bucket: Resource) -> Mapping[str, Any]:
    read: dict[str, Any] = {}
    for name, reader in _READERS.items():
        try:
            read[name] = reader(account, bucket)
        except Gone as gone:
            if gone.code == "NoSuchBucket":
                raise
            read[name] = None
    return read


def _get(account: Account, operation: str, bucket: Resource) -> Mapping[str, Any]:
    return account.get("s3", operation, Bucket=bucket.id)


def _notifications(account: Account, bucket: Resource) -> Any:
    """Return the notifications that the template has, as it has them; those of others are theirs.

    Objects that are in the way of the template's notifications cannot be: S3 refuses overlaps.
    """
    found = _get(account, "get_bucket_notification_configuration", bucket)
    read: dict[str, Any] = {}
    for name, (target, api_target) in _TARGETS.items():
        wanted = bucket.get("NotificationConfiguration", name) or ()
        listed = [
            _as_template(each, target, api_target) for each in found.get(_API_LISTS[name], [])
        ]
        flat = [entry for each in listed for entry in each]
        arns = {each[target] for each in wanted}
        if ours := [each for each in flat if each[target] in arns]:
            read[name] = ours
    return read or None


def _as_template(configuration: Mapping[str, Any], target: str, api: str) -> list[dict[str, Any]]:
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    rules = [{"Name": each["Name"].lower(), "Value": each["Value"]} for each in rules]
    found: dict[str, Any] = {target: configuration[api]}
    if rules:
        found["Filter"] = {"S3Key": {"Rules": rules}}
    return [{"Event": event, **found} for event in configuration["Events"]]


def _encryption(account: Account, bucket: Resource) -> Any:
    found = _get(account, "get_bucket_encryption", bucket)["ServerSideEncryptionConfiguration"]
    wanted = bucket.get("BucketEncryption", "ServerSideEncryptionConfiguration") or [{}]
    has_key = "BucketKeyEnabled" in wanted[0]
    rules = []
    for each in found["Rules"]:
        rule = {"ServerSideEncryptionByDefault": each.get("ApplyServerSideEncryptionByDefault")}
        if has_key:
            rule["BucketKeyEnabled"] = each.get("BucketKeyEnabled", False)
        rules.append(rule)
    return {"ServerSideEncryptionConfiguration": rules}


def _access(account: Account, bucket: Resource) -> Any:
    return _get(account, "get_public_access_block", bucket)["PublicAccessBlockConfiguration"]


def _ownership(account: Account, bucket: Resource) -> Any:
    found = _get(account, "get_bucket_ownership_controls", bucket)["OwnershipControls"]
    return {"Rules": [{"ObjectOwnership": each["ObjectOwnership"]} for each in found["Rules"]]}


def _versioning(account: Account, bucket: Resource) -> Any:
    status = _get(account, "get_bucket_versioning", bucket).get("Status")
    return {"Status": status} if status else None


def _logging(account: Account, bucket: Resource) -> Any:
    found = _get(account, "get_bucket_logging", bucket).get("LoggingEnabled")
    if not found:
        return None
    return {
        "DestinationBucketName": found["TargetBucket"],
        "LogFilePrefix": found.get("TargetPrefix", ""),
    }


def _lifecycle(account: Account, bucket: Resource) -> Any:
    found = _get(account, "get_bucket_lifecycle_configuration", bucket)["Rules"]
    return {"Rules": [_lifecycle_rule(each) for each in found]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a rule of S3 as the template writes it."""
    found = {"Id": rule.get("ID"), "Status": rule["Status"]}
    filtered = rule.get("Filter") or {}
    prefix = rule.get("Prefix") or filtered.get("Prefix") or filtered.get("And", {}).get("Prefix")
    if prefix:
        found["Prefix"] = prefix
    if days := rule.get("Expiration", {}).get("Days"):
        found["ExpirationInDays"] = days
    if noncurrent := rule.get("NoncurrentVersionExpiration"):
        found["NoncurrentVersionExpiration"] = dict(noncurrent)
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        found["AbortIncompleteMultipartUpload"] = dict(abort)
    return found


_READERS: Mapping[str, Callable[[Account, Resource], Any]] = {
    "NotificationConfiguration": _notifications,
    "BucketEncryption": _encryption,
    "PublicAccessBlockConfiguration": _access,
    "OwnershipControls": _ownership,
    "VersioningConfiguration": _versioning,
    "LoggingConfiguration": _logging,
    "LifecycleConfiguration": _lifecycle,
}


def put_back(bucket: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    """Return the call that gives the bucket a property, written as in a template."""
    ((name, value),) = properties.items()
    given: dict[str, Any]
    match name:
        case "PublicAccessBlockConfiguration":
            operation, given = "put_public_access_block", {name: _flags(value)}
        case "OwnershipControls":
            operation, given = "put_bucket_ownership_controls", {name: value}
        case "VersioningConfiguration":
            operation, given = "put_bucket_versioning", {name: value or {"Status": "Suspended"}}
        case "BucketEncryption":
            rules = [_api_encryption(each) for each in value["ServerSideEncryptionConfiguration"]]
            operation = "put_bucket_encryption"
            given = {"ServerSideEncryptionConfiguration": {"Rules": rules}}
        case "LifecycleConfiguration":
            operation = "put_bucket_lifecycle_configuration"
            given = {name: {"Rules": [_api_lifecycle(each) for each in value["Rules"]]}}
        case "LoggingConfiguration":
            operation, given = "put_bucket_logging", {"BucketLoggingStatus": _api_logging(value)}
        case _:
            return ()  # replaces what others set too: better by CloudFormation
    return (Call("s3", operation, {"Bucket": bucket.id, **given}),)


def _flags(value: Mapping[str, Any]) -> Mapping[str, bool]:
    return {name: str(each).lower() == "true" for name, each in value.items()}


def _api_encryption(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    found = {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
    if "BucketKeyEnabled" in rule:
        found["BucketKeyEnabled"] = rule["BucketKeyEnabled"]
    return found


def _api_logging(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not value:
        return {}
    target = {
        "TargetBucket": value["DestinationBucketName"],
        "TargetPrefix": value.get("LogFilePrefix", ""),
    }
    return {"LoggingEnabled": target}


def _api_lifecycle(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "ID": rule["Id"],
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    if days := rule.get("ExpirationInDays"):
        found["Expiration"] = {"Days": int(days)}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            found[name] = {each: int(number) for each, number in rule[name].items()}
    return found


def _policy(account: Account, policy: Resource) -> Mapping[str, Any]:
    try:
        found = account.get("s3", "get_bucket_policy", Bucket=policy.get("Bucket"))["Policy"]
    except Gone as gone:
        if gone.code == "NoSuchBucket":
            raise
        found = None
    return {"PolicyDocument": found}


def _set_policy(policy: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    document = json.dumps(properties["PolicyDocument"])
    return (Call("s3", "put_bucket_policy", {"Bucket": policy.get("Bucket"), "Policy": document}),)


KINDS = (
    Kind(
        "AWS::S3::Bucket",
        "bucket",
        _bucket,
        {
            "": (Severity.ERROR, "there are no inputs, and no place for outputs"),
            "NotificationConfiguration": (
                Severity.ERROR,
                "S3 announces uploads no longer, or others: they are not submitted",
            ),
            "PublicAccessBlockConfiguration": (
                Severity.ERROR,
                "a policy or an ACL may make objects public",
            ),
            "OwnershipControls": (Severity.WARNING, "uploads of others may not be readable"),
            "LifecycleConfiguration": (
                Severity.ERROR,
                "S3 may delete objects too early, or keep them",
            ),
            "VersioningConfiguration": (
                Severity.WARNING,
                "S3 keeps other versions than were asked for",
            ),
        },
        put_back,
    ),
    Kind(
        "AWS::S3::BucketPolicy",
        "bucket",
        _policy,
        {
            "PolicyDocument": (
                Severity.ERROR,
                "requests without TLS, or of strangers, may be permitted, or the relay's refused",
            )
        },
        _set_policy,
        policies=("PolicyDocument",),
    ),
)


def existing(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report existing buckets that are gone, and one whose uploads are not announced."""
    for parameter in ("InputBucketName", "OutputBucketName"):
        name = str(stack.parameters.get(parameter) or "")
        if not name:
            continue
        try:
            found = account.get("s3", "get_bucket_notification_configuration", Bucket=name)
        except Gone:
            yield Finding(
                "bucket-gone",
                Severity.ERROR,
                parameter,
                f"bucket {name} of {parameter} does not exist: requests fail",
                "Create it, or deploy the stack with another bucket",
                command=f"aws s3 mb s3://{name}",
            )
            continue
        if parameter == "InputBucketName" and "EventBridgeConfiguration" not in found:
            kept = {key: each for key, each in found.items() if key != "ResponseMetadata"}
            given = {
                "Bucket": name,
                "NotificationConfiguration": {**kept, "EventBridgeConfiguration": {}},
            }
            yield Finding(
                "bucket-events",
                Severity.ERROR,
                parameter,
                f"bucket {name} sends no events to EventBridge: uploads are not submitted",
                "Switch its events on",
                (Call("s3", "put_bucket_notification_configuration", given),),
            )
