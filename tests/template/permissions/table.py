"""The calls that need a permission, and those that must stay denied, from calls.yaml."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from local.aws_rules.permissions.policies import matches
from local.cloudformation.resolution import TemplateWorld

FILE = Path(__file__).with_name("calls.yaml")

ELSEWHERE = "elsewhere"
# Principals that no row names: another service, and a role of another account.
ANOTHER_SERVICE = "ec2.amazonaws.com"
STRANGER = "arn:aws:iam::999999999999:role/stranger"
# A principal of the account whose own policies allow everything.
ACCOUNT = "Account"
_ANOTHER = {"region": "eu-west-9", "account": "999999999999"}
_SHORT = {
    "{account}": "${AWS::Region}:${AWS::AccountId}",
    "{sagemaker}": "arn:aws:sagemaker:${AWS::Region}:${AWS::AccountId}",
}

# A value of a condition key; several texts for a key that has several values.
Value = str | tuple[str, ...]
Context = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as IAM sees it. `secure`: over TLS."""

    caller: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)
    secure: bool = True

    @property
    def is_of_a_service(self) -> bool:
        return self.caller.endswith(".amazonaws.com")

    def __str__(self) -> str:
        keys = "".join(f", {key} {value}" for key, value in self.context.items())
        tls = "" if self.secure else ", without TLS"
        return f"{self.caller} {self.action} on {self.resource}{keys}{tls}"


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the file, with the names of one stack in it. `resources` are patterns."""

    callers: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    by: str
    context: Mapping[str, tuple[Value, ...]]
    never: Mapping[str, tuple[Value, ...]]
    optional: frozenset[str]
    source: str
    unseen: str

    @property
    def is_recorded(self) -> bool:
        return not self.source

    def calls(self) -> Iterator[Call]:
        """A call for each caller, action, resource and combination of values."""
        triples = list(itertools.product(self.callers, self.actions, self.resources))
        for values in itertools.product(*self.context.values()):
            given = dict(zip(self.context, map(_instance, values), strict=True))
            for caller, action, pattern in triples:
                resource = pattern if pattern == "*" else pattern.replace("*", "x")
                yield Call(caller, action, resource, given)
                for key in self.optional:
                    yield Call(caller, action, resource, _without(given, key))

    def covers(self, call: Call) -> bool:
        """Whether the row says that this call is needed."""
        return (
            call.secure
            and call.caller in self.callers
            and call.action in self.actions
            and any(matches(pattern, call.resource) for pattern in self.resources)
            and all(
                any(_fits(value, call.context[key]) for value in values)
                if key in call.context
                else key in self.optional
                for key, values in self.context.items()
            )
        )

    def neighbors(self) -> Iterator[Call]:
        """Calls that differ from one of the row in one thing; some may be of another row."""
        for call in self.calls():
            yield from self._with_other_keys(call)
            yield replace(call, secure=False)
            if call.is_of_a_service:
                yield replace(call, caller=ANOTHER_SERVICE)
                yield replace(call, caller=STRANGER)
            elif call.caller != ACCOUNT:
                for resource in _other_resources(call.resource):
                    yield replace(call, resource=resource)

    def _with_other_keys(self, call: Call) -> Iterator[Call]:
        for key, value in call.context.items():
            yield replace(call, context=_without(call.context, key))
            others = self.never.get(key, (f"{value}-{ELSEWHERE}",))
            for other in others:
                yield replace(call, context={**call.context, key: other})


@dataclass(frozen=True, slots=True)
class Stack:
    """Parameters of the template, and the calls that a stack with them needs."""

    name: str
    parameters: Mapping[str, str]
    rows: tuple[Row, ...]
    denied: tuple[Row, ...]

    def needed(self) -> list[Call]:
        return [call for row in self.rows for call in row.calls()]

    def forbidden(self, restricted: Sequence[str]) -> list[Call]:
        """Neighbors of needed calls, and the calls that the file denies.

        `restricted`: the resources that have a policy of their own; others may be used without TLS.
        """
        neighbors = (call for row in self.rows for call in row.neighbors())
        found = [
            call
            for call in neighbors
            if not any(row.covers(call) for row in self.rows)
            and (call.secure or any(matches(each, call.resource) for each in restricted))
        ]
        return found + [call for row in self.denied for call in row.calls()]


@cache
def document() -> Mapping[str, Any]:
    """The file, with patterns and names as it has them."""
    found: Mapping[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def stack(name: str, world: TemplateWorld) -> Stack:
    """The stack of the file with this name, in the world of its parameters."""
    return Stack(
        name, document()["stacks"][name], _rows("calls", name, world), _rows("denied", name, world)
    )


def long_form(text: str) -> str:
    """A name of the file as `Fn::Sub` takes it."""
    for short, long in _SHORT.items():
        text = text.replace(short, long)
    return text


def _rows(section: str, stack_name: str, world: TemplateWorld) -> tuple[Row, ...]:
    entries = document()[section]
    return tuple(
        _row(each, world) for each in entries if each.get("stack", "created") == stack_name
    )


def _row(entry: Mapping[str, Any], world: TemplateWorld) -> Row:
    def named(value: Any) -> Any:
        if isinstance(value, list):
            return tuple(named(each) for each in value)
        return str(world.resolve({"Fn::Sub": long_form(value)}))

    def keys(name: str) -> dict[str, Any]:
        return {key: named(values) for key, values in entry.get(name, {}).items()}

    unknown = entry.keys() - _MEMBERS
    if unknown or not entry.keys() >= _REQUIRED:
        raise ValueError(f"not a row of {FILE.name}: {entry}")
    return Row(
        callers=tuple(entry["callers"].split()),
        actions=tuple(entry["actions"].split()),
        resources=named(entry["resources"]),
        by=entry["by"],
        context=keys("with"),
        never=keys("not_with"),
        optional=frozenset(entry.get("optional", ())),
        source=entry.get("source", ""),
        unseen=entry.get("unseen", ""),
    )


_REQUIRED = {"callers", "actions", "resources", "by"}
_MEMBERS = _REQUIRED | {"with", "not_with", "optional", "source", "unseen", "stack"}


def _instance(value: Value) -> Value:
    """A text that a pattern stands for."""
    return value.replace("*", "x") if isinstance(value, str) else value


def _fits(pattern: Value, value: Value) -> bool:
    if isinstance(pattern, str) and isinstance(value, str):
        return matches(pattern, value)
    return pattern == value


def _without(context: Context, key: str) -> Context:
    return {name: value for name, value in context.items() if name != key}


def _other_resources(arn: str) -> Iterator[str]:
    """The same ARN in another region or account, and with each part of its name replaced."""
    if arn == "*":
        return
    *front, region, account, name = arn.split(":", 5)
    begin = ":".join(front)
    yield f"{arn}-{ELSEWHERE}"
    if region:
        yield f"{begin}:{_ANOTHER['region']}:{account}:{name}"
    if account:
        yield f"{begin}:{region}:{_ANOTHER['account']}:{name}"
    for separator in "/", ":":
        parts = name.split(separator)
        for index in range(len(parts)):
            other = [*parts[:index], ELSEWHERE, *parts[index + 1 :]]
            yield f"{begin}:{region}:{account}:{separator.join(other)}"
