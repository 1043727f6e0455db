"""Whether two values mean the same to AWS, which writes them in other forms than templates do."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

# Members of a statement in which one value and a list of it are the same.
_LISTS = ("Action", "NotAction", "Resource", "NotResource")


def canonical(value: Any) -> Any:
    """Return the value with numbers and booleans as text, lists in one order, and None for empty.

    A template that leaves out each member of an object by AWS::NoValue has an empty object.
    """
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(int(value)) if float(value).is_integer() else str(value)
        case str():
            # A threshold of CloudWatch, 10.0, or a number that a template writes as text.
            return str(int(float(value))) if _is_whole(value) else value
        case Mapping():
            pairs = ((str(key), canonical(each)) for key, each in value.items())
            return {key: each for key, each in pairs if each is not None} or None
        case list() | tuple():
            members = map(canonical, value)
            return sorted(members, key=lambda each: json.dumps(each, sort_keys=True)) or None
    return value


def _is_whole(text: str) -> bool:
    head, dot, tail = text.partition(".")
    return head.isdecimal() and (not dot or (tail != "" and not tail.strip("0")))


def same(one: Any, other: Any) -> bool:
    return bool(canonical(one) == canonical(other))


def statements(policy: Any) -> list[dict[str, Any]]:
    """Return the statements of a policy, an object or its JSON; none for no policy."""
    document = json.loads(policy) if isinstance(policy, str) and policy else policy
    found = (document or {}).get("Statement", [])
    return [dict(each) for each in ([found] if isinstance(found, Mapping) else found)]


def policy_differences(expected: Any, actual: Any) -> Iterator[str]:
    """Say which statements are missing, changed or added, by their Sid."""
    wanted = {_text(each): each for each in statements(expected)}
    found = {_text(each): each for each in statements(actual)}
    missing = [_sid(wanted[each]) for each in wanted.keys() - found.keys()]
    added = [_sid(found[each]) for each in found.keys() - wanted.keys()]
    for each in sorted(missing):
        yield f"statement {each} is {'changed' if each in added else 'missing'}"
    for each in sorted(set(added) - set(missing)):
        yield f"statement {each} is not of the template"


def _sid(statement: Mapping[str, Any]) -> str:
    return str(statement.get("Sid") or f"{statement.get('Effect')} {statement.get('Action')}")


def _text(statement: Mapping[str, Any]) -> str:
    """Return a statement in one form, whatever form AWS stored."""
    found = dict(statement)
    for name in _LISTS:
        if name in found:
            found[name] = [found[name]] if isinstance(found[name], str) else found[name]
    found["Action"] = [str(each).lower() for each in found.get("Action", [])]
    found["Principal"] = _principal(found.get("Principal"))
    found["Condition"] = {
        operator: {key: [each] if isinstance(each, str) else each for key, each in keys.items()}
        for operator, keys in found.get("Condition", {}).items()
    }
    return json.dumps(canonical(found), sort_keys=True)


def _principal(principal: Any) -> Any:
    if principal == "*":
        return {"AWS": ["*"]}
    if isinstance(principal, Mapping):
        return {key: [each] if isinstance(each, str) else each for key, each in principal.items()}
    return principal
