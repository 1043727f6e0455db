"""What IAM takes as a role and as what the role may do."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from local.aws_rules.permissions.policies import (
    own_documents,
    own_statements,
    place,
    statements,
)
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_ROLE = "AWS::IAM::Role"
_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
_ELEMENTS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"
_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html"
_KNOWN = {
    *("Version", "Id", "Statement"),
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"),
}
# Characters of a policy's document; of a role's inline policies all together, without white space.
_INLINE, _MANAGED, _TRUST = 10_240, 6_144, 2_048


@rule(_ROLE, *_ATTACHED, words="Policy statement must contain resources.", source=_ELEMENTS)
def an_identity_policy_is_complete(resource: Resource) -> Iterator[Problem]:
    for path in own_documents(resource):
        if not statements(resource, *path):
            yield Problem(
                place(resource, *path),
                "leave the policy out where no statement remains",
                "Syntax errors in policy.",
            )
    for statement in own_statements(resource):
        document = statement.document
        if not statement.resources and not document.get("NotResource"):
            yield Problem(
                f"{statement.path}.Resource",
                "name the resources, or leave the statement out where there are none",
            )
        if not statement.actions and not document.get("NotAction"):
            yield Problem(
                f"{statement.path}.Action",
                "name the actions",
                "Policy statement must contain actions.",
            )
        if "Principal" in document or "NotPrincipal" in document:
            yield Problem(
                f"{statement.path}.Principal",
                "leave out Principal: the policy is its role's",
                "Policy document should not specify a principal.",
            )
        if document.get("Effect") not in ("Allow", "Deny"):
            yield Problem(
                f"{statement.path}.Effect", "write Allow or Deny", "Syntax errors in policy."
            )
        for unknown in sorted(document.keys() - _KNOWN - {"Principal", "NotPrincipal"}):
            yield Problem(
                f"{statement.path}.{unknown}",
                f"take out {unknown}, which is no element of a policy",
                "Syntax errors in policy.",
            )


@rule(
    _ROLE,
    *_ATTACHED,
    words="Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    source=_ELEMENTS,
)
def an_action_begins_with_its_service(resource: Resource) -> Iterator[Problem]:
    for statement in own_statements(resource):
        for action in statement.actions:
            if action != "*" and not re.fullmatch(r"[a-z0-9-]+:[\w*?]+", action, re.IGNORECASE):
                yield Problem(
                    f"{statement.path}.Action",
                    f"write {action} as service:Action, as in sqs:SendMessage",
                )


@rule(_ROLE, *_ATTACHED, words='Resource must be in ARN format or "*".', source=_ELEMENTS)
def a_resource_is_an_arn(resource: Resource) -> Iterator[Problem]:
    for statement in own_statements(resource):
        for arn in statement.resources:
            path = f"{statement.path}.Resource"
            if arn == "*" or arn.startswith("${"):
                continue
            if not arn.startswith("arn:"):
                yield Problem(
                    path,
                    f"name the resource by its ARN (!GetAtt X.Arn), not {arn[:60]}",
                    f'Resource {arn[:60]} must be in ARN format or "*".',
                )
            elif len(arn.split(":", 5)) < 6:
                yield Problem(
                    path,
                    f"complete the ARN {arn}: it has six parts",
                    "The policy failed legacy parsing",
                )
            elif arn.split(":")[1] not in (resource.world.partition, "*"):
                yield Problem(
                    path,
                    f"begin the ARN with arn:${{AWS::Partition}}:, not arn:{arn.split(':')[1]}:",
                    f'Partition "{arn.split(":")[1]}" is not valid for resource "{arn[:80]}".',
                )


@rule(
    _ROLE,
    *_ATTACHED,
    words="Statement IDs (SID) in a single policy must be unique.",
    source=_ELEMENTS + "#Sid",
)
def the_statements_of_an_identity_policy_have_different_sids(
    resource: Resource,
) -> Iterator[Problem]:
    for path in own_documents(resource):
        found = statements(resource, *path)
        where = place(resource, *path)
        for sid, count in Counter(each.sid for each in found if each.sid).items():
            if count > 1:
                yield Problem(f"{where}.Statement", f"give {count} statements their own Sid: {sid}")
        for each in found:
            if each.sid is not None and not re.fullmatch("[0-9A-Za-z]*", each.sid):
                yield Problem(
                    f"{each.path}.Sid",
                    f"write the Sid {each.sid} with letters and digits only",
                    "Statement IDs (SID) must be alpha-numeric.",
                )


@rule(_ROLE, *_ATTACHED, words="The policy must contain a valid version string", source=_ELEMENTS)
def a_policy_has_a_version(resource: Resource) -> Iterator[Problem]:
    paths = [*own_documents(resource)]
    if resource.type == _ROLE:
        paths.append(("AssumeRolePolicyDocument",))
    for path in paths:
        if str(resource.get(*path, "Version")) not in ("2012-10-17", "2008-10-17"):
            where = place(resource, *path, "Version")
            yield Problem(where, 'write Version: "2012-10-17"')


@rule(_ROLE, words="Has prohibited field Resource", source=_ELEMENTS)
def a_trust_policy_says_who_may_assume_the_role(role: Resource) -> Iterator[Problem]:
    for statement in statements(role, "AssumeRolePolicyDocument"):
        document = statement.document
        if "Resource" in document:
            yield Problem(f"{statement.path}.Resource", "leave out Resource: it is the role itself")
        if "Principal" not in document and "NotPrincipal" not in document:
            yield Problem(
                f"{statement.path}.Principal",
                "say who may assume the role",
                "Missing required field Principal",
            )
        for action in statement.actions:
            if not action.lower().startswith("sts:"):
                yield Problem(
                    f"{statement.path}.Action",
                    f"replace {action} by sts:AssumeRole",
                    "AssumeRole policy may only specify STS AssumeRole actions.",
                )


@rule(
    _ROLE,
    words="Maximum policy size of 10240 bytes exceeded for role",
    source=_QUOTAS,
    measures=True,
)
def the_inline_policies_of_a_role_are_not_too_long(role: Resource) -> Iterator[Problem]:
    size = sum(_size(role.get(*path)) for path in own_documents(role))
    # A policy of its own resource is an inline policy of its roles all the same.
    for policy in role.world.all("AWS::IAM::Policy"):
        if role.references() & {str(each) for each in policy.list("Roles")}:
            size += _size(policy.get("PolicyDocument"))
    if size > _INLINE:
        yield Problem(
            "Policies",
            f"shorten the role's inline policies from {size:,} to {_INLINE:,} characters in all, "
            "or move some into a managed policy",
        )
    trust = _size(role.get("AssumeRolePolicyDocument"))
    if trust > _TRUST:
        yield Problem(
            "AssumeRolePolicyDocument",
            f"shorten the trust policy from {trust:,} to {_TRUST:,} characters",
            "Cannot exceed quota for ACLSizePerRole: 2048",
        )


@rule(
    "AWS::IAM::ManagedPolicy",
    words="Cannot exceed quota for PolicySize: 6144",
    source=_QUOTAS,
    measures=True,
)
def a_managed_policy_is_not_too_long(policy: Resource) -> Iterator[Problem]:
    size = _size(policy.get("PolicyDocument"))
    if size > _MANAGED:
        yield Problem(
            "PolicyDocument", f"shorten the policy from {size:,} to {_MANAGED:,} characters"
        )


def _size(document: Any) -> int:
    """Characters as IAM counts them: without white space."""
    return len(re.sub(r"\s", "", json.dumps(document, separators=(",", ":"))))


@rule(
    _ROLE,
    *_ATTACHED,
    "AWS::S3::BucketPolicy",
    words="IAM matches a KMS key by its key ARN; an alias ARN matches no key, so every use is "
    "denied",
    source=_KMS,
    enforced=Enforced.NEVER,
)
def a_key_is_named_by_its_key_arn(resource: Resource) -> Iterator[Problem]:
    for statement in own_statements(resource):
        named = [*statement.resources]
        named += [
            value for _, value in statement.values("s3:x-amz-server-side-encryption-aws-kms-key-id")
        ]
        for arn in named:
            if re.match(r"arn:[^:]+:kms:", arn) and ":key/" not in arn and not arn.endswith("*"):
                yield Problem(
                    statement.path,
                    "name the key's own ARN (…:key/…); a parameter for it needs an AllowedPattern "
                    f"that admits nothing else than :key/, and not {arn.rpartition(':')[2]}",
                )


@rule(
    _ROLE,
    *_ATTACHED,
    words="The condition never holds: a service-linked role's ARN has the service's name in it",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html",
    enforced=Enforced.NEVER,
)
def a_service_linked_role_is_its_services(resource: Resource) -> Iterator[Problem]:
    for statement in own_statements(resource):
        services = {service for _, service in statement.values("iam:AWSServiceName")}
        for arn in statement.resources:
            owner = re.search(r":role/aws-service-role/([^/*?]+)/", arn)
            if owner is not None and services and owner[1] not in services:
                yield Problem(
                    f"{statement.path}.Condition",
                    f"let iam:AWSServiceName be {owner[1]}, as in the ARN, not "
                    f"{', '.join(sorted(services))}",
                )


@rule(
    "AWS::IAM::*",
    words="Requires capabilities : [CAPABILITY_NAMED_IAM]",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
    enforced=Enforced.TEMPLATE,
)
def a_role_with_a_name_needs_its_capability(resource: Resource) -> Iterator[Problem]:
    allowed = resource.world.capabilities
    if (
        resource.own_name is not None
        and allowed is not None
        and "CAPABILITY_NAMED_IAM" not in allowed
    ):
        yield Problem("", "leave the name to CloudFormation, or deploy with CAPABILITY_NAMED_IAM")
