"""Policy documents, and what they allow as far as a template shows."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.cloudformation.world import Resource, World, as_list

_ARN_OPERATORS = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
# What managed policies of AWS grant, of what the rules ask for.
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html
_WELL_KNOWN = {
    "AWSLambdaBasicExecutionRole": _LOGS,
    "AWSLambdaSQSQueueExecutionRole": (
        *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        *_LOGS,
    ),
    "AWSLambdaVPCAccessExecutionRole": (
        *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces"),
        *("ec2:DeleteNetworkInterface", *_LOGS),
    ),
    "AWSXRayDaemonWriteAccess": ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, and where it stands."""

    path: str
    document: Mapping[str, Any]

    @property
    def sid(self) -> str | None:
        return self.document.get("Sid")

    @property
    def allows(self) -> bool:
        return self.document.get("Effect") == "Allow"

    @property
    def actions(self) -> list[str]:
        return [str(each) for each in as_list(self.document.get("Action"))]

    @property
    def resources(self) -> list[str]:
        return [str(each) for each in as_list(self.document.get("Resource"))]

    @property
    def services(self) -> list[str]:
        principal = self.document.get("Principal")
        found = principal.get("Service") if isinstance(principal, dict) else None
        return [str(each) for each in as_list(found)]

    @property
    def is_for_everyone(self) -> bool:
        principal = self.document.get("Principal")
        return principal == "*" or (isinstance(principal, dict) and principal.get("AWS") == "*")

    def names_action(self, action: str) -> bool:
        return any(matches(each.lower(), action.lower()) for each in self.actions)

    def names_resource(self, arn: str) -> bool:
        if "NotResource" in self.document:
            return not any(matches(each, arn) for each in as_list(self.document["NotResource"]))
        return any(matches(each, arn) for each in self.resources)

    def values(self, key: str) -> Iterator[tuple[str, str]]:
        """The values that conditions ask of a key, each with its operator."""
        for operator, tests in self.document.get("Condition", {}).items():
            for name, wanted in tests.items():
                if name.lower() == key.lower():
                    yield from ((operator, str(each)) for each in as_list(wanted))

    def holds_for(self, key: str, value: str) -> bool:
        """Whether every condition on the key is met by the value."""
        for operator, tests in self.document.get("Condition", {}).items():
            if operator.removesuffix("IfExists") in _ARN_OPERATORS:
                for name, wanted in tests.items():
                    if name.lower() == key.lower() and not any(
                        matches(str(each), value) for each in as_list(wanted)
                    ):
                        return False
        return True


def statements(resource: Resource, *path: str | int) -> list[Statement]:
    """The statements of the document there, without those that a condition leaves out."""
    document = resource.get(*path)
    if isinstance(document, str):
        document = json.loads(document)
    where = place(resource, *path)
    found = as_list((document or {}).get("Statement"))
    return [
        _statement(where, each, index) for index, each in enumerate(found) if isinstance(each, dict)
    ]


def _statement(where: str, document: Mapping[str, Any], index: int | None = None) -> Statement:
    name = document.get("Sid", index)
    return Statement(
        f"{where}.Statement" if name is None else f"{where}.Statement[{name}]", document
    )


def place(resource: Resource, *path: str | int) -> str:
    """The path as people say it: a policy of a role by its name."""
    match path:
        case ("Policies", int(index), *rest):
            policy = f"Policies[{resource.get('Policies', index, 'PolicyName')}]"
            return ".".join([policy, *map(str, rest)])
    return ".".join(map(str, path))


def matches(pattern: str, text: str) -> bool:
    """With * and ? as IAM knows them."""
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(parts), re.DOTALL)


def own_statements(resource: Resource) -> Iterator[Statement]:
    """The statements that a role or an attached policy has itself."""
    for path in own_documents(resource):
        yield from statements(resource, *path)


def own_documents(resource: Resource) -> Iterator[tuple[str | int, ...]]:
    """Where the documents are that say what may be done."""
    if resource.type == "AWS::IAM::Role":
        yield from (("Policies", n, "PolicyDocument") for n in range(resource.size("Policies")))
    else:
        yield ("PolicyDocument",)


def attached_policies(role: Resource) -> Iterator[Resource]:
    """The policies of the template that name the role, or that the role names."""
    managed = {str(each) for each in role.list("ManagedPolicyArns")}
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for policy in role.world.all(kind):
            names_role = role.references() & {str(each) for each in policy.list("Roles")}
            if names_role or policy.references() & managed:
                yield policy


def identity_policies(role: Resource, action: str) -> Iterator[tuple[Resource, Statement]]:
    """What a role may or must not do about an action, with the resource that says so: its own and
    attached policies."""
    for owner in (role, *attached_policies(role)):
        for path in own_documents(owner):
            found = owner.members(*path, "Statement", keep=lambda each: _may_name(each, action))
            yield from ((owner, _statement(place(owner, *path), each)) for each in found)


def _may_name(written: Any, action: str) -> bool:
    """Whether a statement names the action, on any side of the conditions in it."""
    match written:
        case {"Fn::If": [_, then, otherwise]}:
            return _may_name(then, action) or _may_name(otherwise, action)
        case {"Ref": "AWS::NoValue"}:
            return False
        case {"Action": str() | [*_] as actions}:
            named = as_list(actions)
            plain = [each for each in named if isinstance(each, str)]
            return len(plain) < len(named) or Statement("", {"Action": plain}).names_action(action)
    return True


def role_may(role: Resource, action: str, arn: str | None, before: Resource) -> bool:
    """Whether the role has the permission by the time that `before` is made; without an ARN, the
    permission on any resource.

    What a managed policy from outside the template grants is not known: it counts as granted.
    """
    for managed in role.list("ManagedPolicyArns"):
        if role.world.find("AWS::IAM::ManagedPolicy", managed) is not None:
            continue  # one of the role's identity policies
        granted = _WELL_KNOWN.get(str(managed).rpartition("/")[2])
        if granted is not None and action in granted:
            return True
        if granted is None and ":aws:policy/" not in str(managed):
            return True
    allowed = False
    for owner, statement in identity_policies(role, action):
        if _denies(statement, action, arn):
            return False
        in_time = owner.name == role.name or role.world.is_made_before(owner, before)
        allowed = allowed or (in_time and _allows(statement, action, arn))
    return allowed


def how_to_allow(
    role: Resource, action: str, arn: str | None, before: Resource, what: str = ""
) -> str:
    """What to change where `role_may` says no; `what` is the resource as its template calls it."""
    found = list(identity_policies(role, action))
    on = f" on {what}" if what else ""
    for owner, statement in found:
        if _denies(statement, action, arn):
            return f"take {action}{on} out of the denial in {owner.name}.{statement.path}"
    for owner, statement in found:
        if _allows(statement, action, arn):
            return f"let {before.name} wait for {owner.name} (DependsOn), which allows {action}{on}"
    return (
        f"allow {role.name} {action}{on}, in the role itself or in a policy that {before.name} "
        "waits for (DependsOn)"
    )


def _denies(statement: Statement, action: str, arn: str | None) -> bool:
    """Whatever the context of the call is."""
    return (
        not statement.allows
        and "Condition" not in statement.document
        and statement.names_action(action)
        and statement.names_resource("*" if arn is None else arn)
    )


def _allows(statement: Statement, action: str, arn: str | None) -> bool:
    return (
        statement.allows
        and statement.names_action(action)
        and (arn is None or statement.names_resource(arn))
    )


def trusts(role: Resource, service: str) -> bool:
    """Whether the service may assume the role, also when it only looks whether it may.

    Services check a role without the context keys of a later use.
    """
    return any(
        each.allows
        and service in each.services
        and not any(
            "IfExists" not in operator
            for key in ("aws:SourceArn", "aws:SourceAccount")
            for operator, _ in each.values(key)
        )
        for each in statements(role, "AssumeRolePolicyDocument")
    )


def admitting(
    kind: str, targets: str, target: Resource, service: str, action: str, source_arn: str
) -> Iterator[Resource]:
    """The policies (`AWS::SQS::QueuePolicy`, its property `Queues`) by which a service may use the
    target in the name of the source."""
    for policy in target.world.all(kind):
        named = {str(each) for each in policy.list(targets)}
        if target.references() & named and any(
            statement.allows
            and (service in statement.services or statement.is_for_everyone)
            and statement.names_action(action)
            and statement.names_resource(target.arn)
            and statement.holds_for("aws:SourceArn", source_arn)
            and statement.holds_for("aws:SourceAccount", target.world.account)
            for statement in statements(policy, "PolicyDocument")
        ):
            yield policy


def permissions(
    world: World, function: Resource, principal: str, source_arn: str
) -> Iterator[Resource]:
    """The Lambda permissions by which a service may invoke the function for the source."""
    for permission in world.all("AWS::Lambda::Permission"):
        source = permission.get("SourceArn")
        account = permission.get("SourceAccount")
        if (
            permission.get("FunctionName") in function.references()
            and permission.get("Principal") == principal
            and permission.get("Action") in ("lambda:InvokeFunction", "lambda:*")
            and (source is None or matches(str(source), source_arn))
            and account in (None, world.account)
        ):
            yield permission
