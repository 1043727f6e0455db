"""The lifecycle of a bucket's objects."""

from collections.abc import Iterator, Mapping
from typing import Any

from local.aws_rules.rule import Problem, rule
from local.cloudformation.world import Resource, as_list, to_number

_BUCKET = "AWS::S3::Bucket"
_ELEMENTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"
_TRANSITIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
_ACTIONS = (
    *("AbortIncompleteMultipartUpload", "ExpirationInDays", "ExpirationDate", "Transition"),
    *("Transitions", "ExpiredObjectDeleteMarker", "NoncurrentVersionExpiration"),
    *("NoncurrentVersionExpirationInDays", "NoncurrentVersionTransition"),
    "NoncurrentVersionTransitions",
)
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_INFREQUENT_DAYS = 30


def _rules(bucket: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, each in enumerate(bucket.list("LifecycleConfiguration", "Rules")):
        yield f"LifecycleConfiguration.Rules[{each.get('Id', index)}]", each


@rule(_BUCKET, words="At least one action needs to be specified in a rule", source=_ELEMENTS)
def a_lifecycle_rule_does_what_its_filter_allows(bucket: Resource) -> Iterator[Problem]:
    for path, each in _rules(bucket):
        if not set(_ACTIONS) & each.keys():
            yield Problem(path, "say what the rule does, such as ExpirationInDays")
        for action, filters in (
            ("AbortIncompleteMultipartUpload", ("TagFilters", "ObjectSizeGreaterThan")),
            ("AbortIncompleteMultipartUpload", ("ObjectSizeLessThan",)),
            ("ExpiredObjectDeleteMarker", ("TagFilters",)),
        ):
            for name in filters:
                if each.get(action) and each.get(name):
                    kind = "Tags" if name == "TagFilters" else "Object Size"
                    yield Problem(
                        f"{path}.{name}",
                        f"take out {name}, or give {action} a rule of its own",
                        f"{action} cannot be specified with {kind}.",
                    )
    ids = [str(each["Id"]) for _, each in _rules(bucket) if "Id" in each]
    if len(set(ids)) < len(ids):
        yield Problem(
            "LifecycleConfiguration.Rules",
            "give each rule its own Id",
            "Rule ID must be unique. Found same ID for more than one rule",
        )


@rule(_BUCKET, words="'Days' in the Transition action is too small", source=_TRANSITIONS)
def an_object_is_old_enough_for_its_class(bucket: Resource) -> Iterator[Problem]:
    for path, each in _rules(bucket):
        expires = to_number(each.get("ExpirationInDays"))
        for name in ("Transition", "NoncurrentVersionTransition"):
            for found in [*as_list(each.get(name)), *as_list(each.get(f"{name}s"))]:
                kind, days = found.get("StorageClass"), to_number(found.get("TransitionInDays"))
                if kind in _INFREQUENT and days is not None and days < _INFREQUENT_DAYS:
                    yield Problem(
                        f"{path}.{name}s",
                        f"set TransitionInDays to at least {_INFREQUENT_DAYS} for {kind}",
                        f"'Days' in Transition action must be greater than or equal to "
                        f"{_INFREQUENT_DAYS} for storageClass '{kind}'",
                    )
                if name == "Transition" and expires is not None and expires <= (days or -1):
                    yield Problem(
                        f"{path}.ExpirationInDays",
                        f"set ExpirationInDays to more than TransitionInDays ({days:g})",
                        "'Days' in the Expiration action must be greater than 'Days' in the "
                        "Transition action",
                    )
