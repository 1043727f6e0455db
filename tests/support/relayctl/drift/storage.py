"""Faults of the bucket, the ledger, logs and the route document."""

from tests.support.relayctl.drift.fault import (
    Fault,
    bucket,
    call,
    id,
    remove_notification,
    restore_notification,
    restore_routes,
    route_document,
)

_OTHER = '{"routes": [], "otherwise": {"to": "arn:aws:sqs:us-east-1:111122223333:elsewhere"}}'
_ABSENT = '{"routes": [], "otherwise": {"to": "%s"}}'

FAULTS = (
    Fault(
        "a bucket that announces nothing",
        "bucket-notification-configuration",
        "DataBucket",
        remove_notification,
        restore_notification,
    ),
    Fault(
        "a bucket that may be public",
        "bucket-public-access-block-configuration",
        "DataBucket",
        bucket("delete_public_access_block"),
    ),
    Fault(
        "a bucket without policy",
        "bucket-policy-document",
        "DataBucketPolicy",
        bucket("delete_bucket_policy"),
    ),
    Fault(
        "a lifecycle rule that deletes inputs",
        "bucket-lifecycle-configuration",
        "DataBucket",
        bucket(
            "put_bucket_lifecycle_configuration",
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "all",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "Expiration": {"Days": 1},
                    }
                ]
            },
        ),
    ),
    Fault(
        "a ledger whose items stay",
        "table-time-to-live-specification",
        "LedgerTable",
        call(
            "dynamodb",
            "update_time_to_live",
            TableName=id("LedgerTable"),
            TimeToLiveSpecification={"AttributeName": "expires", "Enabled": False},
        ),
    ),
    Fault(
        "a ledger without recovery",
        "table-point-in-time-recovery-specification",
        "LedgerTable",
        call(
            "dynamodb",
            "update_continuous_backups",
            TableName=id("LedgerTable"),
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
        ),
    ),
    Fault(
        "a log group that is gone",
        "log-group-gone",
        "RouteLogGroup",
        call("logs", "delete_log_group", logGroupName=id("RouteLogGroup")),
    ),
    Fault("a bad route document", "routes", "RoutesParameter", route_document("{"), restore_routes),
    Fault(
        "routes to a target without permission",
        "routes",
        "RoutesParameter",
        route_document(_OTHER),
        restore_routes,
    ),
    Fault(
        "no route document",
        "routes",
        "RoutesParameter",
        call("ssm", "delete_parameter", Name=id("RoutesParameter")),
    ),
)
