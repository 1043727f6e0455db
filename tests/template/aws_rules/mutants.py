"""Small changes of template.yaml that AWS refuses, or that break there without a word."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local.aws_rules import RULES, Refusal
from local.aws_rules.check import occurrences
from tests.template.aws_rules.rules import template
from tests.template.editing import edited_template


@dataclass(frozen=True, slots=True)
class Mutant:
    """`set` and `remove` as in `edited`; `rule` refuses it, with `change` in its advice."""

    name: str
    rule: str
    change: str
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def refusals(self) -> Iterator[Refusal]:
        """As they are found, because the first one that names the change is enough."""
        (rule,) = (each for each in RULES if each.name == self.rule)
        return occurrences(edited_template(template(), self.set, self.remove), [rule])


def read(path: Path) -> list[Mutant]:
    return [Mutant(**each) for each in yaml.safe_load(path.read_text())]


MUTANTS = read(Path(__file__).with_suffix(".yaml"))
