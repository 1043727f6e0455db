"""Policies with one thing changed: something is missing, or something is wider than it was."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from local.cloudformation.world import as_list
from tests.template.iam.statements import Kind
from tests.template.permissions.policies import Policy
from tests.template.permissions.table import ANOTHER_SERVICE

_Statement = dict[str, Any]
_EVERYONE = {"AWS": "*"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`policy` is None where the policy is deleted."""

    change: str
    policy: Policy | None


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Every change of the policy: of the whole, of its subjects and of each statement."""
    yield Mutant("is deleted", None)
    if len(policy.subjects) > 1:
        for subject in policy.subjects:
            rest = tuple(each for each in policy.subjects if each != subject)
            yield Mutant(f"is not that of {subject}", replace(policy, subjects=rest))
    statements = policy.statements
    for index, statement in enumerate(statements):
        sid = statement.get("Sid", "the statement")
        if len(statements) > 1:
            rest_of = [each for each in statements if each is not statement]
            yield Mutant(f"{sid} is deleted", _with(policy, rest_of))
        for change, changed in _changes(statement, policy.kind):
            others = [changed if at == index else each for at, each in enumerate(statements)]
            yield Mutant(f"{sid}: {change}", _with(policy, others))


def _with(policy: Policy, statements: list[_Statement]) -> Policy:
    return replace(policy, document={**policy.document, "Statement": statements})


def _changes(statement: _Statement, kind: Kind) -> Iterator[tuple[str, _Statement]]:
    for member in "Action", "Resource":
        yield from _shorter(statement, member)
    # A denial of a resource's own policy that is wider denies what nothing asks for.
    if statement["Effect"] == "Allow" or kind is Kind.IDENTITY:
        yield from _wider_actions(statement)
    yield from _wider_resources(statement)
    yield from _other_principals(statement)
    yield from _other_conditions(statement)
    if kind is Kind.IDENTITY and statement["Effect"] == "Deny":
        yield "allows", {**statement, "Effect": "Allow"}


def _shorter(statement: _Statement, member: str) -> Iterator[tuple[str, _Statement]]:
    values = as_list(statement.get(member))
    if len(values) > 1:
        for value in values:
            rest = [each for each in values if each != value]
            yield f"without {value}", {**statement, member: rest}


def _wider_actions(statement: _Statement) -> Iterator[tuple[str, _Statement]]:
    for action in as_list(statement["Action"]):
        wider = f"{action.split(':')[0]}:*"
        if wider != action:
            yield _replaced(statement, "Action", action, wider)


def _wider_resources(statement: _Statement) -> Iterator[tuple[str, _Statement]]:
    for resource in as_list(statement.get("Resource")):
        if resource != "*":
            yield _replaced(statement, "Resource", resource, "*")
        # So does an identity policy's denial that is wider in these ways.
        if resource != "*" and statement["Effect"] == "Allow":
            for wider in _wider(resource):
                yield _replaced(statement, "Resource", resource, wider)


def _wider(arn: str) -> Iterator[str]:
    """The ARN for each region, each account, each name, and names that begin alike."""
    *front, region, account, name = arn.split(":", 5)
    begin = ":".join(front)
    kind, separator, _ = name.partition("/" if "/" in name else ":")
    candidates = (
        f"{begin}:{'*' if region else ''}:{account}:{name}",
        f"{begin}:{region}:{'*' if account else ''}:{name}",
        f"{begin}:{region}:{account}:*",
        f"{begin}:{region}:{account}:{kind}{separator}*" if separator else f"{arn}*",
    )
    yield from dict.fromkeys(each for each in candidates if each != arn)


def _other_principals(statement: _Statement) -> Iterator[tuple[str, _Statement]]:
    principal = statement.get("Principal")
    if principal is None:
        return
    others: list[Any] = [{"Service": ANOTHER_SERVICE}]
    if statement["Effect"] == "Allow":
        others += [_EVERYONE, {**principal, **_EVERYONE}, "*"]
    for other in others:
        if other != principal:
            yield f"for {other}", {**statement, "Principal": other}


def _other_conditions(statement: _Statement) -> Iterator[tuple[str, _Statement]]:
    for operator, tests in statement.get("Condition", {}).items():
        for key, values in tests.items():
            where = f"{operator} {key}"
            yield f"without {where}", _conditioned(statement, operator, _without(tests, key))
            for value in as_list(values):
                rest = [each for each in as_list(values) if each != value]
                if rest:
                    shorter = {**tests, key: rest}
                    yield f"without {where} {value}", _conditioned(statement, operator, shorter)
            # These are true without the key as they are.
            if statement["Effect"] == "Allow" and not re.match("Null|ForAll|.*IfExists", operator):
                exact = _conditioned(statement, operator, _without(tests, key))
                loose = _conditioned(exact, f"{operator}IfExists", {key: values})
                yield f"{where} only if it exists", loose


def _without(tests: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: values for name, values in tests.items() if name != key}


def _conditioned(statement: _Statement, operator: str, tests: dict[str, Any]) -> _Statement:
    return {**statement, "Condition": {**statement["Condition"], operator: tests}}


def _replaced(statement: _Statement, member: str, value: str, wider: str) -> tuple[str, _Statement]:
    values = [wider if each == value else each for each in as_list(statement[member])]
    return f"{wider} in place of {value}", {**statement, member: values}
