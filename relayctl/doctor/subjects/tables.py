"""The ledger: its table, index, expiry and recovery."""

from collections.abc import Mapping
from typing import Any

from relayctl.doctor.account import Account
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource
from relayctl.doctor.findings import Call, Severity


def _table(account: Account, table: Resource) -> Mapping[str, Any]:
    found = account.get("dynamodb", "describe_table", TableName=table.id)["Table"]
    expiry = account.get("dynamodb", "describe_time_to_live", TableName=table.id)
    expiry = expiry["TimeToLiveDescription"]
    backups = account.get("dynamodb", "describe_continuous_backups", TableName=table.id)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    read: dict[str, Any] = {
        "KeySchema": found["KeySchema"],
        "GlobalSecondaryIndexes": [_index(each) for each in found.get("GlobalSecondaryIndexes", [])]
        or None,
        "BillingMode": billing,
        "DeletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
        "TimeToLiveSpecification": {
            "AttributeName": expiry.get("AttributeName"),
            "Enabled": expiry.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"),
        },
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
        },
    }
    if table.get("SSESpecification") or found.get("SSEDescription"):
        sse = found.get("SSEDescription", {})
        read["SSESpecification"] = {
            "SSEEnabled": sse.get("Status") in ("ENABLED", "ENABLING", "UPDATING"),
            "SSEType": sse.get("SSEType"),
            "KMSMasterKeyId": sse.get("KMSMasterKeyArn"),
        }
    if found.get("TableStatus") in ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVED", "ARCHIVING"):
        read["TableStatus"] = found["TableStatus"]
    return read


def _index(index: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}


def put_back(table: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    """Return the call that gives the table a property, written as in a template."""
    ((name, value),) = properties.items()
    given: dict[str, Any] = {"TableName": table.id}
    match name:
        case "TimeToLiveSpecification" | "PointInTimeRecoverySpecification":
            flags = {
                key: each if key == "AttributeName" else str(each).lower() == "true"
                for key, each in value.items()
            }
            operation = {
                "TimeToLiveSpecification": "update_time_to_live",
                "PointInTimeRecoverySpecification": "update_continuous_backups",
            }[name]
            return (Call("dynamodb", operation, {**given, name: flags}),)
        case "DeletionProtectionEnabled":
            given[name] = str(value).lower() == "true"
        case "SSESpecification":
            given[name] = _encryption(value)
        case "BillingMode":
            given[name] = value
        case _:
            return ()
    return (Call("dynamodb", "update_table", given),)


def _encryption(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the member of the API, which calls SSEEnabled otherwise than CloudFormation."""
    found = dict(value or {"SSEEnabled": False})
    return {"Enabled": str(found.pop("SSEEnabled")).lower() == "true", **found}


KINDS = (
    Kind(
        "AWS::DynamoDB::Table",
        "table",
        _table,
        {
            "": (Severity.ERROR, "no request can be submitted, and no result be sent"),
            "TableStatus": (Severity.ERROR, "no request can be submitted, and no result be sent"),
            "GlobalSecondaryIndexes": (
                Severity.ERROR,
                "reconcile finds no overdue request: one whose notification is lost never ends",
            ),
            "KeySchema": (Severity.ERROR, "this is not the relay's table"),
            "TimeToLiveSpecification": (Severity.WARNING, "items stay forever, and cost"),
            "PointInTimeRecoverySpecification": (
                Severity.WARNING,
                "a deleted item or table cannot be restored",
            ),
            "DeletionProtectionEnabled": (Severity.WARNING, "its protection is not as deployed"),
            "BillingMode": (Severity.WARNING, "DynamoDB may throttle the relay, or cost more"),
            "SSESpecification": (Severity.WARNING, "it is encrypted with another key"),
        },
        put_back,
    ),
)
