"""Runs the rules over a template."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

# Each module registers its rules.
from local.aws_rules import (  # noqa: F401
    buckets,
    event_sources,
    events,
    functions,
    lifecycles,
    parameter_store,
    queues,
    tables,
    topics,
)
from local.aws_rules.cloudwatch import (  # noqa: F401
    alarm_settings,
    alarms,
    dashboards,
)
from local.aws_rules.cross_service import (  # noqa: F401
    cloudformation,
    limits,
    names,
    numbers,
    partitions,
)
from local.aws_rules.permissions import (  # noqa: F401
    attachments,
    conditions,
    execution_roles,
    identity_policies,
    resource_policies,
)
from local.aws_rules.rule import RULES, Refusal, Rule
from local.cloudformation.choices import Choices, explore
from local.cloudformation.intrinsics import leaves
from local.cloudformation.parameters import PARTITIONS
from local.cloudformation.resolution import TemplateResource, TemplateWorld
from local.cloudformation.template import Template


def check(template: Template, rules: Sequence[Rule] | None = None) -> list[Refusal]:
    """Every refusal once, with the parameters of its first occurrence."""
    found: dict[tuple[str, ...], Refusal] = {}
    for each in occurrences(template, RULES if rules is None else rules):
        found.setdefault((each.rule.name, each.resource, each.path, each.words), each)
    return list(found.values())


def occurrences(template: Template, rules: Sequence[Rule]) -> Iterator[Refusal]:
    """Refusals as they are found: a refusal occurs with each combination that leads to it."""
    for rule in rules:
        for name, definition in template.resources.items():
            if rule.applies_to(str(definition["Type"])):
                yield from _refusals(template, rule, name)


def _refusals(template: Template, rule: Rule, name: str) -> Iterator[Refusal]:
    def options(choice: str) -> Sequence[Any]:
        if choice == "AWS::Partition":
            return tuple(PARTITIONS)
        return template.values(choice, rule.measures)

    properties = template.resources[name].get("Properties", {})
    for part in leaves(properties) if rule.leafwise else (properties,):

        def run(choices: Choices, part: Any = part) -> list[Refusal]:
            world = TemplateWorld(template, choices, rule.measures)
            found = TemplateResource(world, name, part)
            return list(rule.refusals(found)) if world.exists(name) else []

        for taken, refusals in explore(options, run):
            yield from (replace(each, given=_said(taken)) for each in refusals)


def _said(taken: Mapping[str, Any]) -> str:
    shown = {key.removeprefix("AWS::"): str(value) for key, value in taken.items()}
    return ", ".join(
        f"{key}={value if len(value) <= 40 else f'{len(value):,} characters'}"
        for key, value in shown.items()
    )
