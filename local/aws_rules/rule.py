"""A rule of AWS: which resources it is about, its words, its source, and when AWS enforces it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from local.cloudformation.world import Resource


class Enforced(Enum):
    """When one learns of it."""

    TEMPLATE = "CloudFormation refuses the template"
    CREATION = "AWS refuses the resource"
    NEVER = "AWS says nothing"


@dataclass(frozen=True, slots=True)
class Problem:
    """What one resource does against a rule. `words` and `enforced` only where they differ from the
    rule's."""

    path: str
    change: str
    words: str = ""
    enforced: "Enforced | None" = None


Check = Callable[[Resource], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`measures`: about sizes, so that parameters take their longest values and no others.
    `leafwise`: about single values, so that each is looked at alone, whatever stands beside it.
    """

    name: str
    types: tuple[str, ...]
    words: str
    source: str
    enforced: Enforced
    measures: bool
    leafwise: bool
    check: Check

    def applies_to(self, resource_type: str) -> bool:
        return any(
            each in ("*", resource_type)
            or (each.endswith("*") and resource_type.startswith(each[:-1]))
            for each in self.types
        )

    def refusals(self, resource: Resource) -> Iterator["Refusal"]:
        try:
            problems = list(self.check(resource))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as exc:
            # A property of a shape that the rule cannot read is one that AWS cannot read either.
            problems = [_unreadable(resource, exc)]
        for problem in problems:
            words, enforced = problem.words or self.words, problem.enforced or self.enforced
            yield Refusal(self, resource.name, problem.path, words, problem.change, enforced)


def _unreadable(resource: Resource, exc: Exception) -> Problem:
    return Problem(
        "",
        f"give every property the type that {resource.type} has for it; cfn-lint names the one",
        f"Properties validation failed for resource {resource.name} ({exc!r})",
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """One sentence for whoever wrote the template: where, AWS's words, and what to change."""

    rule: Rule
    resource: str
    path: str
    words: str
    change: str
    enforced: Enforced
    given: str = ""

    def __str__(self) -> str:
        where = f"{self.resource}.{self.path}" if self.path else self.resource
        if self.path.startswith("Outputs."):
            # An output belongs to no resource.
            where = self.path
        given = f" [with {self.given}]" if self.given else ""
        return f"{where}: {self.enforced.value}: {self.words} -> {self.change}{given}"


RULES: list[Rule] = []


def rule(
    *types: str,
    words: str,
    source: str,
    enforced: Enforced = Enforced.CREATION,
    measures: bool = False,
    leafwise: bool = False,
) -> Callable[[Check], Check]:
    """Register a function as a rule about resources of these types (`Custom::*` for a family).

    `words` are AWS's own where AWS has any, `source` is the page that states the rule.
    """

    def register(check: Check) -> Check:
        name = check.__name__
        RULES.append(Rule(name, types, words, source, enforced, measures, leafwise, check))
        return check

    return register
