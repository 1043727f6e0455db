"""What is wrong with a statement by AWS's own list of actions, resources and condition keys.

IAM takes most of these statements without a word; they grant, or deny, nothing.
"""

import difflib
import re
from collections.abc import Iterator

from tests.template.iam.arns import UNKNOWN, fits
from tests.template.iam.reference import Action, has_service, matching, similar
from tests.template.iam.statements import Condition, Kind, Statement

# Which operators compare which type of key.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_OPERATORS = {
    "ARN": r"Arn(Not)?(Equals|Like)|String(Not)?(Equals|Like|EqualsIgnoreCase)",
    "Bool": r"Bool",
    "Date": r"Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Numeric\w+",
    "IPAddress": r"(Not)?IpAddress",
    "Numeric": r"Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?",
    "String": r"String(Not)?(Equals|Like)|String(Not)?EqualsIgnoreCase",
}
# Calls whose permissions are those of the statement within.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
_PARTIQL = tuple(f"dynamodb:{each}Statement" for each in ("Execute", "BatchExecute"))
_LITERAL = re.compile(r"String(Not)?Equals(IgnoreCase)?")
_VALUES = {"Bool": re.compile("true|false", re.IGNORECASE), "Numeric": re.compile(r"-?\d+(\.\d+)?")}


def problems(statement: Statement) -> list[str]:
    """Reasons to refuse a statement, each with what to change; none for a good one."""
    return [f"{statement}: {each}" for each in _problems(statement)]


def _problems(statement: Statement) -> Iterator[str]:
    known: dict[str, list[Action]] = {}
    for name in statement.actions:
        known[name] = matching(name)
        if not known[name]:
            yield _unknown(name)
    known = {name: actions for name, actions in known.items() if actions}
    if statement.kind is not Kind.TRUST and known:
        yield from _resource_problems(statement, known)
    for condition in statement.conditions:
        for name, actions in known.items():
            yield from _condition_problems(condition, name, actions)


def _unknown(name: str) -> str:
    service = name.partition(":")[0]
    if not has_service(service):
        return f"{name}: IAM knows no service {service}; write the action as service:Action"
    alike = similar(name)
    hint = f"; similar actions are {', '.join(alike)}" if alike else ""
    if name in _PARTIQL:
        hint = "; it asks for dynamodb:PartiQLSelect, PartiQLInsert, PartiQLUpdate or PartiQLDelete"
    return f"{name} is no action of IAM, so it grants nothing{hint}"


def _resource_problems(statement: Statement, known: dict[str, list[Action]]) -> Iterator[str]:
    resources = statement.resources
    if not resources:
        if statement.kind is Kind.IDENTITY:
            yield "names no resource; add Resource"
        return
    if UNKNOWN in resources or statement.excludes_resources:
        return
    for name, actions in known.items():
        yield from _misfit(statement, name, actions)
    for resource in resources:
        if resource != "*" and not _fits_any(resource, known):
            yield f"{resource} is a resource of none of {', '.join(known)}; take it out"


def _misfit(statement: Statement, name: str, actions: list[Action]) -> Iterator[str]:
    forms = sorted({form for each in actions for form in each.forms})
    if "*" in statement.resources:
        if forms and statement.allows and statement.kind is Kind.IDENTITY:
            yield f'{name} can be granted on single resources; instead of "*" name {_or(forms)}'
    elif not forms:
        yield f'{name} knows no resources; give it a statement of its own with Resource "*"'
    elif not any(fits(each, form) for each in statement.resources for form in forms):
        yield f"{name} acts on {_or(forms)}, and on no resource of this statement"


def _fits_any(resource: str, known: dict[str, list[Action]]) -> bool:
    forms = {form for actions in known.values() for each in actions for form in each.forms}
    # Where no action has resources, that is the problem to report.
    return not forms or any(fits(resource, form) for form in forms)


def _or(forms: list[str]) -> str:
    return " or ".join(forms)


def _condition_problems(condition: Condition, name: str, actions: list[Action]) -> Iterator[str]:
    types = [kind for each in actions if (kind := each.type_of(condition.key))]
    if not types:
        yield (
            f"{name} does not have the condition key {condition.key}, so the condition never "
            f"holds; it has the global keys and {_keys(condition.key, actions)}"
        )
        return
    qualifier, _, operator = condition.operator.rpartition(":")
    operator = operator.removesuffix("IfExists")
    if operator == "Null":
        return
    kind = types[0].removeprefix("ArrayOf")
    if types[0].startswith("ArrayOf") and not qualifier:
        yield (
            f"{condition.key} has several values; compare them with ForAnyValue:{operator} "
            f"or ForAllValues:{operator}"
        )
    elif qualifier and not types[0].startswith("ArrayOf"):
        yield f"{condition.key} has a single value; write {operator} without {qualifier}"
    if not re.fullmatch(_OPERATORS[kind], operator):
        yield f"{condition.operator} does not compare {condition.key}, whose type is {kind}"
    yield from _value_problems(condition, operator, kind)


def _value_problems(condition: Condition, operator: str, kind: str) -> Iterator[str]:
    for value in condition.values:
        if _LITERAL.fullmatch(operator) and re.search(r"[*?]", value):
            better = "ArnLike" if kind == "ARN" else "StringLike"
            yield f"{operator} takes {value} literally; for a pattern write {better}"
        if kind in _VALUES and value != UNKNOWN and not _VALUES[kind].fullmatch(value):
            yield f"{condition.key} is of type {kind}, which {value} is not"


def _keys(key: str, actions: list[Action]) -> str:
    own = sorted({key for each in actions for key, _ in each.keys})
    if not own:
        return "none of its own"
    like = difflib.get_close_matches(key, own, cutoff=0.75)
    return ", ".join(like or own[:6]) + (" and more" if len(own) > len(like or own[:6]) else "")
