"""What is attached to a role, and under which names."""

import re
from collections import Counter
from collections.abc import Iterator

from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_ROLE, _POLICY = "AWS::IAM::Role", "AWS::IAM::Policy"
_NAME = r"[\w+=,.@-]+"
_POLICY_ARN = r"arn:[^:]+:iam::(\d{12}|aws):policy/.+"
_ROLE_PAGE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html"
_API = "https://docs.aws.amazon.com/IAM/latest/APIReference"


@rule(_ROLE, words="ARN is not valid.", source=f"{_API}/API_AttachRolePolicy.html")
def a_managed_policy_is_attached_by_its_arn(role: Resource) -> Iterator[Problem]:
    for arn in role.list("ManagedPolicyArns"):
        if not re.fullmatch(_POLICY_ARN, str(arn)):
            yield Problem(
                "ManagedPolicyArns",
                f"name a managed policy by its ARN, not {arn!r}; put a parameter that may be empty "
                "under !If",
                f"ARN {arn} is not valid.",
            )
    boundary = role.get("PermissionsBoundary")
    if boundary is not None and not re.fullmatch(_POLICY_ARN, str(boundary)):
        yield Problem(
            "PermissionsBoundary",
            f"name a managed policy by its ARN, not {boundary!r}; put a parameter that may be "
            "empty under !If",
            f"ARN {boundary} is not valid.",
        )


@rule(
    *(_POLICY, "AWS::IAM::ManagedPolicy"),
    words="The specified value for roleName is invalid. It must contain only alphanumeric "
    "characters and/or the following: +=,.@_-",
    source=f"{_API}/API_PutRolePolicy.html",
)
def a_policy_names_its_roles(policy: Resource) -> Iterator[Problem]:
    for name in policy.list("Roles"):
        if not re.fullmatch(_NAME, str(name)):
            yield Problem("Roles", f"give the role's name (!Ref Role), not {name!r}")


@rule(
    *(_ROLE, _POLICY),
    words="The specified value for policyName is invalid. It must contain only alphanumeric "
    "characters and/or the following: +=,.@_-",
    source=f"{_API}/API_PutRolePolicy.html",
    measures=True,
)
def an_inline_policys_name_is_one(resource: Resource) -> Iterator[Problem]:
    given = [("PolicyName", resource.get("PolicyName"))]
    if resource.type == _ROLE:
        count = len(resource.list("Policies"))
        given = [
            (f"Policies[{n}].PolicyName", resource.get("Policies", n, "PolicyName"))
            for n in range(count)
        ]
    for path, name in given:
        if len(str(name)) > 128:
            yield Problem(
                path,
                f"shorten the name from {len(str(name))} to 128 characters",
                "Value at 'policyName' failed to satisfy constraint: Member must have length less "
                "than or equal to 128",
            )
        elif not re.fullmatch(_NAME, str(name)):
            yield Problem(path, f"use letters, digits and +=,.@_- in the name, as in no {name}")


@rule(
    _ROLE,
    words="The name of each policy for a role must be unique: the later one replaces the earlier",
    source=_ROLE_PAGE,
    enforced=Enforced.NEVER,
)
def the_inline_policies_of_a_role_have_different_names(role: Resource) -> Iterator[Problem]:
    names = [str(role.get("Policies", n, "PolicyName")) for n in range(len(role.list("Policies")))]
    # A policy of its own resource is an inline policy of its roles all the same.
    for policy in role.world.all(_POLICY):
        if role.references() & {str(each) for each in policy.list("Roles")}:
            names.append(str(policy.get("PolicyName")))
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem("Policies", f"give {count} policies of the role their own name: {name}")
