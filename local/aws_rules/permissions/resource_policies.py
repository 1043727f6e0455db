"""What SNS, SQS and S3 take as a policy of a topic, a queue, a bucket."""

import json
from collections import Counter
from collections.abc import Iterator

from local.aws_rules.permissions.policies import Statement, statements
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_POLICIES = ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")
_TARGETS = dict(zip(_POLICIES, ("Topics", "Queues", "Bucket"), strict=True))
_TOPIC_ACTIONS = {
    f"sns:{each}".lower()
    for each in (
        *("AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes"),
        *("ListSubscriptionsByTopic", "ListTagsForResource", "Publish"),
        *("PutDataProtectionPolicy", "RemovePermission", "SetTopicAttributes", "Subscribe"),
    )
}
_SNS = "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html"
_SQS_LIMITS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html"
_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"


@rule(
    "AWS::SNS::TopicPolicy",
    words="Invalid parameter: Policy statement must apply to a single resource!",
    source=_SNS,
)
def a_topic_policy_is_about_its_one_topic(policy: Resource) -> Iterator[Problem]:
    """CloudFormation writes the same document to every topic of Topics."""
    topics = [str(each) for each in policy.list("Topics")]
    for statement in statements(policy, "PolicyDocument"):
        if len(statement.resources) > 1:
            yield Problem(
                f"{statement.path}.Resource",
                "name one topic in a statement; make a TopicPolicy for each topic",
            )
        elif statement.resources and any(each != statement.resources[0] for each in topics):
            yield Problem(
                f"{statement.path}.Resource",
                "make the statement's Resource the ARN of the very topic of Topics (!Ref of it), "
                "and a TopicPolicy for each topic",
            )


@rule(
    "AWS::SNS::TopicPolicy",
    words="Invalid parameter: Policy statement action out of service scope!",
    source=_SNS,
)
def a_topic_policy_names_actions_on_a_topic(policy: Resource) -> Iterator[Problem]:
    for statement in statements(policy, "PolicyDocument"):
        for action in statement.actions:
            if action.lower() not in _TOPIC_ACTIONS:
                yield Problem(
                    f"{statement.path}.Action",
                    f"replace {action} by actions on a topic, such as sns:Publish or "
                    "sns:Subscribe, spelled out",
                )


@rule(
    "AWS::SQS::QueuePolicy",
    words="Invalid value for the parameter Policy.",
    source=_SQS,
)
def a_queue_policy_is_about_its_one_queue(policy: Resource) -> Iterator[Problem]:
    queues = [policy.world.find("AWS::SQS::Queue", each) for each in policy.list("Queues")]
    for statement in statements(policy, "PolicyDocument"):
        path = f"{statement.path}.Resource"
        if len(statement.resources) > 1:
            yield Problem(path, "name one queue in a statement; make a QueuePolicy for each queue")
            continue
        for queue in filter(None, queues):
            if statement.resources not in ([queue.arn], ["*"]):
                yield Problem(
                    path,
                    f"make the Resource the ARN of {queue.name} (!GetAtt {queue.name}.Arn), "
                    "and a QueuePolicy for each queue",
                )


@rule(
    "AWS::SQS::QueuePolicy",
    words="Value for parameter Policy is invalid. Reason: Policy statement action out of service "
    "scope!",
    source=_SQS,
)
def a_queue_policy_names_actions_of_sqs(policy: Resource) -> Iterator[Problem]:
    for statement in statements(policy, "PolicyDocument"):
        for action in statement.actions:
            if action != "*" and not action.lower().startswith("sqs:"):
                yield Problem(f"{statement.path}.Action", f"replace {action} by actions of SQS")


@rule(
    "AWS::SQS::QueuePolicy",
    words="OverLimit: actions were found in a statement from the submitted policy, max allowed "
    "is 7",
    source=_SQS_LIMITS,
)
def a_queue_policy_keeps_to_its_quotas(policy: Resource) -> Iterator[Problem]:
    found = statements(policy, "PolicyDocument")
    for statement in found:
        if len(statement.actions) > 7:
            yield Problem(f"{statement.path}.Action", "name at most seven actions in a statement")
    if len(found) > 20:
        yield Problem("PolicyDocument.Statement", "write at most 20 statements")


@rule(
    *_POLICIES,
    words="Invalid parameter: Every policy statement must have a unique ID.",
    source=_GRAMMAR + "#Sid",
)
def the_statements_of_a_resource_policy_have_different_sids(policy: Resource) -> Iterator[Problem]:
    found = statements(policy, "PolicyDocument")
    counts = Counter(each.sid for each in found if each.sid is not None)
    for sid, count in counts.items():
        if count > 1:
            yield Problem(
                "PolicyDocument.Statement", f"give {count} statements their own Sid: {sid}"
            )


@rule(*_POLICIES, words="Invalid parameter: Policy Error: null", source=_GRAMMAR)
def a_resource_policy_is_complete(policy: Resource) -> Iterator[Problem]:
    found = statements(policy, "PolicyDocument")
    for name in ("Topics", "Queues"):
        if name in _TARGETS[policy.type] and not policy.list(name):
            yield Problem(
                name,
                f"leave the policy out (Condition) where there is none of its {name.lower()}",
                f"Properties validation failed: #/{name}: expected minimum item count: 1, found: 0",
            )
    if not found:
        yield Problem(
            "PolicyDocument.Statement",
            "leave the whole policy out (Condition) where no statement remains",
        )
    for statement in found:
        yield from _missing(statement)


@rule(
    *_POLICIES,
    words="A refusal for everyone holds for the stack's own functions and the account's root too",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html",
    enforced=Enforced.NEVER,
)
def a_refusal_for_everyone_leaves_someone(policy: Resource) -> Iterator[Problem]:
    for statement in statements(policy, "PolicyDocument"):
        condition = statement.document.get("Condition")
        if statement.allows or not statement.is_for_everyone:
            continue
        if not condition:
            yield Problem(
                f"{statement.path}.Condition",
                'give the refusal a Condition, such as Bool: { aws:SecureTransport: "false" }',
            )
        if ("Bool", "true") in statement.values("aws:SecureTransport"):
            yield Problem(
                f"{statement.path}.Condition",
                'write aws:SecureTransport: "false": "true" refuses what comes over TLS',
            )


def _missing(statement: Statement) -> Iterator[Problem]:
    document = statement.document
    for names in (
        ("Principal", "NotPrincipal"),
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
    ):
        if not any(document.get(name) not in (None, [], {}, "") for name in names):
            yield Problem(
                f"{statement.path}.{names[0]}",
                f"give the statement a {names[0]}, or leave the statement out where there is none",
                f"Missing required field {names[0]}",
            )
    if document.get("Effect") not in ("Allow", "Deny"):
        yield Problem(f"{statement.path}.Effect", "write Allow or Deny")


@rule(
    "AWS::S3::BucketPolicy",
    words="Policy has invalid resource",
    source=_S3,
)
def a_bucket_policy_is_about_its_bucket(policy: Resource) -> Iterator[Problem]:
    bucket = f"arn:{policy.world.partition}:s3:::{policy.get('Bucket')}"
    for statement in statements(policy, "PolicyDocument"):
        for arn in statement.resources:
            if arn != bucket and not arn.startswith(f"{bucket}/"):
                yield Problem(
                    f"{statement.path}.Resource",
                    f"name the policy's own bucket or its objects ({bucket} or {bucket}/*), not "
                    f"{arn}",
                )
        yield from _applies(statement)
        for action in statement.actions:
            if not action.lower().startswith("s3:") and action != "*":
                yield Problem(
                    f"{statement.path}.Action",
                    f"replace {action} by actions of S3",
                    "Policy has invalid action",
                )


def _applies(statement: Statement) -> Iterator[Problem]:
    """S3 refuses an action that fits none of the statement's resources."""
    objects = any("/" in arn for arn in statement.resources)
    bucket = any("/" not in arn for arn in statement.resources)
    for action in statement.actions:
        name = action.lower().removeprefix("s3:")
        about_objects = "object" in name and "bucket" not in name or "multipart" in name
        if "*" in name or not statement.resources or name in ("listbucketmultipartuploads",):
            continue
        if (about_objects and not objects) or (not about_objects and not bucket):
            wanted = "the objects (bucket/*)" if about_objects else "the bucket itself"
            yield Problem(
                f"{statement.path}.Resource",
                f"name {wanted} for {action}",
                "Action does not apply to any resource(s) in statement",
            )


@rule(
    *_POLICIES,
    words="Policy exceeds the maximum allowed document size.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
    measures=True,
)
def a_resource_policy_is_not_too_long(policy: Resource) -> Iterator[Problem]:
    """A bucket's 20 KB; a queue's 8,192 bytes; a topic's 30 KB."""
    limit = {_POLICIES[0]: 30 * 1024, _POLICIES[1]: 8192, _POLICIES[2]: 20 * 1024}[policy.type]
    size = len(json.dumps(policy.get("PolicyDocument")))
    if size > limit:
        yield Problem("PolicyDocument", f"shorten the policy from {size:,} to {limit:,} bytes")
