"""Roles: who may take them, and what they permit."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.drift import Kind
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity

_ROLE, _POLICY = "AWS::IAM::Role", "AWS::IAM::Policy"
_PERMISSIONS = "calls of the relay or of SageMaker are denied, or more is permitted than is needed"


def _document(given: Any) -> Any:
    """botocore decodes policies of IAM; an emulator may send them encoded."""
    return json.loads(unquote(given)) if isinstance(given, str) else given


def _role(account: Account, role: Resource) -> Mapping[str, Any]:
    found = account.get("iam", "get_role", RoleName=role.id)["Role"]
    attached = account.get("iam", "list_attached_role_policies", RoleName=role.id)
    boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    arns = [each["PolicyArn"] for each in attached["AttachedPolicies"]]
    return {
        "AssumeRolePolicyDocument": _document(found["AssumeRolePolicyDocument"]),
        "ManagedPolicyArns": arns or None,
        "PermissionsBoundary": boundary,
    }


def _set(role: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    ((name, value),) = properties.items()
    given: dict[str, Any] = {"RoleName": role.id}
    match name, value:
        case "AssumeRolePolicyDocument", _:
            document = {**given, "PolicyDocument": json.dumps(value)}
            return (Call("iam", "update_assume_role_policy", document),)
        case "PermissionsBoundary", None:
            return (Call("iam", "delete_role_permissions_boundary", given),)
        case "PermissionsBoundary", _:
            return (Call("iam", "put_role_permissions_boundary", {**given, name: value}),)
    return tuple(
        Call("iam", "attach_role_policy", {**given, "PolicyArn": arn}) for arn in value or ()
    )


def _inline(account: Account, policy: Resource) -> Mapping[str, Any]:
    answer = account.get(
        "iam",
        "get_role_policy",
        RoleName=policy.id,
        PolicyName=policy.get("PolicyName"),
    )
    return {"PolicyDocument": _document(answer["PolicyDocument"])}


def _put(policy: Resource, _: Mapping[str, Any] | None = None) -> tuple[Call, ...]:
    given = {
        "RoleName": policy.id,
        "PolicyName": policy.get("PolicyName"),
        "PolicyDocument": json.dumps(policy.get("PolicyDocument")),
    }
    return (Call("iam", "put_role_policy", given),)


def _inline_policies(stack: Stack, resource: Resource) -> Iterator[Resource]:
    """The inline policies of a role, each with the role's name as its id."""
    if resource.type == _ROLE:
        for policy in resource.get("Policies") or ():
            yield replace(resource, properties=policy)
    else:
        for name in resource.get("Roles") or ():
            role = stack.named(name)
            yield replace(resource, name=role.name if role else resource.name, id=name)


def _managed(account: Account, policy: Resource) -> Mapping[str, Any]:
    version = account.get("iam", "get_policy", PolicyArn=policy.id)["Policy"]["DefaultVersionId"]
    found = account.get("iam", "get_policy_version", PolicyArn=policy.id, VersionId=version)
    return {"PolicyDocument": _document(found["PolicyVersion"]["Document"])}


def _put_managed(policy: Resource, properties: Mapping[str, Any]) -> tuple[Call, ...]:
    given = {
        "PolicyArn": policy.id,
        "PolicyDocument": json.dumps(properties["PolicyDocument"]),
        "SetAsDefault": True,
    }
    return (Call("iam", "create_policy_version", given),)


_INLINE = {
    "": (Severity.ERROR, "calls of the relay or of SageMaker are denied"),
    "PolicyDocument": (Severity.ERROR, _PERMISSIONS),
}
KINDS = (
    Kind(
        _ROLE,
        "role",
        _role,
        {
            "": (Severity.ERROR, "its function cannot run, or SageMaker cannot use the role"),
            "AssumeRolePolicyDocument": (
                Severity.ERROR,
                "its function or SageMaker cannot use the role, or someone else can",
            ),
            "ManagedPolicyArns": (Severity.ERROR, _PERMISSIONS),
            "PermissionsBoundary": (Severity.ERROR, _PERMISSIONS),
        },
        _set,
        policies=("AssumeRolePolicyDocument",),
    ),
    *(
        Kind(
            each,
            "role policy",
            _inline,
            _INLINE,
            _put,
            targets=_inline_policies,
            policies=("PolicyDocument",),
            recreate=_put,
        )
        for each in (_ROLE, _POLICY)
    ),
    Kind(
        "AWS::IAM::ManagedPolicy",
        "managed policy",
        _managed,
        {"PolicyDocument": (Severity.ERROR, _PERMISSIONS)},
        _put_managed,
        policies=("PolicyDocument",),
    ),
)


def further_policies(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report inline policies of the stack's roles that the template has not."""
    wanted: dict[str, set[str]] = {}
    for resource in stack.of(_ROLE, _POLICY):
        for policy in _inline_policies(stack, resource):
            wanted.setdefault(policy.id, set()).add(str(policy.get("PolicyName")))
    for role in stack.of(_ROLE):
        try:
            listed = account.get("iam", "list_role_policies", RoleName=role.id)["PolicyNames"]
        except Gone:
            continue  # reported as a difference
        for name in sorted(set(listed) - wanted.get(role.id, set())):
            yield Finding(
                "role-policy-added",
                Severity.WARNING,
                role.name,
                f"role {role.id} has the policy {name}, which the template has not: it may deny "
                "calls of the relay, or permit more than is needed",
                "Remove it, unless it is yours; EndpointPolicyArns and PermissionsBoundaryArn are "
                "parameters for permissions of your own",
                (Call("iam", "delete_role_policy", {"RoleName": role.id, "PolicyName": name}),),
            )
