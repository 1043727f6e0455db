"""Who may invoke the functions: what the template permits, and what someone else did."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.compare import statements
from relayctl.doctor.expected import Resource, Stack, is_known
from relayctl.doctor.findings import Call, Finding, Severity

_FUNCTION = "AWS::Lambda::Function"
_PERMISSION = "AWS::Lambda::Permission"
# Properties of a permission that are conditions of its statement.
_SOURCES = ("SourceArn", "SourceAccount")
_ANYONE = ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _policy(account: Account, function: str) -> Sequence[Mapping[str, Any]]:
    """Return the statements of a function's policy; none where it has no policy."""
    try:
        return statements(account.get("lambda", "get_policy", FunctionName=function)["Policy"])
    except Gone:
        return ()


def _function_of(stack: Stack, permission: Resource) -> str:
    name = str(permission.get("FunctionName"))
    function = stack.named(name)
    return function.id if function else name


def permissions(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report permissions to invoke a function that a service has no longer."""
    functions = {each.id for each in stack.of(_FUNCTION)}
    for permission in stack.of(_PERMISSION):
        id = _function_of(stack, permission)
        if id not in functions:
            continue
        if not any(_permits(each, permission) for each in _policy(account, id)):
            yield _not_permitted(permission, id)


def _permits(statement: Mapping[str, Any], permission: Resource) -> bool:
    """Whether a statement permits what a resource of the template does, and nothing more."""
    principal, conditions = permission.get("Principal"), _conditions(statement)
    return (
        statement.get("Effect") == "Allow"
        and statement.get("Principal") in (principal, {"Service": principal})
        and str(statement.get("Action")).lower() == str(permission.get("Action")).lower()
        and all(
            not is_known(value) or conditions.get(f"aws:{name.lower()}") == str(value)
            for name in _SOURCES
            if (value := permission.get(name))
        )
    )


def _conditions(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a statement's conditions by their keys, which may have any case."""
    return {
        key.lower(): value
        for keys in statement.get("Condition", {}).values()
        for key, value in keys.items()
    }


def _not_permitted(permission: Resource, function: str) -> Finding:
    given: dict[str, Any] = {
        "FunctionName": function,
        "StatementId": permission.name,
        "Action": permission.get("Action"),
        "Principal": permission.get("Principal"),
    }
    for name in _SOURCES:
        if permission.get(name):
            given[name] = permission.get(name)
    return Finding(
        "function-permission",
        Severity.ERROR,
        permission.name,
        f"{permission.get('Principal')} may not invoke {function}: its events do not arrive",
        "Permit it",
        (Call("lambda", "add_permission", given),),
    )


def further(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report statements in the policies of the functions that the template does not have.

    Lambda adds none by itself: each is of a resource of the template, or of someone's hand.
    """
    for function in stack.of(_FUNCTION):
        own = [each for each in stack.of(_PERMISSION) if _function_of(stack, each) == function.id]
        for statement in _policy(account, function.id):
            if not any(_permits(statement, permission) for permission in own):
                yield _added(statement, function)


def _added(statement: Mapping[str, Any], function: Resource) -> Finding:
    principal, name = statement.get("Principal"), str(statement.get("Sid", ""))
    anyone = principal in _ANYONE
    who = "every account" if anyone else _listed(principal)
    verb = "permits" if statement.get("Effect") == "Allow" else "denies"
    conditions = _conditions(statement)
    only = "".join(f", {key} {_listed(each)}" for key, each in conditions.items())
    return Finding(
        "function-permission-added",
        Severity.ERROR if anyone else Severity.WARNING,
        function.name,
        f"function {function.id}: statement {name} of its policy, which the template has not, "
        f"{verb} {_listed(statement.get('Action'))} to {who}{only}: what calls it acts with the "
        "function's permissions",
        "Remove it, unless it is yours",
        (
            Call(
                "lambda",
                "remove_permission",
                {"FunctionName": function.id, "StatementId": name},
            ),
        ),
    )


def _listed(value: Any) -> str:
    match value:
        case Mapping():
            return ", ".join(map(_listed, value.values()))
        case list():
            return ", ".join(map(_listed, value))
    return str(value)
