"""Findings of the independent tools, and the file of those that are accepted, each for a reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ACCEPTED = Path(__file__).with_name("accepted-findings.yaml")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: a tool's rule, where it applies, and what the tool says.

    `detail` is what cdk-nag writes in brackets behind a rule: which part of the resource it means.
    """

    tool: str
    rule: str
    template: str
    resource: str
    message: str
    detail: str = ""

    def __str__(self) -> str:
        rule = f"{self.rule}[{self.detail}]" if self.detail else self.rule
        return f"{self.template}, {self.resource}: {self.message} ({self.tool} {rule})"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Findings that are accepted. A `*` in a resource's name stands for any text."""

    tool: str
    rule: str
    template: str
    resources: tuple[str, ...]
    details: tuple[str, ...]
    reason: str

    def accepts(self, finding: Finding) -> bool:
        return (
            (self.tool, self.rule, self.template) == (finding.tool, finding.rule, finding.template)
            and any(_matches(each, finding.resource) for each in self.resources)
            and (not self.details or finding.detail in self.details)
        )

    def stale(self, findings: Iterable[Finding]) -> list[str]:
        """The resources and details of this entry that no finding has any more."""
        accepted = [each for each in findings if self.accepts(each)]
        where = f"{self.tool} {self.rule} in {self.template}"
        unused = [
            pattern
            for pattern in self.resources
            if not any(_matches(pattern, each.resource) for each in accepted)
        ]
        unused += sorted(set(self.details) - {each.detail for each in accepted})
        return [f"{where} is not found on {each} any more; take it out" for each in unused]


def accepted(file: Path = ACCEPTED) -> list[Accepted]:
    """The entries of the file, read strictly: each has a reason, and nothing that is unknown."""
    return [_accepted(entry) for entry in yaml.safe_load(file.read_text())]


def complaints(
    tool: str, findings: Iterable[Finding], entries: Iterable[Accepted] | None = None
) -> list[str]:
    """What to change: findings that are not accepted, and accepted ones that are not found."""
    found = sorted(set(findings), key=str)
    own = [each for each in (accepted() if entries is None else entries) if each.tool == tool]
    new = [str(each) for each in found if not any(entry.accepts(each) for entry in own)]
    return new + [stale for entry in own for stale in entry.stale(found)]


def _accepted(entry: dict[str, Any]) -> Accepted:
    given = {"details": [], **entry}
    details, resources = (tuple(given.pop(each)) for each in ("details", "resources"))
    found = Accepted(**given, details=details, resources=resources)
    if not resources or not found.reason:
        raise ValueError(f"an accepted finding needs resources and a reason: {entry}")
    return found


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))))


def _matches(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None
