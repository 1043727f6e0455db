"""A bucket's name and its notifications."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from local.aws_rules.permissions.policies import admitting, permissions
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource, as_list

_BUCKET = "AWS::S3::Bucket"
_TYPES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html"
_FILTERS = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"
)
_GRANTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
_NAMES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
_EVENTS = (
    *("ReducedRedundancyLostObject", "ObjectCreated:*", "ObjectCreated:Put", "ObjectCreated:Post"),
    *("ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload", "ObjectRemoved:*"),
    *("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectRestore:*"),
    *("ObjectRestore:Post", "ObjectRestore:Completed", "ObjectRestore:Delete", "Replication:*"),
    *("Replication:OperationFailedReplication", "Replication:OperationNotTracked"),
    *("Replication:OperationMissedThreshold", "Replication:OperationReplicatedAfterThreshold"),
    *("LifecycleExpiration:*", "LifecycleExpiration:Delete", "LifecycleTransition"),
    *("LifecycleExpiration:DeleteMarkerCreated", "IntelligentTiering", "ObjectAcl:Put"),
    *("ObjectTagging:*", "ObjectTagging:Put", "ObjectTagging:Delete"),
)
_KINDS = {
    "QueueConfigurations": ("Queue", "AWS::SQS::Queue"),
    "TopicConfigurations": ("Topic", "AWS::SNS::Topic"),
    "LambdaConfigurations": ("Function", "AWS::Lambda::Function"),
}
# The safe characters of keys, and what encodes others.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_ENCODED = re.compile(r"[A-Za-z0-9!_.*'()/+%-]*")
_UNABLE = "Unable to validate the following destination configurations"


@dataclass(frozen=True, slots=True)
class _Notification:
    path: str
    kind: str
    event: str
    target: str
    rules: list[dict[str, Any]]

    def affix(self, name: str) -> str:
        found = [str(each["Value"]) for each in self.rules if str(each["Name"]).lower() == name]
        return found[0] if found else ""

    def shares_events_with(self, other: "_Notification") -> bool:
        one, two = self.event, other.event
        return one == two or any(
            wide.endswith("*") and narrow.startswith(wide[:-1])
            for wide, narrow in ((one, two), (two, one))
        )

    def overlaps(self, other: "_Notification") -> bool:
        prefixes = self.affix("prefix"), other.affix("prefix")
        suffixes = self.affix("suffix"), other.affix("suffix")
        return any(one.startswith(two) for one, two in (prefixes, prefixes[::-1])) and any(
            one.endswith(two) for one, two in (suffixes, suffixes[::-1])
        )


def _notifications(bucket: Resource) -> list[_Notification]:
    found = bucket.get("NotificationConfiguration") or {}
    return [
        _Notification(
            f"NotificationConfiguration.{member}[{index}]",
            kind,
            str(each.get("Event", "")),
            str(each.get(target, "")),
            as_list(each.get("Filter", {}).get("S3Key", {}).get("Rules")),
        )
        for member, (target, kind) in _KINDS.items()
        for index, each in enumerate(as_list(found.get(member)))
    ]


@rule(
    _BUCKET,
    words="Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "
    "if the "
    "prefixes are overlapping for the same event type.",
    source=_FILTERS,
)
def the_filters_of_one_event_do_not_overlap(bucket: Resource) -> Iterator[Problem]:
    for one, other in combinations(_notifications(bucket), 2):
        if one.shares_events_with(other) and one.overlaps(other):
            yield Problem(
                other.path,
                f"give it a prefix or suffix that cannot match what {one.path} matches "
                f"({one.affix('prefix')!r}, {one.affix('suffix')!r})",
            )


@rule(_BUCKET, words="The event is not supported for notifications", source=_TYPES)
def a_notification_is_about_an_event_of_s3(bucket: Resource) -> Iterator[Problem]:
    for each in _notifications(bucket):
        if each.event.removeprefix("s3:") not in _EVENTS:
            yield Problem(
                f"{each.path}.Event",
                f"name an event of S3, such as s3:ObjectCreated:*, not {each.event}",
            )
        names = [str(part.get("Name", "")).lower() for part in each.rules]
        if not set(names) <= {"prefix", "suffix"}:
            yield Problem(
                f"{each.path}.Filter",
                "name a rule prefix or suffix",
                "filter rule name must be either prefix or suffix",
            )
        elif len(set(names)) < len(names):
            yield Problem(
                f"{each.path}.Filter",
                "leave one prefix and one suffix in a filter; write a configuration for each "
                "further one",
                f"Cannot specify more than one {names[0]} rule in a filter.",
            )
        yield from _literal_filters(each)


def _literal_filters(notification: _Notification) -> Iterator[Problem]:
    path = f"{notification.path}.Filter"
    for value in (str(part.get("Value")) for part in notification.rules):
        if "*" in value:
            yield Problem(
                path,
                "take the * out: S3 compares a prefix or suffix character by character",
                "A wildcard in a filter is an ordinary character, which no key has",
                Enforced.NEVER,
            )
        elif not _ENCODED.fullmatch(value):
            yield Problem(
                path,
                f"URL-encode the characters of {value!r} that are no safe ones, a space as +",
                "A special character in a filter matches no key, unless it is URL-encoded",
                Enforced.NEVER,
            )


@rule(_BUCKET, words=_UNABLE, source=_TYPES)
def a_destination_is_not_fifo(bucket: Resource) -> Iterator[Problem]:
    for each in _notifications(bucket):
        if each.target.endswith(".fifo"):
            yield Problem(each.path, "notify a standard queue or topic: S3 takes no FIFO one")
        elif not each.target.startswith("arn:"):
            yield Problem(
                each.path,
                "name the destination by its ARN (!GetAtt X.Arn)",
                "The ARN is not well formed",
            )


@rule(_BUCKET, words=_UNABLE, source=_GRANTS)
def a_destination_admits_the_bucket_before_the_bucket_is_made(
    bucket: Resource,
) -> Iterator[Problem]:
    for each in _notifications(bucket):
        target = bucket.world.find(each.kind, each.target)
        if target is None:
            continue
        granted = list(_grants(bucket, target))
        if not granted:
            yield Problem(
                each.path,
                f"allow s3.amazonaws.com to use {target.name}, with this bucket's ARN as source "
                f"({_how(target)})",
            )
        elif not any(bucket.world.is_made_before(grant, bucket) for grant in granted):
            yield Problem(each.path, f"add {granted[0].name} to DependsOn of {bucket.name}")


def _grants(bucket: Resource, target: Resource) -> Iterator[Resource]:
    service = "s3.amazonaws.com"
    if target.type == "AWS::Lambda::Function":
        return permissions(bucket.world, target, service, bucket.arn)
    if target.type == "AWS::SNS::Topic":
        kind, member, action = "AWS::SNS::TopicPolicy", "Topics", "sns:Publish"
    else:
        kind, member, action = "AWS::SQS::QueuePolicy", "Queues", "sqs:SendMessage"
    return admitting(kind, member, target, service, action, bucket.arn)


def _how(target: Resource) -> str:
    if target.type == "AWS::Lambda::Function":
        return "an AWS::Lambda::Permission whose SourceAccount, if any, is this account"
    return "a statement of its policy"


@rule(
    _BUCKET,
    words="A queue or topic under the AWS managed key drops what a service sends: its key policy "
    "cannot "
    "admit the service",
    source=_GRANTS,
    enforced=Enforced.NEVER,
)
def a_destinations_key_admits_s3(bucket: Resource) -> Iterator[Problem]:
    for each in _notifications(bucket):
        target = bucket.world.find(each.kind, each.target)
        key = str((target and target.get("KmsMasterKeyId")) or "")
        if target is not None and key.endswith(("alias/aws/sqs", "alias/aws/sns")):
            yield Problem(
                each.path, f"encrypt {target.name} with SqsManagedSseEnabled or a key of your own"
            )


@rule(_BUCKET, words="The specified bucket is not valid.", source=_NAMES)
def a_buckets_name_is_one(bucket: Resource) -> Iterator[Problem]:
    name = bucket.own_name
    if name is None:
        return
    forbidden = name.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or name.endswith(
        ("-s3alias", "--ol-s3", ".mrap", "--x-s3")
    )
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", name) or ".." in name or forbidden:
        yield Problem(
            "BucketName",
            f"use lower-case letters, digits, dots and hyphens, as in no {name[:63]}; a "
            "parameter for it "
            "needs an AllowedPattern",
            f"Bucket name {name[:63]} is not valid.",
        )
    elif re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
        yield Problem("BucketName", "do not name a bucket like an IP address")


@rule(
    _BUCKET,
    words="Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
)
def a_buckets_settings_agree(bucket: Resource) -> Iterator[Problem]:
    owned = [str(each.get("ObjectOwnership")) for each in bucket.list("OwnershipControls", "Rules")]
    if "BucketOwnerEnforced" in owned and bucket.get("AccessControl") not in (None, "Private"):
        yield Problem(
            "AccessControl", "take out AccessControl; a bucket policy grants what is wanted"
        )
    for each in bucket.list("BucketEncryption", "ServerSideEncryptionConfiguration"):
        default = each.get("ServerSideEncryptionByDefault", {})
        if default.get("SSEAlgorithm") == "AES256" and default.get("KMSMasterKeyID"):
            yield Problem(
                "BucketEncryption",
                "set SSEAlgorithm to aws:kms, or take out KMSMasterKeyID",
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
                "aws:kms:dsse",
            )
