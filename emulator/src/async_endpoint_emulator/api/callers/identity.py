"""Who calls, and whether they may.

The access key names the caller, and the signature proves it wherever the key's secret is known.
Root may do everything, and its secret comes with its key. With a `credentials` address, the AWS
stand-in says whose any other key is and what its secret is. Without, a Lambda function's session is
recognised by deriving the key and the secret of every function that exists; an IAM user's key by
asking IAM, which tells no secret; and the key of any other session of a role must be put
(/_emulator/sessions), because no call of STS says whose it is. Any other key is refused, as AWS
refuses an unknown one.
"""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.api.tags import Tags
from async_endpoint_emulator.aws import Aws, error_code
from async_endpoint_emulator.errors import AwsError


@dataclass(frozen=True, slots=True)
class Caller:
    """`arn` is what error messages name; `principal` is whose policies decide, None for root."""

    arn: str
    principal: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an access key. Without its secret, signatures with it are not checked."""

    caller: Caller
    secret: str | None = None


Decide = Callable[[str, str, str, Mapping[str, str]], Awaitable[str]]
"""Given a principal, an action, a resource and a context, answers `allowed`, `implicitDeny` or
`explicitDeny`."""


async def allow(principal: str, action: str, resource: str, context: Mapping[str, str]) -> str:
    """`--authorise none`: for AWS stand-ins without IAM simulation."""
    return "allowed"


Ask = Callable[[str], Holder | None]
"""Asks the AWS stand-in who holds an access key; None: there is no such key."""


class Callers(Protocol):
    """Finds the caller behind a request."""

    async def identify(self, request: SignedRequest) -> Caller:
        """The caller who has signed the request.

        Raises:
            AwsError: MissingAuthenticationTokenException, IncompleteSignatureException,
                UnrecognizedClientException or InvalidSignatureException.
        """
        ...

    def admit(self, key: str, holder: Holder) -> None:
        """Remembers a session that was made with sts:AssumeRole."""
        ...


class Unrestricted:
    """`--authorise none`: whoever calls is root."""

    async def identify(self, request: SignedRequest) -> Caller:
        return Caller("root", None)

    def admit(self, key: str, holder: Holder) -> None:
        pass


@dataclass
class Identities:
    """The callers that IAM, Lambda and the stack know. `ask` is there with `credentials`."""

    aws: Aws
    root: Credentials
    ask: Ask | None = None
    _known: dict[str, Holder] = field(default_factory=dict)

    async def identify(self, request: SignedRequest) -> Caller:
        holder = await self._find(request.access_key_id)
        if holder.secret is not None:
            request.verify(holder.secret)
        return holder.caller

    def admit(self, key: str, holder: Holder) -> None:
        self._known[key] = holder

    async def _find(self, key: str) -> Holder:
        if key == self.root.access_key:
            return Holder(Caller("root", None), self.root.secret_key)
        if key not in self._known and self.ask is not None:
            if found := await self.aws.call(self.ask, key):
                self._known[key] = found
        elif key not in self._known:
            # The account's number is what MiniStack gives to functions while it enforces nothing.
            if key == await self.aws.account():
                return Holder(Caller("root", None), self.root.secret_key)
            self._known.update(await self.aws.call(self._functions))
            if key not in self._known and (user := await self.aws.call(self._user, key)):
                self._known[key] = Holder(user)
        if key not in self._known:
            raise AwsError(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
                403,
            )
        return self._known[key]

    def _functions(self) -> dict[str, Holder]:
        holders: dict[str, Holder] = {}
        for page in self.aws.functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                key, secret = session_credentials(function["FunctionArn"], function["Role"])
                caller = session_caller(function["FunctionName"], function["Role"])
                holders[key] = Holder(caller, secret)
        return holders

    def _user(self, key: str) -> Caller | None:
        try:
            name = self.aws.iam.get_access_key_last_used(AccessKeyId=key).get("UserName")
            arn = self.aws.iam.get_user(UserName=name)["User"]["Arn"] if name else None
        except ClientError as exc:
            if error_code(exc) in ("NoSuchEntity", "AccessDenied"):
                return None  # IAM does not know the key either
            raise
        return Caller(arn, arn) if arn else None


def session_credentials(function_arn: str, role_arn: str) -> tuple[str, str]:
    """The access key and the secret that MiniStack gives to a function's workers."""
    digest = hashlib.sha256(f"{function_arn}:{role_arn}".encode()).hexdigest()
    secret = hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
    return f"ASIA{digest[:16].upper()}", secret


def session_caller(session_name: str, role_arn: str) -> Caller:
    """A session of a role: a Lambda function's is named after the function."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    role = role_arn.rsplit("/", 1)[-1]
    return Caller(f"arn:{partition}:sts::{account}:assumed-role/{role}/{session_name}", role_arn)


@dataclass
class SimulatedPolicies:
    """Asks IAM's policy simulator, and remembers the answers for a moment."""

    aws: Aws
    remember_seconds: float = 3.0
    _decisions: dict[tuple[object, ...], tuple[float, str]] = field(default_factory=dict)

    async def decide(
        self, principal: str, action: str, resource: str, context: Mapping[str, str]
    ) -> str:
        now = time.monotonic()
        question = (principal, action, resource, frozenset(context.items()))
        until, decision = self._decisions.get(question, (0.0, ""))
        if now >= until:
            decision = await self.aws.call(self._simulate, principal, action, resource, context)
            self._decisions = {key: kept for key, kept in self._decisions.items() if kept[0] > now}
            self._decisions[question] = (now + self.remember_seconds, decision)
        return decision

    def _simulate(
        self, principal: str, action: str, resource: str, context: Mapping[str, str]
    ) -> str:
        answer = self.aws.iam.simulate_principal_policy(
            PolicySourceArn=principal,
            ActionNames=[action],
            ResourceArns=[resource],
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
                for key, value in context.items()
            ],
        )
        decision = answer["EvaluationResults"][0]["EvalDecision"]
        if decision == "implicitDeny" and context:
            # MiniStack's simulator ignores ContextEntries, so a statement with a condition never
            # holds. Ask again with the conditions that the context fulfils already resolved.
            policies = [json.dumps(resolve(each, context)) for each in self._policies(principal)]
            if policies:
                again = self.aws.iam.simulate_custom_policy(
                    PolicyInputList=policies, ActionNames=[action], ResourceArns=[resource]
                )
                decision = again["EvaluationResults"][0]["EvalDecision"]
        return decision

    def _policies(self, role_arn: str) -> list[dict[str, Any]]:
        """Of a role; a user has none with conditions here."""
        if ":role/" not in role_arn:
            return []
        iam = self.aws.iam
        role = role_arn.rsplit("/", 1)[-1]
        documents: list[Any] = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            documents.append(
                iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)[
                    "PolicyVersion"
                ]["Document"]
            )
        return [json.loads(each) if isinstance(each, str) else dict(each) for each in documents]


def resolve(policy: Mapping[str, Any], context: Mapping[str, str]) -> dict[str, Any]:
    """The policy without the StringEquals conditions that the context fulfils."""
    statements = policy["Statement"]
    kept: list[dict[str, Any]] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        conditions = {
            operator: {
                key: wanted
                for key, wanted in tests.items()
                if not (
                    operator in ("StringEquals", "StringLike", "StringEqualsIfExists")
                    and context.get(key) in ([wanted] if isinstance(wanted, str) else wanted)
                )
            }
            for operator, tests in statement.get("Condition", {}).items()
        }
        rest = {key: value for key, value in statement.items() if key != "Condition"}
        left = {operator: tests for operator, tests in conditions.items() if tests}
        kept.append({**rest, "Condition": left} if left else rest)
    return {**policy, "Statement": kept}


@dataclass(frozen=True)
class Authoriser:
    """Refuses what the caller's policies do not allow, in AWS's words.

    The context of each decision has the tags of the resource, as they are then. What does not exist
    has none.
    """

    callers: Callers
    decide: Decide
    tags: Tags = field(default_factory=Tags)

    async def identify(self, request: SignedRequest) -> Caller:
        return await self.callers.identify(request)

    async def require_root(self, request: SignedRequest) -> None:
        """Raises AccessDeniedException unless root has signed it."""
        if (caller := await self.identify(request)).principal is not None:
            raise AwsError("AccessDeniedException", f"User: {caller.arn} is not root", 403)

    def admit(self, key: str, session_name: str, role_arn: str, secret: str | None) -> None:
        """From now on, the access key stands for that session of that role."""
        self.callers.admit(key, Holder(session_caller(session_name, role_arn), secret))

    async def require(
        self,
        caller: Caller,
        action: str,
        resource: str,
        context: Mapping[str, str] | None = None,
    ) -> None:
        """Raises AccessDeniedException unless the caller may."""
        if caller.principal is None:
            return
        tags = {
            f"{prefix}:ResourceTag/{key}": value
            for prefix in ("aws", "sagemaker")
            for key, value in self.tags.of(resource).items()
        }
        decision = await self.decide(
            caller.principal, action, resource, {**tags, **(context or {})}
        )
        if decision == "allowed":
            return
        reason = (
            "with an explicit deny in an identity-based policy"
            if decision == "explicitDeny"
            else f"because no identity-based policy allows the {action} action"
        )
        raise AwsError(
            "AccessDeniedException",
            f"User: {caller.arn} is not authorized to perform: {action} "
            f"on resource: {resource} {reason}",
        )
